"""The drawer of one source: what was fetched, what is wrong with it, its playbooks, and what it would change."""

import reflex as rx

from orch_app.components.actions import button, link, menu, menu_item
from orch_app.components.dialogs import drawer
from orch_app.components.diff import text_diff
from orch_app.components.icon import icon
from orch_app.components.layout import key_values, stack
from orch_app.components.states import note
from orch_app.components.status import chip
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import may
from orch_app.state.adoption_form import AdoptionFormState
from orch_app.state.source_form import SourceFormState
from orch_app.state.sources import SourcesState

SOURCE = SourcesState.source
EDITION = SourcesState.edition
IS_NEWEST = EDITION["id"].to(str) == SOURCE["newestId"].to(str)
IS_TRUSTED = EDITION["id"].to(str) == SOURCE["trustedId"].to(str)


def source_drawer() -> rx.Component:
    """What is known about one source; whoever may trusts what is looked at."""
    nothing = rx.el.p(tr("sources.nothing_yet"), class_name="sec")
    return drawer(
        _faults(),
        _facts(),
        rx.cond(EDITION["id"].to(str) != "", _looked_at(), nothing),
        _playbooks(),
        rx.cond(SourcesState.editions.length() > 1, _earlier()),
        open=SourcesState.panel == "detail",
        on_close=SourcesState.close,
        title=SOURCE["name"].to(str),
        subtitle=rx.el.span(SOURCE["place"].to(str), class_name="mono break"),
        footer=_actions(),
    )


def _faults() -> rx.Component:
    """Why nothing was fetched, why it cannot be trusted, what of it cannot run, and what was not taken."""
    refusal = EDITION["refusal"].to(str)
    return rx.fragment(
        rx.cond(SOURCE["faultCode"].to(str) != "", _fault()),
        rx.cond(refusal != "", note(rx.el.b(tr("sources.refused")), " ", refusal, tone="bad", icon_name="warning")),
        _told(EDITION["broken"], tr("sources.broken"), tone="warn", icon_name="warning"),
        _told(EDITION["taken"], tr("sources.taken"), tone="", icon_name="info"),
        _told(EDITION["leftOut"], tr("sources.left_out"), tone="", icon_name="info"),
    )


def _fault() -> rx.Component:
    """Why nothing was fetched in the reader's language, and what exactly the server or the system said."""
    why = tr_dynamic("sources.fault.", SOURCE["faultCode"].to(str))
    said = rx.el.div(SOURCE["fault"].to(str), class_name="mono sm break", lang="en")
    return note(rx.el.b(tr("sources.not_fetched")), " ", why, said, tone="bad", icon_name="warning")


def _told(lines: rx.Var, words: rx.Var[str], *, tone: str, icon_name: str) -> rx.Component:
    listed = lines.to(list[str])
    each = rx.el.ul(rx.foreach(listed, lambda line: rx.el.li(line, class_name="break")))
    told = note(rx.el.div(rx.el.b(words), each, class_name="grow"), tone=tone, icon_name=icon_name)
    return rx.cond(listed.length() > 0, told)


def _facts() -> rx.Component:
    every = SOURCE["everyMin"].to(int)
    how = rx.cond(every > 0, tr("sources.every", n=every), tr("sources.when_asked"))
    trusts = rx.cond(SOURCE["trustsItself"].to(bool), tr("sources.trusts_itself"), tr("sources.asks_first"))
    author = EDITION["author"].to(str)
    by = rx.cond(EDITION["trustedBy"].to(str) != "", rx.fragment(" · ", EDITION["trustedBy"].to(str)))
    commit = rx.el.span(
        rx.el.code(EDITION["name"].to(str)),
        " ",
        EDITION["subject"].to(str),
        rx.cond(author != "", rx.el.span(" · ", author, class_name="sec")),
    )
    trusted = rx.el.span(relative_time(EDITION["trustedAt"].to(str)), by)
    return key_values(
        [
            (tr("sources.fact.fetching"), how),
            (tr("sources.fact.trust"), trusts),
            (tr("sources.fact.looked_at"), rx.cond(EDITION["id"].to(str) != "", commit, "—")),
            (tr("sources.fact.runbooks"), _names(EDITION["runbooks"])),
            (tr("sources.fact.inventories"), _inventories()),
            (
                tr("sources.column.trusted"),
                rx.cond(EDITION["trustedAt"].to(str) != "", trusted, rx.el.span(tr("sources.never"), class_name="sec")),
            ),
        ]
    )


def _names(names: rx.Var) -> rx.Component:
    listed = names.to(list[str])
    return rx.cond(listed.length() > 0, rx.el.span(listed.join(", "), class_name="mono break"), "—")


def _inventories() -> rx.Component:
    """Those of the trusted edition, each with the way to the form that imports it."""
    listed = rx.foreach(SourcesState.kept_inventories, _inventory)
    return rx.cond(SourcesState.kept_inventories.length() > 0, rx.el.div(listed, class_name="row wrap"), "—")


def _inventory(one: rx.Var) -> rx.Component:
    path = one["path"].to(str)
    way = link(tr("sources.import"), href=one["href"].to(str), aria_label=tr("sources.import_of", path=path))
    return rx.el.span(
        rx.el.span(path, class_name="mono break"), rx.cond(may("runbooks:execute"), rx.fragment(" ", way))
    )


