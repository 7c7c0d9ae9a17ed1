"""The event channel under attack: strangers, thieves of tokens, broken clients and floods, over a real websocket."""

import inspect
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, get_origin

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from orch_app.domains.access.permissions import GRANTS, Permission, Role
from orch_app.domains.accounts.edge import TAB_HEADER
from orch_app.domains.accounts.sessions import key_of
from orch_app.state.exposure import GUARD
from tests.e2e.house import CONNECTION, HOST, SECRET, House, Login
from tests.e2e.raw_tab import HYDRATE, NAMESPACE, PREFIX, RawTab, closed, raw_tab, socket_of
from tests.state.tabs import handlers

MARK = "_rx_state_"
SHOWN_WHEN_REFUSED = {"phase", "problem", "shown_at", "loads"}
SETTINGS = f"{PREFIX}.orch_app___state___settings____settings_state"
SHELL = f"{PREFIX}.orch_app___state___session____shell_state"
JOBS = f"{PREFIX}.orch_app___state___jobs____jobs_state"
CONNECTIONS = f"{PREFIX}.orch_app___state___connections____connections_state"
HOSTS = f"{PREFIX}.orch_app___state___hosts____hosts_state"
NOTICES = f"{PREFIX}.orch_app___state___notices____notices"
STORED = f"{PREFIX}.reflex___state____update_vars_internal_state.update_vars_internal"
GIVEN: dict[type, Any] = {str: "x", bool: True, int: 1, list: ["x"], dict: {"name": "x", "email": "x@example.org"}}


def calls() -> Iterator[tuple[str, Permission | str, dict[str, Any]]]:
    """Every handler by its full name, who may, and arguments of the right kind."""
    for handler in handlers().values():
        wanted = [*inspect.signature(inspect.unwrap(handler.fn)).parameters.values()][1:]
        given = {each.name: GIVEN[get_origin(each.annotation) or each.annotation] for each in wanted}
        yield f"{handler.state_full_name}.{handler.fn.__name__}", getattr(handler.fn, GUARD), given


