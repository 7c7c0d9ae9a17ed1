"""Keys and sealing: one master key in a file, everything else derived from it by purpose.

Secrets are sealed in an envelope: a fresh data key per record seals the value (AES-256-GCM), the key-encryption key
seals the data key. The associated data is `table|id|field`, so a row copied onto another does not open.
Format: `v1.<key id>.<nonce+sealed data key>.<nonce+ciphertext>`, parts in URL-safe base64.
"""

import contextlib
import hashlib
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from orch_app.kit.settings import settings

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12


class KeyringError(Exception):
    """The master key is missing, malformed, or not the one that sealed this."""


class Keyring:
    """Derives purpose keys and opens and seals envelopes with one master key."""

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            message = f"the master key must be {KEY_BYTES} bytes of base64, found {len(master)}"
            raise KeyringError(message)
        self._master = master
        self.key_id = hashlib.sha256(b"orch-key-id" + master).hexdigest()[:8]

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (`jwt`, `pepper`, `queue`); knowing one tells nothing about another."""
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=f"orch/{purpose}".encode()).derive(self._master)

    def seal(self, value: bytes, place: str) -> str:
        """Encrypt a value for one place, `table|id|field`."""
        data_key = AESGCM.generate_key(256)
        parts = (_box(self.derive("kek"), data_key, place), _box(data_key, value, place))
        return ".".join([VERSION, self.key_id, *(urlsafe_b64encode(part).decode() for part in parts)])

    def open(self, envelope: str, place: str) -> bytes:
        """Decrypt what `seal` made for the same place.

        Raises:
            KeyringError: another key sealed it, it was altered, or it belongs to another place.
        """
        try:
            version, key_id, sealed_key, sealed = envelope.split(".")
            boxes = urlsafe_b64decode(sealed_key), urlsafe_b64decode(sealed)
        except ValueError as error:
            raise KeyringError("the stored secret is malformed") from error
        if (version, key_id) != (VERSION, self.key_id):
            message = f"this secret was sealed with key {key_id}; the key in use is {self.key_id}"
            raise KeyringError(message)
        try:
            return _unbox(_unbox(self.derive("kek"), boxes[0], place), boxes[1], place)
        except (InvalidTag, ValueError) as error:  # ValueError: what is left of it is too short to be one
            raise KeyringError("the stored secret was altered or moved from another row") from error


def _box(key: bytes, value: bytes, place: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, value, place.encode())


def _unbox(key: bytes, box: bytes, place: str) -> bytes:
    return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], place.encode())


def read_or_create(path: Path) -> Keyring:
    """The keyring of a key file; a first start writes a new random key that only its owner can read.

    Raises:
        KeyringError: the file exists and does not hold a key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_new(path)
    return _read(path)


def _write_new(path: Path) -> None:
    """Write a key elsewhere and give it its name at once: whoever starts at the same moment sees no half a key."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _read(path: Path) -> Keyring:
    try:
        return Keyring(urlsafe_b64decode(path.read_bytes().strip()))
    except ValueError as error:
        message = f"{path} does not hold a base64 key"
        raise KeyringError(message) from error


@lru_cache(maxsize=1)
def keyring() -> Keyring:
    """The keyring of this process."""
    return read_or_create(settings().keys_path)
