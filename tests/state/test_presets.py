"""Presets in the run drawer: from the form into a preset and back, and what is told when that cannot be."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import reading, unit_of_work
from orch_app.state.launch import LaunchState
from tests.domains.jobs.orders import sync_runbooks
from tests.state.open_tab import OpenTab, signed_in
from tests.state.test_guard import leads_to


@pytest.fixture(autouse=True)
def _catalogue(sqlite: None) -> None:
    sync_runbooks(COMMAND_LINE)


class Drawer:
    """The open drawer of host_report."""

    def __init__(self, role: Role = Role.OPERATOR, cookie: str = "") -> None:
        path = "/runbooks?run=host_report"
        self.tab = OpenTab(cookie, path) if cookie else signed_in(role, path)
        self.send("open")

    def send(self, name: str, *args: Any) -> Any:
        return asyncio.run(self.tab.send(getattr(LaunchState, name), *args))

    @property
    def state(self) -> LaunchState:
        return self.tab.state(LaunchState)

    def save_as(self, name: str, **inputs: Any) -> Any:
        self.send("fill_in", inputs)
        self.send("begin_preset", "save")
        self.send("name_preset", name)
        return self.send("finish_preset")

    def names(self) -> list[str]:
        return [one["name"] for one in self.state.presets]


def test_the_form_is_kept_and_filled_in_again():
    drawer = Drawer()
    drawer.save_as("strict", disk_warn_pct=60)
    assert (drawer.state.preset["name"], drawer.state.preset_step) == ("strict", "")
    again = Drawer(cookie=drawer.tab.cookie)
    assert (again.state.preset["id"], again.state.start["disk_warn_pct"]) == ("", 85)
    again.send("choose_preset", drawer.state.preset["id"])
    assert (again.state.start["disk_warn_pct"], again.state.fault_count) == (60, 0)
    again.send("run")
    with reading() as session:
        assert session.exec(select(Job)).one().input_json["disk_warn_pct"] == 60
    again.send("choose_preset", "")
    assert again.state.start["disk_warn_pct"] == 85


def test_it_is_renamed_overwritten_and_removed():
    drawer = Drawer()
    drawer.save_as("strict", disk_warn_pct=60)
    drawer.send("begin_preset", "rename")
    assert drawer.state.preset_name == "strict"
    drawer.send("name_preset", "stricter")
    drawer.send("finish_preset")
    drawer.send("fill_in", {"disk_warn_pct": 50})
    drawer.send("begin_preset", "overwrite")
    drawer.send("finish_preset")
    assert drawer.state.preset["name"] == "stricter"
    drawer.send("choose_preset", drawer.state.preset["id"])
    assert drawer.state.start["disk_warn_pct"] == 50
    drawer.send("begin_preset", "delete")
    drawer.send("finish_preset")
    assert (drawer.names(), drawer.state.preset["id"]) == ([], "")


def test_a_taken_name_is_told_at_its_field_in_both_languages():
    drawer = Drawer()
    drawer.save_as("strict")
    drawer.save_as("strict")
    assert drawer.state.preset_fault == {"en": "This name is taken.", "pt": "Este nome já existe."}
    assert drawer.state.preset_step == "save"
    drawer.send("begin_preset", "")
    assert drawer.state.preset_fault == {"en": "", "pt": ""}


def test_what_no_longer_fits_is_shown_at_its_field():
    drawer = Drawer()
    drawer.save_as("strict", disk_warn_pct=60)
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        known = dict(runbook.input_schema["properties"])
        known["disk_warn_pct"] = known["disk_warn_pct"] | {"maximum": 40}
        runbook.input_schema = {**runbook.input_schema, "properties": known}
    drawer.send("choose_preset", drawer.state.preset["id"])
    assert drawer.state.errors == {"/disk_warn_pct": "Must be at most 40."}


def test_an_admin_shares_and_a_viewer_only_chooses():
    admin = Drawer(Role.ADMIN)
    admin.send("begin_preset", "save")
    admin.send("name_preset", "ours")
    admin.send("share_preset", True)
    admin.send("finish_preset")
    viewer = Drawer(Role.VIEWER)
    assert viewer.state.preset_options_pt == [{"value": admin.state.preset["id"], "label": "ours (de todos)"}]
    assert [one["mayChange"] for one in viewer.state.presets] == [False]
    viewer.send("begin_preset", "save")
    assert viewer.state.preset_step == ""


def test_the_order_goes_with_its_priority_and_only_admins_go_ahead():
    drawer = Drawer()
    drawer.send("choose_priority", "-5")
    drawer.send("choose_priority", "7")
    assert '"priority": -5' in drawer.state.curl
    drawer.send("run")
    drawer.send("open")
    assert drawer.state.priority == 0
    drawer.send("choose_priority", "10")
    drawer.send("run")
    with reading() as session:
        assert [job.priority for job in session.exec(select(Job))] == [-5]


def test_whoever_joins_a_job_is_told_and_brought_to_it():
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.meta = runbook.meta | {"dedup": "report"}
    first, second = Drawer(), Drawer(Role.ADMIN)
    target = leads_to(first.send("run"))
    told, page = second.send("run")
    assert leads_to(page) == target
    assert "job.joined" in str(told.args)
