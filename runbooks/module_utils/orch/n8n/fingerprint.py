"""The fingerprint of an encryption key: whether two keys are the same can be told from it, and nothing else."""

from __future__ import annotations

import hashlib

# Slow on purpose: a key that a person thought of shall not be found by trying.
ROUNDS = 200_000
SALT = b"jarvis: n8n encryption key"
BYTES = 8


def of(key: str) -> str:
    """16 hexadecimal digits; empty for no key."""
    return hashlib.pbkdf2_hmac("sha256", key.encode(), SALT, ROUNDS, BYTES).hex() if key else ""