def told(frames: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """State and name of every variable that came back, but for what Reflex says of the connection itself."""
    for frame in frames:
        for state, changed in (frame["data"].get("delta") or {}).items():
            yield from ((state, name.removesuffix(MARK)) for name in changed if state != PREFIX)


def has_chosen_prod(frames: list[dict[str, Any]]) -> bool:
    """Whether an update says that this tab looks at production only."""
    deltas = [frame["data"].get("delta") or {} for frame in frames]
    return any(delta.get(SHELL, {}).get(f"environment{MARK}") == "prod" for delta in deltas)


@pytest.mark.parametrize("caller", ["", "viewer", "operator"])
def test_who_may_not_call_a_handler_changes_nothing_and_learns_nothing(house: House, caller: str) -> None:
    granted = GRANTS[Role(caller)] if caller else frozenset[Permission]()
    before, log = house.rows(), len(house.product.log("web"))
    refused = [call for call in calls() if isinstance(call[1], Permission) and call[1] not in granted]
    with raw_tab(house.product, house.cookies.get(caller, "")) as tab:
        for name, _, given in refused:
            tab.send(name, "/jobs/job_x", **given)
            frames = [tab.wait_for("problem" if caller else "_redirect")]
            learnt = {variable for state, variable in told(frames) if state != NOTICES}
            assert learnt <= SHOWN_WHEN_REFUSED, name
    seen = json.dumps(tab.seen)
    assert [word for word in (SECRET, HOST, CONNECTION, "admin@example.org") if word in seen] == []
    assert house.rows() == before
    assert "Traceback" not in house.new_log(log)
    assert len(refused) > (70 if not caller else 15)


def test_nobody_learns_anything_from_what_is_open_to_all(house: House) -> None:
    before = house.rows()
    with raw_tab(house.product) as tab:
        tab.send(HYDRATE)
        for name, who, given in calls():
            if not isinstance(who, Permission):
                tab.send(name, **given)
        tab.send(f"{PREFIX}.hydrate_and_load", "/settings")
        tab.updates()
    seen = json.dumps(tab.seen)
    assert "is_hydrated" in seen
    assert [word for word in (SECRET, HOST, CONNECTION, "@example.org", house.job_id) if word in seen] == []
    assert house.rows() == before


def users_in(tab: RawTab) -> bool:
    """Whether the tab gets to see who there is."""
    tab.send(HYDRATE, "/settings")
    return "operator@example.org" in json.dumps(tab.updates())


@pytest.fixture
def token_of_admin(house: House) -> str:
    """The client token of an admin's tab that had the list of users open and has gone."""
    with raw_tab(house.product, house.cookies["admin"]) as tab:
        tab.send(HYDRATE, "/settings")
        tab.send(f"{SETTINGS}.load", "/settings")
        tab.wait_for("operator@example.org")
    return tab.token


@pytest.mark.parametrize("thief", ["", "viewer", "operator"])
def test_a_stolen_token_opens_nobody_elses_tab(house: House, token_of_admin: str, thief: str) -> None:
    with raw_tab(house.product, house.cookies.get(thief, ""), token_of_admin) as tab:
        assert not users_in(tab)


def test_the_same_session_finds_its_tab_again(house: House, token_of_admin: str) -> None:
    with raw_tab(house.product, house.cookies["admin"], token_of_admin) as tab:
        assert users_in(tab)


def test_a_stolen_token_does_not_act_in_a_tab_that_is_open(house: House) -> None:
    with raw_tab(house.product, house.cookies["admin"]) as tab:
        tab.send(HYDRATE)
        tab.updates()
        with raw_tab(house.product, house.cookies["viewer"], tab.token) as thief:
            thief.send(f"{SHELL}.choose_environment", environment="prod")
            assert has_chosen_prod(thief.updates())
        assert tab.updates() == []
        tab.send(HYDRATE)
        assert not has_chosen_prod(tab.updates())


def test_the_key_of_a_session_is_no_way_in(house: House) -> None:
    """The key is what Reflex keeps in place of the cookie; whoever finds it there has nothing."""
    key = key_of(house.cookies["admin"])
    for cookie in ("", key):
        with raw_tab(house.product, cookie, **{TAB_HEADER: key}) as tab:
            tab.send(f"{SETTINGS}.load", "/settings")
            tab.wait_for("/login")
            assert list(told(tab.seen)) == []


@pytest.mark.parametrize(
    "origin", ["https://example.org", "null", "http://127.0.0.1:1", "http://localhost.example.org"]
)
def test_pages_of_others_do_not_get_a_socket(house: House, origin: str) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        socket_of(house.product, house.cookies["admin"], "&token=x", Origin=origin),
    ):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "event",
    [
        {"name": "nothing.of_that_name"},
        {"name": f"{SETTINGS}.nothing"},
        {"name": f"{SETTINGS}._show"},
        {"name": f"{SETTINGS}.__class__"},
        {"name": f"{SETTINGS}.__init__", "payload": {}},
        {"name": f"{SETTINGS}.setvar", "payload": {"var_name": "users", "value": [1]}},
        {"name": f"{PREFIX}.setvar", "payload": {"var_name": "is_hydrated", "value": True}},
        {"name": f"{SHELL}.search", "payload": {}},
        {"name": f"{SHELL}.search", "payload": {"text": {"canary": ["x"]}}},
        {"name": f"{SHELL}.search", "payload": {"text": "x", "canary": 1}},
        {"name": f"{SHELL}.search", "payload": {"text": None}},
        {"name": f"{CONNECTIONS}.save", "payload": {"form": "canary"}},
    ],
    ids=lambda event: event["name"].rpartition(".")[2],
)
def test_what_no_page_sends_is_not_heard(house: House, event: dict[str, Any]) -> None:
    log = len(house.product.log("web"))
    with raw_tab(house.product, house.cookies["admin"]) as tab:
        tab.send_data(event)
        tab.send(f"{NOTICES}.show_done", code="still.here")
        frame = tab.wait_for("still.here")
        assert tab.seen == [frame]
    assert "canary" not in house.new_log(log)
    assert "Traceback" not in house.new_log(log)


def test_the_browser_stores_only_what_is_meant_to_be_stored_there(house: House) -> None:
    forged = {f"{SETTINGS}.users": [{"id": "forged"}], f"{SHELL}.user": {"name": "forged"}, f"{SHELL}._x": "forged"}
    with raw_tab(house.product, house.cookies["viewer"]) as tab:
        tab.send(STORED, vars=forged | {f"{SHELL}.environment": "prod"})
        tab.send(HYDRATE)
        seen = tab.updates()
    assert has_chosen_prod(seen)
    assert "forged" not in json.dumps(seen)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param("xyz", 1008, id="no packet"),
        pytest.param("", 1008, id="empty"),
        pytest.param("9", 1008, id="unknown packet"),
        pytest.param("0{}", 1008, id="greeting of a server"),
        pytest.param("40/,", 1008, id="other namespace"),
        pytest.param(f"40{NAMESPACE},", 1008, id="greeting twice"),
        pytest.param(f"42{NAMESPACE},{{", 1008, id="no json"),
        pytest.param(f'42{NAMESPACE},["event",NaN]', 1008, id="not a number"),
        pytest.param(f'42{NAMESPACE},["event"]', 1008, id="no event"),
        pytest.param(f'42{NAMESPACE},["event","canary"]', 1008, id="event as text"),
        pytest.param(f'42{NAMESPACE},["event",{{"name":["canary"]}}]', 1008, id="name as list"),
        pytest.param(f'42{NAMESPACE},["event",{{"name":"a","payload":["canary"]}}]', 1008, id="payload as list"),
        pytest.param(f'42{NAMESPACE},["event",{{"name":"a","router_data":[1]}}]', 1008, id="place as list"),
        pytest.param(f'42{NAMESPACE},["event",{{"name":"a","router_data":{{"query":"x"}}}}]', 1008, id="query as text"),
        pytest.param(f'42{NAMESPACE},["disconnect","canary"]', 1008, id="event of the server"),
        pytest.param(f"42{NAMESPACE},{'[' * 100_000}", 1008, id="very deep"),
        pytest.param(f"45999999-{NAMESPACE},[]", 1008, id="many attachments"),
        pytest.param(b"\x04canary", 1003, id="bytes"),
        pytest.param(f"42{NAMESPACE},[{' ' * 1_000_000}]", 1009, id="too large"),
    ],
)
def test_a_frame_that_no_browser_sends_ends_its_own_socket(house: House, frame: str | bytes, code: int) -> None:
    log = len(house.product.log("web"))
    with raw_tab(house.product, house.cookies["viewer"]) as broken, raw_tab(house.product) as other:
        broken.socket.send(frame)
        assert closed(broken.socket) == code
        other.send(f"{NOTICES}.show_done", code="still.here")
        other.wait_for("still.here")
    assert "canary" not in house.new_log(log)
    assert "Traceback" not in house.new_log(log)


