"""How passwords are stored and compared, and which ones are refused."""

import contextlib
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BoundedSemaphore, Lock

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.accounts import passwords
from orch_app.kit.errors import Invalid, Unavailable
from orch_app.kit.keyring import Keyring


@pytest.fixture(autouse=True)
def _pepper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "keyring", lambda: Keyring(b"k" * 32))


def test_a_stored_password_says_how_it_was_made_and_is_the_right_one_only() -> None:
    stored = passwords.hash_password("velvet tractor 91")
    assert stored.startswith("v1$$2b$")
    assert passwords.verify("velvet tractor 91", stored)
    assert not passwords.verify("velvet tractor 92", stored)
    assert not passwords.verify("velvet tractor 91", None)
    assert "velvet" not in stored


def test_the_same_characters_typed_on_another_system_are_the_same_password() -> None:
    stored = passwords.hash_password(unicodedata.normalize("NFC", "coração é grande"))
    assert passwords.verify(unicodedata.normalize("NFD", "coração é grande"), stored)


def test_every_byte_of_a_long_password_counts() -> None:
    stored = passwords.hash_password("x" * 1000 + "a")
    assert passwords.verify("x" * 1000 + "a", stored)
    assert not passwords.verify("x" * 1000 + "b", stored)


def test_a_stolen_table_is_of_no_use_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = passwords.hash_password("velvet tractor 91")
    monkeypatch.setattr(passwords, "keyring", lambda: Keyring(b"o" * 32))
    assert not passwords.verify("velvet tractor 91", stored)


@pytest.mark.parametrize("odd", ["x" * 1025, "é" * 600, "\ud800", ""])
def test_what_cannot_be_a_password_is_wrong_and_takes_a_hash_all_the_same(
    odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = passwords.hash_password("velvet tractor 91")
    asked: list[bytes] = []
    real = bcrypt.checkpw
    monkeypatch.setattr("bcrypt.checkpw", lambda given, against: asked.append(against) or real(given, against))
    assert not passwords.verify(odd, stored)
    assert len(asked) == 1


def test_nobodys_hash_costs_what_a_real_one_costs() -> None:
    assert passwords.NOBODYS.startswith(f"$2b${passwords.COST:02}$")


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd12345",
        "Senha123456!",
        "minhasenha123",
        "SenhaForte2024",
        "123456789012",
        "abcdefghijkl",
        "qwertyuiop12",
        "1q2w3e4r5t6y",
        "zaq12wsxcde3",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "admin@admin.com",
        "summer2026!!!!",
        "jarvis-admin-2026",
        "correct horse battery staple",
        "Flamengo1981!!",
        "wagner.silva1",
        "WagnerSilva2026",
        "silva-example-1",
    ],
)
def test_what_an_attacker_tries_first_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check_rules(password, "wagner.silva@example.com", "Wagner Silva")
    assert [(problem.pointer, problem.code) for problem in refused.value.errors] == [("/password", "too_common")]


@pytest.mark.parametrize(
    "password",
    ["velvet tractor 91 lamp", "xkT9$mQ2vLp0", "Um-Cavalo-Verde", "anabela-come-uvas", "wagner likes velvet"],
)
def test_others_are_welcome_without_any_rule_of_composition(password: str) -> None:
    passwords.check_rules(password, "wagner.silva@example.com", "Wagner Silva")


@pytest.mark.parametrize(("password", "code"), [("x7#kQ!9zLm2", "too_short"), ("xq" * 600, "too_long")])
def test_too_short_and_too_long_say_so(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check_rules(password)
    assert refused.value.errors[0].code == code


@given(st.text(max_size=1500))
def test_no_text_at_all_upsets_the_rules(text: str) -> None:
    with contextlib.suppress(Invalid):
        passwords.check_rules(text, text, text)


def test_two_hashes_run_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = [0], [0], Lock()
    pair = Barrier(2)

    def slow(_given: bytes, _stored: bytes) -> bool:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        pair.wait(60)  # only ever left by two together
        with lock:
            running[0] -= 1
        return False

    monkeypatch.setattr("bcrypt.checkpw", slow)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: passwords.verify("velvet", None), range(8)))
    assert most == [2]


def test_a_flood_is_turned_away_instead_of_taking_every_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    full = BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(passwords, "_waiting", full)
    with pytest.raises(Unavailable) as refused:
        passwords.verify("velvet", None)
    assert refused.value.retry_after_s
