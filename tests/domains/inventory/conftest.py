"""Keys that ssh-keygen really made."""

import pytest

from tests.systems.keys import make_key


@pytest.fixture(scope="session")
def plain_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_key(tmp_path_factory.mktemp("key"), "ed25519")


@pytest.fixture(scope="session")
def locked_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A private key with the passphrase `open sesame`."""
    return make_key(tmp_path_factory.mktemp("key"), "ed25519", passphrase="open sesame")
