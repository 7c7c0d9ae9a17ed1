"""The secret that a webhook shares with its sender: made up, sealed into its row, and opened for comparing only."""

import secrets

from orch_app.domains.hooks.models import Hook
from orch_app.kit.clock import now
from orch_app.kit.errors import Conflict
from orch_app.kit.keyring import KeyringError, keyring

_BYTES = 32


def make_up() -> str:
    """A new secret that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def seal(hook: Hook, secret: str) -> None:
    """Put a secret into a row, whose id must be there already."""
    hook.encrypted_secret, hook.secret_set_at = keyring().seal(secret.encode(), _place(hook)), now()


def opened(hook: Hook) -> str:
    """The secret of a row.

    Raises:
        Conflict: the master key is not the one that sealed it, or the row was altered.
    """
    try:
        return keyring().open(hook.encrypted_secret, _place(hook)).decode()
    except KeyringError as error:
        message = f"The secret of the webhook {hook.name} cannot be opened: {error}."
        raise Conflict(message, "secret_unreadable") from error


def _place(hook: Hook) -> str:
    return f"hooks|{hook.id}|secret"
