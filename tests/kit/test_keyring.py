"""One master key, made once; what it seals opens only where it was sealed, unaltered, with the same key."""

import os
import random
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orch_app.kit.keyring import Keyring, KeyringError, read_or_create

HERE = "connections|con_1|password"
KEYS = Keyring(bytes(range(32)))


def test_processes_that_start_at_the_same_moment_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: read_or_create(path).key_id, range(64)))
    assert len(set(made)) == 1
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_only_its_owner_can_read_the_key_whatever_the_mask(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    before = os.umask(0)
    try:
        read_or_create(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_existing_key_is_read_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    sealed = read_or_create(path).seal(b"secret", HERE)
    kept = path.read_bytes()
    assert read_or_create(path).open(sealed, HERE) == b"secret"
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    "content", [b"", b"not a key at all", urlsafe_b64encode(b"x" * 16), b"\xff\xfe", b"====", b"A"]
)
def test_a_file_that_holds_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    with pytest.raises(KeyringError, match="key"):
        read_or_create(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("value", [b"", b"x", bytes(range(256)) * 400])
def test_what_was_sealed_opens_at_the_same_place(value: bytes) -> None:
    assert KEYS.open(KEYS.seal(value, HERE), HERE) == value


def test_the_same_value_never_looks_the_same() -> None:
    sealed = [KEYS.seal(b"secret", HERE) for _ in range(20)]
    assert len({part for one in sealed for part in one.split(".")[2:]}) == 40
    assert not any(b"secret" in urlsafe_b64decode(one.split(".")[3]) for one in sealed)


@pytest.mark.parametrize(
    "place", ["connections|con_2|password", "connections|con_1|private_key", "hosts|con_1|password", "", HERE + " "]
)
def test_a_secret_copied_onto_another_row_does_not_open(place: str) -> None:
    with pytest.raises(KeyringError, match="altered or moved from another row"):
        KEYS.open(KEYS.seal(b"secret", HERE), place)


def test_halves_of_two_secrets_of_one_place_do_not_make_a_third() -> None:
    first, second = (KEYS.seal(value, HERE).split(".") for value in (b"old", b"new"))
    with pytest.raises(KeyringError, match="altered"):
        KEYS.open(".".join([*first[:3], second[3]]), HERE)


def test_one_flipped_bit_anywhere_is_noticed() -> None:
    chance = random.Random(7)
    for number in range(50):
        place = f"connections|con_{number}|password"
        parts = KEYS.seal(b"a secret of one record", place).split(".")
        chosen = chance.choice([2, 3])
        raw = bytearray(urlsafe_b64decode(parts[chosen]))
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        parts[chosen] = urlsafe_b64encode(raw).decode()
        with pytest.raises(KeyringError, match="altered"):
            KEYS.open(".".join(parts), place)


def test_another_key_is_named_in_the_refusal() -> None:
    other = Keyring(b"\x01" * 32)
    with pytest.raises(KeyringError) as refused:
        other.open(KEYS.seal(b"secret", HERE), HERE)
    assert str(refused.value) == f"this secret was sealed with key {KEYS.key_id}; the key in use is {other.key_id}"


@pytest.mark.parametrize(
    "envelope", ["", "v1", "v1.{key}.a.b", "v2.{key}.QUFB.QUFB", "v1.{key}..", "v1.{key}.é.b", "a.b.c.d.e"]
)
def test_what_is_no_envelope_is_refused(envelope: str) -> None:
    with pytest.raises(KeyringError):
        KEYS.open(envelope.format(key=KEYS.key_id), HERE)


def test_each_purpose_has_a_key_of_its_own_that_stays_the_same() -> None:
    derived = [KEYS.derive(purpose) for purpose in ("jwt", "pepper", "queue", "kek")]
    assert len(set(derived)) == 4
    assert derived[0] == Keyring(bytes(range(32))).derive("jwt")
    assert {len(key) for key in derived} == {32}
    assert bytes(range(32)) not in derived