def test_a_flood_is_read_slowly_and_everybody_else_is_served(house: House) -> None:
    stop, sent = threading.Event(), 0
    with raw_tab(house.product, house.cookies["viewer"]) as tab, raw_tab(house.product) as other:

        def flood() -> None:
            nonlocal sent
            while not stop.is_set():
                tab.send(f"{NOTICES}.show_done", code="x" * 10_000)
                sent += 1

        flooding = threading.Thread(target=flood, daemon=True)
        flooding.start()
        for n in range(20):
            other.send(f"{NOTICES}.show_done", code=f"number{n}")
            other.wait_for(f"number{n}")
            assert house.call("GET", "/v1/me").status_code == 200
        stop.set()
        tab.socket.close_socket()
        flooding.join()
    assert sent > 60
    assert house.product.answers("/login/")


ENDINGS = [
    (House.sign_out, 4401),
    (House.disable, 4401),
    (House.expire, 4401),
    (House.revoke_elsewhere, 4401),
    (House.promote, 4403),
]
End = Callable[[House, Login], None]


@pytest.mark.parametrize(("end", "code"), ENDINGS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_tab_ends_with_its_session_and_nobody_finds_it_again(house: House, end: End, code: int) -> None:
    login = house.newcomer(f"tab-{end.__name__}")
    with raw_tab(house.product, login.cookie) as tab:
        tab.send(HYDRATE, "/hosts")
        tab.send(f"{HOSTS}.load", "/hosts")
        tab.send(f"{HOSTS}.follow", "/hosts")
        tab.wait_for(HOST)
        end(house, login)
        assert closed(tab.socket) == code
    with raw_tab(house.product, login.cookie, tab.token) as again:
        again.send(HYDRATE, "/hosts")
        assert HOST not in json.dumps(again.updates())


def test_after_signing_out_every_event_is_refused(house: House) -> None:
    leaver = house.newcomer("leaver")
    with raw_tab(house.product, leaver.cookie) as tab:
        house.sign_out(leaver)
        try:
            tab.send(f"{HOSTS}.load", "/hosts")
            tab.updates(5)
        except ConnectionClosed:
            pass
        assert HOST not in json.dumps(tab.seen)


@pytest.mark.parametrize(
    ("path", "next_path"),
    [
        ("//example.org/x", "/"),
        ("https://example.org/jobs", "/"),
        ("///example.org/jobs", "/"),
        ("/\\example.org", "/"),
        ("", "/"),
        ("/jobs/job_x", "/jobs/job_x"),
    ],
)
def test_a_forged_address_leads_nowhere_else(house: House, path: str, next_path: str) -> None:
    with raw_tab(house.product) as tab:
        tab.send(f"{JOBS}.load", path)
        (event,) = tab.wait_for("_redirect")["data"]["events"]
    assert event["payload"]["path"] == f"/login?next={next_path}"


def test_no_secret_comes_into_a_tab_or_the_log(house: House) -> None:
    cookie = house.cookies["admin"]
    with raw_tab(house.product, cookie, Cookie=f"orch_lang=en; orch_session={cookie}") as tab:
        tab.send(HYDRATE, "/connections")
        tab.send(f"{CONNECTIONS}.load", "/connections")
        tab.wait_for(CONNECTION)
        tab.send(f"{CONNECTIONS}.nothing", "/connections")
        tab.updates()
    for place in (json.dumps(tab.seen), house.product.log("web")):
        assert [secret for secret in (SECRET, cookie, "$2b$") if secret in place] == []


def test_there_is_no_other_door(house: House) -> None:
    url, headers = house.product.url, {"Cookie": f"orch_session={house.cookies['admin']}", "Origin": house.product.url}
    with httpx.Client(base_url=url, headers=headers) as client:
        assert client.get("/_event/", params={"EIO": 4, "transport": "polling"}).status_code == 400
        assert client.post("/_upload", files={"files": b"x"}).status_code in {404, 405}
        assert client.get("/_upload/x").status_code == 404
        assert client.get("/_all_routes").status_code == 404
