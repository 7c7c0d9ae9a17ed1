"""Collections that a source asks for are those of the installed set, or refused with a sentence that says which."""

import pytest

from orch_app.domains.sources.requirements import fault_in, installed
from orch_app.kit.file_tree import TreeFile
from tests.domains.sources.files import tree_of

GENERAL = ".".join(map(str, installed()["community.general"]))


def fault(text: str) -> str:
    return fault_in(tree_of({"requirements.yml": text}))


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "---\n",
        "collections: []",
        "collections: [community.general]",
        "collections: [{name: community.general}]",
        f"collections: [{{name: community.general, version: '{GENERAL}'}}]",
        "collections: [{name: community.general, version: '>=1.0.0,<1000'}]",
        "collections: [{name: community.general, version: '*', type: galaxy}]",
        "roles: []\ncollections: [ansible.posix]",
    ],
)
def test_what_is_installed_may_be_asked_for(asked: str) -> None:
    assert fault(asked) == ""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("collections: [acme.rockets]", "requirements.yml: the collection acme.rockets is not in the installed set"),
        (
            "collections: [{name: community.general, version: '>=999'}]",
            f"requirements.yml: community.general is installed in version {GENERAL}, and >=999 is asked for",
        ),
        ("collections: [{name: community.general, version: newest}]", "'newest' of community.general cannot be read"),
        ("collections: [{name: community.general, version: '!=1.2,<2'}]", "and !=1.2,<2 is asked for"),
        ("collections: ['https://example.org/acme-rockets-1.0.0.tar.gz']", "is not the name of a collection"),
        (
            "collections: [{name: acme.rockets, source: 'https://galaxy.example.org'}]",
            "is not the name of a collection",
        ),
        ("collections: [{name: ops, type: git}]", "'ops' is not the name of a collection"),
        ("roles: [geerlingguy.nginx]", "requirements.yml asks for roles: put them into roles/ of the source"),
        ("- geerlingguy.nginx", "requirements.yml asks for roles"),
        ("collections: true", "requirements.yml: collections is not a list"),
        ("collections: {name: community.general}", "requirements.yml: collections is not a list"),
        ("collections: [a", "requirements.yml line 1"),
        ("x: &a 1\ny: *a", "aliases"),
    ],
)
def test_anything_else_is_refused_with_the_reason(asked: str, said: str) -> None:
    assert said in fault(asked)


def test_a_file_that_is_no_text_or_too_large_is_refused() -> None:
    assert fault_in({"requirements.yml": TreeFile(b"\xff\xfe")}) != ""
    assert "larger than 256 KB" in fault_in({"requirements.yml": TreeFile(b"#" * 300_000)})
