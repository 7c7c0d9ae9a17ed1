"""Who is led where before signing in."""

import asyncio

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.state.entrance import EntranceState
from tests.state.open_tab import OpenTab, signed_in, urls_of
from tests.systems.people import add_user

pytestmark = pytest.mark.usefixtures("sqlite")


def test_a_new_installation_leads_everybody_to_the_set_up():
    tab = OpenTab()
    for handler in (EntranceState.at_home, EntranceState.at_login):
        assert urls_of(asyncio.run(tab.send(handler))) == ["/setup"]
    assert asyncio.run(tab.send(EntranceState.at_setup)) is None


def test_a_set_up_installation_leads_to_the_login():
    add_user(Role.ADMIN)
    tab = OpenTab()
    for handler in (EntranceState.at_home, EntranceState.at_setup):
        assert urls_of(asyncio.run(tab.send(handler))) == ["/login"]
    assert asyncio.run(tab.send(EntranceState.at_login)) is None


def test_the_signed_in_come_to_the_dashboard():
    assert urls_of(asyncio.run(signed_in(Role.VIEWER).send(EntranceState.at_home))) == ["/dashboard"]
