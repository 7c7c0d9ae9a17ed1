"""What is taken of a source, and what each runbook gets of what they share."""

from orch_app.domains.sources.layout import lay_out
from tests.domains.sources.files import runbook_files, tree_of


def laid(texts: dict[str, str]) -> dict[str, str]:
    return {path: file.content.decode() for path, file in lay_out(tree_of(texts)).tree.items()}


def test_runbooks_are_found_below_the_folder_runbooks() -> None:
    found = laid(runbook_files("greet") | runbook_files("leave") | {"README.md": "ours", "docs/x.md": "more"})
    assert {path.partition("/")[0] for path in found} == {"greet", "leave"}
    assert found["greet/README.md"] == "# greet\n"


def test_without_that_folder_they_are_found_at_the_top() -> None:
    found = laid(runbook_files("greet", root="") | {"roles/web/tasks/main.yml": "[]", "notes/a.txt": "x"})
    assert {path.partition("/")[0] for path in found} == {"greet"}


def test_a_runbook_deeper_down_is_none() -> None:
    assert laid(runbook_files("greet", root="team/ops/")) == {}


def test_what_they_share_is_put_into_each_and_their_own_wins() -> None:
    shared = {
        "roles/web/tasks/main.yml": "top",
        "roles/db/tasks/main.yml": "top",
        "runbooks/roles/web/tasks/main.yml": "beside",
        "runbooks/library/ours.py": "module",
        "runbooks/greet/library/ours.py": "its own",
    }
    found = laid(runbook_files("greet") | runbook_files("leave") | shared)
    assert (found["greet/roles/web/tasks/main.yml"], found["leave/roles/db/tasks/main.yml"]) == ("beside", "top")
    assert (found["greet/library/ours.py"], found["leave/library/ours.py"]) == ("its own", "module")


def test_a_shared_folder_is_no_runbook_whatever_is_in_it() -> None:
    assert laid({"runbooks/roles/runbook.yaml": "name: roles"}) == {}


def test_files_that_ask_for_collections_are_found_wherever_ansible_looks() -> None:
    asked = {"requirements.yml": "a", "collections/requirements.yml": "b", "runbooks/greet/requirements.yml": "c"}
    roles = {"roles/requirements.yml": "d"}
    found = lay_out(tree_of(runbook_files("greet") | asked | roles | {"docs/my-requirements.yml": "e"}))
    assert sorted(found.requirements) == sorted(asked | roles)
    assert "greet/roles/requirements.yml" not in found.tree


def test_inventories_at_the_top_are_kept_beside_the_runbooks() -> None:
    inventories = {
        "inventory/prod/hosts.yml": "a",
        "inventories/x.ini": "b",
        "hosts.ini": "c",
        "group_vars/all.yml": "d",
    }
    found = laid(runbook_files("greet") | inventories | {"docs/hosts.ini": "e", "hosts.md": "f", "inventory.txt": "g"})
    assert {path for path in found if not path.startswith("greet/")} == {f"_inventories/{path}" for path in inventories}
    assert laid(inventories)["_inventories/group_vars/all.yml"] == "d"


def test_variables_beside_no_inventory_are_those_of_playbooks() -> None:
    assert laid({"group_vars/all.yml": "d", "host_vars/w1.yml": "e"}) == {}