def _looked_at() -> rx.Component:
    """Each file in which what is looked at differs from what is trusted."""
    newer = note(
        tr("sources.newer"),
        icon_name="info",
        actions=(button(tr("sources.look_newest"), look="s", on_click=SourcesState.look(SOURCE["newestId"].to(str))),),
    )
    same = rx.el.p(rx.cond(IS_TRUSTED, tr("sources.is_trusted"), tr("sources.same")), class_name="sec")
    return rx.fragment(
        rx.cond(IS_NEWEST, rx.fragment(), newer),
        rx.el.h3(tr("sources.difference"), class_name="sub"),
        rx.cond(SourcesState.is_cut, note(tr("sources.cut"), tone="warn", icon_name="info")),
        rx.cond(SourcesState.files.length() > 0, stack(rx.foreach(SourcesState.files, _file)), same),
    )


def _file(file: rx.Var) -> rx.Component:
    diff, reason = file["diff"].to(str), file["note"].to(str)
    unshown = rx.cond(reason != "", rx.el.p(tr_dynamic("sources.note.", reason), class_name="sec sm"))
    return rx.el.div(
        rx.el.div(
            rx.el.span(file["path"].to(str), class_name="mono b5 break"),
            chip(tr_dynamic("sources.change.", file["change"].to(str))),
            class_name="row wrap",
        ),
        rx.cond(diff != "", text_diff(diff, label=file["path"].to(str)), unshown),
    )


def _playbooks() -> rx.Component:
    listed = rx.el.ul(rx.foreach(SourcesState.playbooks, _playbook), class_name="list tight")
    return rx.cond(
        SourcesState.playbooks.length() > 0,
        rx.fragment(
            rx.el.h3(tr("sources.playbooks"), class_name="sub"),
            rx.el.p(tr("sources.playbooks_hint"), class_name="sec sm"),
            listed,
        ),
    )


def _playbook(row: rx.Var) -> rx.Component:
    path, runbook, hosts = row["path"].to(str), row["runbook"].to(str), row["hosts"].to(str)
    about = rx.cond(
        runbook != "",
        rx.el.div(tr("sources.adopted_as", name=runbook), class_name="t2"),
        rx.el.div(tr("sources.works_on", hosts=hosts), class_name="t2 break"),
    )
    gone = rx.cond(row["isGone"].to(bool), rx.el.div(tr("sources.playbook_gone"), class_name="t2 warn"))
    adopt = button(tr("sources.adopt"), look="s", on_click=AdoptionFormState.open_new(SOURCE["id"].to(str), path))
    adopted = menu(
        menu_item(
            tr("action.edit"), icon_name="edit", on_click=AdoptionFormState.open_edit(SOURCE["id"].to(str), runbook)
        ),
        menu_item(tr("sources.disown"), icon_name="undo", danger=True, on_click=SourcesState.disown(runbook)),
        label=tr("hosts.actions", name=runbook),
    )
    return rx.el.li(
        icon("file"),
        rx.el.div(rx.el.div(path, class_name="mono b5 break"), about, gone, class_name="grow"),
        rx.cond(may("sources:write"), rx.cond(runbook != "", adopted, adopt)),
    )


def _earlier() -> rx.Component:
    """What was fetched before: going back is trusting an older one again."""
    return rx.el.details(
        rx.el.summary(icon("chevron-right"), tr("sources.earlier")),
        rx.el.ul(rx.foreach(SourcesState.editions, _edition), class_name="list tight"),
        class_name="fold",
    )


def _edition(one: rx.Var) -> rx.Component:
    is_shown = one["id"].to(str) == EDITION["id"].to(str)
    look = button(
        tr("sources.look"), icon_name="eye", look="s", on_click=SourcesState.look(one["id"].to(str)), disabled=is_shown
    )
    is_trusted = one["id"].to(str) == SOURCE["trustedId"].to(str)
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.code(one["name"].to(str)),
                rx.cond(is_trusted, chip(tr("sources.state.trusted"), icon_name="ok")),
                class_name="row wrap",
            ),
            rx.el.div(relative_time(one["fetchedAt"].to(str)), " ", one["subject"].to(str), class_name="t2 break"),
            class_name="grow",
        ),
        look,
    )


def _actions() -> rx.Component:
    source_id = SOURCE["id"].to(str)
    more = menu(
        menu_item(
            tr("action.edit"), icon_name="edit", on_click=[SourcesState.close, SourceFormState.open_edit(source_id)]
        ),
        menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=SourcesState.ask_delete(source_id)),
        label=tr("hosts.actions", name=SOURCE["name"].to(str)),
        side="left",
    )
    offered = may("sources:trust") & (EDITION["id"].to(str) != "") & (EDITION["refusal"].to(str) == "") & ~IS_TRUSTED
    return rx.fragment(
        rx.cond(may("sources:write"), more),
        rx.el.span(class_name="grow no-phone"),
        rx.cond(
            may("sources:write"),
            button(tr("sources.sync"), icon_name="refresh", on_click=SourcesState.sync(source_id)),
        ),
        rx.cond(offered, button(tr("sources.trust"), icon_name="shield", look="p", on_click=SourcesState.ask_trust)),
    )
