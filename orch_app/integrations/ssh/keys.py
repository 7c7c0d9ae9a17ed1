"""Private keys and public key lines: what they are, their fingerprint, and one spelling that ssh always reads."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import LiteralString

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

MIN_RSA_BITS = 2048
HOST_KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_Key = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey


class KeyRefused(Exception):
    """A key cannot be used; `code` is a stable word, the message one sentence without anything of the key."""

    def __init__(self, code: LiteralString, message: str) -> None:
        super().__init__(message)
        self.code: LiteralString = code


@dataclass(frozen=True)
class PublicKey:
    """A public key: its type, its `SHA256:...` fingerprint, and the line `type base64`."""

    type: str
    fingerprint: str
    line: str


@dataclass(frozen=True)
class PrivateKey:
    """A usable private key: `openssh` is its unencrypted OpenSSH spelling, for a private place only."""

    public: PublicKey
    openssh: bytes = field(repr=False)


def read_private_key(text: str, passphrase: str = "") -> PrivateKey:
    """Read an OpenSSH, PKCS#8 or traditional PEM private key.

    Raises:
        KeyRefused: it is no private key, of a kind that ssh should not use, or the passphrase does not open it.
    """
    key = _load(_bytes_of(text), passphrase.encode() or None)
    if isinstance(key, RSAPrivateKey) and key.key_size < MIN_RSA_BITS:
        raise KeyRefused("weak_key", f"This RSA key has {key.key_size} bits; at least {MIN_RSA_BITS} are needed.")
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    openssh = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return PrivateKey(read_public_key(line), openssh)


def read_public_key(line: str) -> PublicKey:
    """Read `type base64 [comment]`, as in known_hosts without its first column.

    Raises:
        KeyRefused: it is not a public key of a supported type.
    """
    parts = line.split()
    if len(parts) < 2 or parts[0] not in HOST_KEY_TYPES:  # noqa: PLR2004 - type and base64
        raise KeyRefused("not_a_public_key", f"A public key begins with one of: {', '.join(HOST_KEY_TYPES)}.")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyRefused("not_a_public_key", "The second word of a public key is base64.") from error
    if blob[4 : 4 + len(parts[0])] != parts[0].encode() or int.from_bytes(blob[:4]) != len(parts[0]):
        raise KeyRefused("not_a_public_key", "The key is not of the type that its first word names.")
    return PublicKey(parts[0], fingerprint_of(blob), f"{parts[0]} {parts[1]}")


def fingerprint_of(blob: bytes) -> str:
    """The fingerprint as ssh prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _bytes_of(text: str) -> bytes:
    """The key as files hold it: Unix line ends, a newline at the end; pasted text often lacks both."""
    try:
        return ("\n".join(line.strip() for line in text.strip().splitlines()) + "\n").encode("ascii")
    except UnicodeEncodeError as error:
        raise KeyRefused(
            "not_a_private_key", "This is not a private key: it holds characters that no key has."
        ) from error


def _load(content: bytes, passphrase: bytes | None) -> _Key:
    load = load_ssh_private_key if content.startswith(_OPENSSH) else load_pem_private_key
    try:
        key = load(content, passphrase)
    except UnsupportedAlgorithm as error:
        raise KeyRefused(
            "unsupported_key", "Keys of this kind are not supported: use ed25519, ECDSA or RSA."
        ) from error
    except TypeError as error:
        raise _passphrase_problem(passphrase) from error
    except ValueError as error:
        raise _unreadable(content, passphrase) from error
    if not isinstance(key, _Key):
        raise KeyRefused("unsupported_key", "Keys of this kind are not supported: use ed25519, ECDSA or RSA.")
    return key


def _passphrase_problem(passphrase: bytes | None) -> KeyRefused:
    if passphrase is None:
        return KeyRefused("passphrase_required", "The private key is encrypted: give its passphrase.")
    return KeyRefused("passphrase_unused", "The private key is not encrypted: leave the passphrase empty.")


def _unreadable(content: bytes, passphrase: bytes | None) -> KeyRefused:
    encrypted = b"ENCRYPTED" in content or content.startswith(_OPENSSH)
    if encrypted and passphrase is not None:
        return KeyRefused("wrong_passphrase", "The passphrase does not open the private key.")
    if encrypted and b"ENCRYPTED" in content:
        return _passphrase_problem(None)
    return KeyRefused("not_a_private_key", "This is not a private key that can be read.")
