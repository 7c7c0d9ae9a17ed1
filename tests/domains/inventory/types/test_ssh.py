"""What an ssh connection takes, what it refuses and where, and what its form says."""

from typing import Any

import pytest

from orch_app.domains.inventory.types import TYPES, SshPayload, SshSecret, type_named
from orch_app.kit.errors import Invalid

SSH = TYPES["ssh"]
JUMP_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxvRnWKe0wCcqV4YG5qSFnGSoZsX0lrb8nhAIFCCrzb"


def faults(payload: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        SSH.parse(payload)
    return [(problem.pointer, problem.code) for problem in refused.value.errors]


def test_a_key_is_enough(plain_key: str) -> None:
    payload = SSH.parse({"user": "root", "privateKey": plain_key})
    assert payload.secrets_set() == ["privateKey"]
    assert payload.public() == {"user": "root", "becomeMethod": "sudo"}


def test_a_password_is_enough() -> None:
    payload = SSH.parse({"user": "deploy@corp.example", "password": "pw", "privateKey": ""})
    assert payload.secrets_set() == ["password"]


def test_facts_of_a_key_are_public(locked_key: str) -> None:
    payload = SSH.parse({"user": "root", "privateKey": locked_key, "passphrase": "open sesame"})
    facts = SSH.facts(payload)
    assert facts["keyType"] == "ssh-ed25519"
    assert facts["fingerprint"].startswith("SHA256:")
    assert "PRIVATE" not in str(facts)


def test_everything_goes_in_and_comes_out(locked_key: str) -> None:
    document = {
        "user": "root",
        "privateKey": locked_key,
        "passphrase": "open sesame",
        "password": "p",
        "becomeMethod": "su",
        "becomePassword": "b",
        "jumpHost": {"address": "10.0.0.1", "port": 2222, "user": "jump", "hostKey": JUMP_KEY + " a comment"},
    }
    payload = SSH.restore(SSH.parse(document).plain())
    assert isinstance(payload, SshPayload)
    secret = SshSecret.of(payload)
    assert (secret.user, secret.private_key, secret.passphrase) == ("root", locked_key, "open sesame")
    assert (secret.password, secret.become_method, secret.become_password) == ("p", "su", "b")
    assert secret.jump_host is not None
    assert (secret.jump_host.address, secret.jump_host.host_key) == ("10.0.0.1", JUMP_KEY)
    secrets = (secret.private_key, secret.passphrase, secret.password, secret.become_password)
    assert secrets == (locked_key, "open sesame", "p", "b")


def test_no_way_to_become_root_is_an_empty_method() -> None:
    payload = SSH.parse({"user": "root", "password": "p", "becomeMethod": "none"})
    assert isinstance(payload, SshPayload)
    assert SshSecret.of(payload).become_method == ""


def test_secrets_do_not_show_themselves(plain_key: str) -> None:
    payload = SSH.parse({"user": "root", "privateKey": plain_key, "password": "hunter22"})
    assert isinstance(payload, SshPayload)
    shown = f"{payload!r} {payload} {SshSecret.of(payload)!r}"
    assert "hunter22" not in shown
    assert "PRIVATE" not in shown


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({}, [("/payload/user", "missing")]),
        ({"user": "root"}, [("/payload/privateKey", "required")]),
        ({"user": "root", "password": ""}, [("/payload/privateKey", "required")]),
        ({"user": "root", "password": None}, [("/payload/privateKey", "required")]),
        ({"user": "", "password": "p"}, [("/payload/user", "string_pattern_mismatch")]),
        ({"user": "-oProxyCommand=id", "password": "p"}, [("/payload/user", "string_pattern_mismatch")]),
        ({"user": "a b", "password": "p"}, [("/payload/user", "string_pattern_mismatch")]),
        ({"user": "root\n", "password": "p"}, [("/payload/user", "string_pattern_mismatch")]),
        ({"user": 5, "password": "p"}, [("/payload/user", "string_type")]),
        ({"user": "root", "password": "a\nb"}, [("/payload/password", "single_line")]),
        ({"user": "root", "password": "a\0b"}, [("/payload/password", "single_line")]),
        ({"user": "root", "password": "p" * 1025}, [("/payload/password", "too_long")]),
        ({"user": "root", "password": ["p"]}, [("/payload/password", "string_type")]),
        ({"user": "root", "password": "p", "passphrase": "x"}, [("/payload/passphrase", "no_key")]),
        ({"user": "root", "privateKey": "hello"}, [("/payload/privateKey", "not_a_private_key")]),
        ({"user": "root", "privateKey": "x" * 20_000}, [("/payload/privateKey", "too_long")]),
        ({"user": "root", "password": "p", "becomeMethod": "magic"}, [("/payload/becomeMethod", "literal_error")]),
        ({"user": "root", "password": "p", "private_key": "x"}, [("/payload/private_key", "extra_forbidden")]),
        ({"user": "root", "password": "p", "a/b~c": 1}, [("/payload/a~1b~0c", "extra_forbidden")]),
        ({"user": "root", "password": "p", "jumpHost": {}}, [("/payload/jumpHost/address", "missing")]),
        ({"user": "root", "password": "p", "jumpHost": {"address": "a b"}}, [("/payload/jumpHost/address", "host")]),
        (
            {"user": "root", "password": "p", "jumpHost": {"address": "a", "hostKey": "ssh-rsa x"}},
            [("/payload/jumpHost/hostKey", "host_key")],
        ),
        (
            {"user": "root", "password": "p", "jumpHost": {"address": "a", "port": 0, "user": "x y"}},
            [("/payload/jumpHost/port", "greater_than_equal"), ("/payload/jumpHost/user", "string_pattern_mismatch")],
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_place(payload: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert faults(payload) == found


def test_the_passphrase_is_judged_at_its_field(locked_key: str, plain_key: str) -> None:
    assert faults({"user": "root", "privateKey": locked_key}) == [("/payload/passphrase", "passphrase_required")]
    wrong = {"user": "root", "privateKey": locked_key, "passphrase": "wrong"}
    assert faults(wrong) == [("/payload/passphrase", "wrong_passphrase")]
    needless = {"user": "root", "privateKey": plain_key, "passphrase": "wrong"}
    assert faults(needless) == [("/payload/passphrase", "passphrase_unused")]


def test_a_refusal_repeats_no_secret(plain_key: str) -> None:
    with pytest.raises(Invalid) as refused:
        SSH.parse({"user": "a b", "privateKey": plain_key[:-40], "password": "hunter22\n", "passphrase": "topsecret"})
    shown = f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"
    assert not any(
        word in str(refused.value.errors) + refused.value.detail for word in ("hunter22", "topsecret", "PRIV")
    )
    assert refused.value.__cause__ is None
    assert "hunter22" not in shown


def test_an_unknown_type_is_refused_at_its_place() -> None:
    with pytest.raises(Invalid) as refused:
        type_named("telepathy")
    assert [problem.pointer for problem in refused.value.errors] == ["/type"]


def test_the_form_names_every_field_in_both_languages() -> None:
    form = SSH.form()
    assert [node["name"] for node in form] == [
        "user",
        "privateKey",
        "passphrase",
        "password",
        "becomeMethod",
        "becomePassword",
        "jumpHost",
    ]
    assert [node["name"] for node in form if node["secret"]] == SSH.payload.secret_names()
    assert [node["name"] for node in form if node["required"]] == ["user"]
    assert [node["pointer"] for node in form[-1]["fields"]] == [
        "/jumpHost/address",
        "/jumpHost/port",
        "/jumpHost/user",
        "/jumpHost/hostKey",
    ]
    assert form[-1]["fields"][1]["default"] == 22
    for node in [*form, *form[-1]["fields"]]:
        assert node["title"]
        assert node["titlePt"]
        assert bool(node["help"]) == bool(node["helpPt"])
