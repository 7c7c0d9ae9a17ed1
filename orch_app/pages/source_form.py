"""The drawer in which a source is added or changed."""

import reflex as rx

from orch_app.components.actions import submit_button
from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.fields import checkbox, field_error, form, segmented, select_field, text_field
from orch_app.components.layout import key_values
from orch_app.components.text import tr
from orch_app.pages.frame import may, worded
from orch_app.pages.spoken import spoken_of
from orch_app.state.source_form import SourceFormState

STATE = SourceFormState
SOURCE = SourceFormState.source
FORM = "source-form"
IS_NEW = SOURCE["id"].to(str) == ""
IS_GIT = STATE.kind == "git"


def source_form() -> rx.Component:
    """The form of a new source, or of one that is changed: kind, connection and folder stay what they are then."""
    return drawer(
        form(
            rx.cond(IS_NEW, _kind(), _kept()),
            _text("name", tr("sources.form.name"), required=True, max_length=100),
            rx.cond(IS_GIT, _repository(), rx.cond(IS_NEW, _folder())),
            _text(
                "subfolder",
                tr("sources.form.subfolder"),
                hint=tr("sources.form.subfolder_hint"),
                optional=True,
                code=True,
            ),
            _interval(),
            rx.cond(may("sources:trust"), _trust()),
            rx.cond(STATE.faults.contains(""), field_error(_fault(""))),
            on_submit=STATE.save,
            id=FORM,
        ),
        open=STATE.is_open,
        on_close=STATE.close,
        title=rx.cond(IS_NEW, tr("sources.add"), tr("sources.form.edit", name=SOURCE["name"].to(str))),
        subtitle=tr("sources.form.about"),
        footer=rx.fragment(
            rx.el.span(class_name="grow no-phone"),
            cancel_button(),
            submit_button(rx.cond(IS_NEW, tr("sources.form.add_and_fetch"), tr("action.save")), form=FORM),
        ),
    )


def _kind() -> rx.Component:
    kinds = [{"value": kind, "label": tr(f"sources.kind.{kind}")} for kind in ("git", "folder")]
    return segmented(tr("sources.form.kind"), value=STATE.kind, options=kinds, on_change=STATE.choose_kind, full=True)


def _kept() -> rx.Component:
    """What cannot be changed any more."""
    named = rx.foreach(
        STATE.connections,
        lambda one: rx.cond(one["value"] == SOURCE["connectionId"].to(str), rx.el.span(one["label"])),
    )
    place = rx.cond(IS_GIT, rx.fragment(named), rx.el.code(SOURCE["path"].to(str)))
    label = rx.cond(IS_GIT, tr("sources.form.connection"), tr("sources.form.path"))
    return key_values([(label, place)])


def _repository() -> rx.Component:
    none = rx.el.div(worded("connections:write", "sources.form.no_connection"), class_name="hint")
    connection = select_field(
        tr("sources.form.connection"),
        options=STATE.connections,
        value=STATE.connection_id,
        on_change=STATE.choose_connection,
        placeholder=tr("launch.choose_connection"),
        icon="plug",
        error=_fault("connectionId"),
    )
    kinds = [{"value": kind, "label": tr(f"sources.ref.{kind}")} for kind in ("branch", "tag")]
    is_tag = STATE.ref_kind == "tag"
    named = rx.cond(is_tag, tr("sources.ref.tag"), tr("sources.ref.branch"))
    hint = rx.cond(is_tag, tr("sources.form.tag_hint"), tr("sources.form.branch_hint"))
    return rx.fragment(
        rx.cond(IS_NEW, rx.el.div(connection, rx.cond(STATE.connections.length() > 0, rx.fragment(), none))),
        rx.el.div(
            segmented(
                tr("sources.form.ref_kind"),
                value=STATE.ref_kind,
                options=kinds,
                on_change=STATE.choose_ref_kind,
                full=True,
            ),
            _text("ref", named, hint=hint, required=True, code=True),
            class_name="f2",
        ),
    )


def _folder() -> rx.Component:
    return _text("path", tr("sources.form.path"), hint=tr("sources.form.path_hint"), required=True, code=True)


def _interval() -> rx.Component:
    return text_field(
        tr("sources.form.interval"),
        name="everyMin",
        value=SOURCE["everyMin"].to_string(),
        unit="min",
        input_mode="numeric",
        hint=tr("sources.form.interval_hint"),
        error=_fault("everyMin"),
    )


def _trust() -> rx.Component:
    return checkbox(
        tr("sources.trusts_itself"),
        name="trustsItself",
        default_checked=SOURCE["trustsItself"].to(bool),
        hint=tr("sources.form.trust_hint"),
        error=_fault("trustsItself"),
    )


def _text(name: str, label: rx.Var[str], **look: object) -> rx.Component:
    return text_field(label, name=name, value=SOURCE[name].to(str), error=_fault(name), **look)


def _fault(name: str) -> rx.Var[str]:
    pointer = f"/{name}" if name else ""
    told = spoken_of(STATE.faults[pointer].to(str), STATE.faults_pt[pointer].to(str))
    return rx.cond(STATE.faults.contains(pointer), told, "").to(str)
