"""What is told about hosts and connections has a word, and the word has a sentence in both languages."""

import ast
from pathlib import Path

import pytest

from orch_app.domains.inventory import hosts, probes
from orch_app.i18n import LANGUAGES, catalogue
from orch_app.integrations.ssh import client, keys

OWN = {said.code for said in vars(hosts).values() if isinstance(said, hosts.Said)} - {""}


def refusals_of_keys() -> set[str]:
    """The first argument of every `KeyRefused(...)` about a private key."""
    calls = [node for node in ast.walk(ast.parse(Path(keys.__file__).read_text("utf-8"))) if isinstance(node, ast.Call)]
    named = [call.args[0] for call in calls if getattr(call.func, "id", "") == "KeyRefused"]
    return {str(node.value) for node in named if isinstance(node, ast.Constant)} - {"not_a_public_key"}


WORDS = OWN | client.DETAILS.keys() | refusals_of_keys() | probes.SAID.keys() | {"egress_refused"}


def test_every_outcome_of_the_ssh_client_has_its_sentence() -> None:
    assert {word for _, _, word in client._MEANINGS} <= client.DETAILS.keys()
    assert {"key_changed", "unreachable"} <= {code for _, code, _ in client._MEANINGS}
    assert "wrong_passphrase" in WORDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_said_in_each_language_and_no_word_is_said_for_nothing(language: str) -> None:
    known = {key.removeprefix("said.") for key in catalogue(language) if key.startswith("said.")}
    assert known == WORDS
