"""The catalogue over REST: what a person adds to it for himself or herself."""

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from tests.api.conftest import MakeClient
from tests.domains.jobs.orders import sync_runbooks
from tests.systems.asgi import TestClient


def starred(script: TestClient) -> dict[str, bool]:
    return {one["name"]: one["favourite"] for one in script.get("/v1/runbooks").json()}


def test_a_favourite_is_put_and_taken_away_by_its_owner(database: str, make_client: MakeClient) -> None:
    sync_runbooks(COMMAND_LINE)
    viewer, operator = make_client(Role.VIEWER), make_client(Role.OPERATOR)
    for _ in range(2):
        assert viewer.put("/v1/runbooks/host_report/favourite").status_code == 204
    assert [name for name, is_starred in starred(viewer).items() if is_starred] == ["host_report"]
    assert not any(starred(operator).values())
    assert viewer.get("/v1/runbooks/host_report").json()["favourite"] is True
    assert [one["name"] for one in viewer.get("/v1/runbooks?favourite=true").json()] == ["host_report"]
    others = [one["name"] for one in viewer.get("/v1/runbooks?favourite=false").json()]
    assert sorted([*others, "host_report"]) == sorted(starred(viewer))
    for _ in range(2):
        assert viewer.delete("/v1/runbooks/host_report/favourite").status_code == 204
    assert not any(starred(viewer).values())
    assert viewer.put("/v1/runbooks/nothing/favourite").json()["code"] == "runbook_not_found"


def test_a_preset_is_kept_changed_told_to_its_owner_and_removed(database: str, make_client: MakeClient) -> None:
    sync_runbooks(COMMAND_LINE)
    admin, operator = make_client(Role.ADMIN), make_client(Role.OPERATOR)
    place = "/v1/runbooks/host_report/presets"
    made = operator.post(place, json={"name": "strict", "inputs": {"disk_warn_pct": 170}})
    assert made.status_code == 201
    assert [fault["pointer"] for fault in made.json()["faults"]] == ["/disk_warn_pct"]
    own = f"{place}/{made.json()['id']}"
    changed = operator.patch(own, json={"inputs": {"disk_warn_pct": 70}}).json()
    assert (changed["name"], changed["inputs"], changed["faults"]) == ("strict", {"disk_warn_pct": 70}, [])
    assert admin.get(place).json() == {"items": []}
    assert admin.delete(own).json()["code"] == "preset_not_found"
    assert operator.post(place, json={"name": "all", "inputs": {}, "shared": True}).status_code == 403
    assert admin.post(place, json={"name": "all", "inputs": {}, "shared": True}).status_code == 201
    assert [(one["name"], one["mine"]) for one in operator.get(place).json()["items"]] == [
        ("all", False),
        ("strict", True),
    ]
    assert operator.post(place, json={"name": "strict", "inputs": {}}).json()["code"] == "name_taken"
    assert operator.delete(own).status_code == 204
    assert [one["name"] for one in operator.get(place).json()["items"]] == ["all"]
