"""Which private and public keys are taken, and what is said about the others."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from orch_app.integrations.ssh.keys import KeyRefused, read_private_key, read_public_key
from orch_app.kit.process import run
from tests.systems.keys import make_key


@pytest.fixture
def plain_key(tmp_path: Path) -> str:
    return make_key(tmp_path, "ed25519")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
@pytest.mark.parametrize("spelling", ["", "PEM", "PKCS8"])
@pytest.mark.parametrize("passphrase", ["", "open sesame"])
def test_every_spelling_of_a_key_is_read_and_has_the_fingerprint_that_ssh_prints(
    tmp_path: Path, kind: str, spelling: str, passphrase: str
) -> None:
    text = make_key(tmp_path, kind, passphrase=passphrase, spelling=spelling)

    key = read_private_key(text, passphrase)

    printed = run(["ssh-keygen", "-l", "-f", str(tmp_path / "key.pub")], timeout_s=30).text
    assert key.public.fingerprint == printed.split()[1]
    assert key.public.line == " ".join((tmp_path / "key.pub").read_text().split()[:2])


def test_a_key_pasted_with_windows_line_ends_and_spaces_is_read(plain_key: str) -> None:
    pasted = "\r\n  ".join(plain_key.splitlines())
    assert read_private_key("  " + pasted).public == read_private_key(plain_key).public


def test_the_private_part_does_not_show_itself(plain_key: str) -> None:
    assert "PRIVATE" not in repr(read_private_key(plain_key))


@pytest.mark.parametrize(
    ("text", "passphrase", "code"),
    [
        ("", "", "not_a_private_key"),
        ("hello", "", "not_a_private_key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "", "not_a_private_key"),
        ("-----BEGIN RSA PRIVATE KEY-----\n!!!!\n-----END RSA PRIVATE KEY-----", "", "not_a_private_key"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP", "", "not_a_private_key"),
        ("schlüssel", "", "not_a_private_key"),
        ("\x00" * 100, "", "not_a_private_key"),
    ],
)
def test_what_is_no_private_key_is_refused(text: str, passphrase: str, code: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        read_private_key(text, passphrase)
    assert refused.value.code == code


@pytest.mark.parametrize("spelling", ["", "PEM", "PKCS8"])
def test_the_passphrase_is_judged(tmp_path: Path, spelling: str) -> None:
    text = make_key(tmp_path, "rsa", passphrase="open sesame", spelling=spelling)

    for passphrase, code in [("", "passphrase_required"), ("wrong", "wrong_passphrase")]:
        with pytest.raises(KeyRefused) as refused:
            read_private_key(text, passphrase)
        assert refused.value.code == code


def test_a_passphrase_for_an_open_key_is_refused(plain_key: str) -> None:
    with pytest.raises(KeyRefused, match="not encrypted"):
        read_private_key(plain_key, "something")


def test_a_weak_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused) as refused:
        read_private_key(make_key(tmp_path, "rsa", bits=1024))
    assert refused.value.code == "weak_key"


@pytest.mark.parametrize("kind", [Ed448PrivateKey, X25519PrivateKey])
def test_a_key_that_ssh_does_not_know_is_refused(kind: type[Ed448PrivateKey]) -> None:
    text = kind.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(KeyRefused) as refused:
        read_private_key(text)
    assert refused.value.code == "unsupported_key"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 !!!",
        "ssh-ed25519 AAAA",
        "ssh-dss AAAAB3NzaC1kc3MAAACBA",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIB7Zc0",
        "@cert-authority ssh-ed25519 AAAA",
        "ssh-ed25519 ÄÄÄÄ",
    ],
)
def test_what_is_no_public_key_is_refused(line: str) -> None:
    with pytest.raises(KeyRefused):
        read_public_key(line)


def test_the_comment_of_a_public_key_is_left_out(plain_key: str) -> None:
    line = read_private_key(plain_key).public.line
    assert read_public_key(f"{line} root@host\n").line == line
