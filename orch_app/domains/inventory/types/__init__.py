"""The types of connections, one file each; a new type is a new file and a line here."""

from orch_app.domains.inventory.types.shape import ConnectionType, Payload
from orch_app.domains.inventory.types.ssh import SSH, JumpHost, SshPayload, SshSecret
from orch_app.kit.errors import Invalid, Problem

TYPES: dict[str, ConnectionType] = {known.name: known for known in (SSH,)}

__all__ = ["TYPES", "ConnectionType", "JumpHost", "Payload", "SshPayload", "SshSecret", "type_named"]


def type_named(name: str) -> ConnectionType:
    """The type with this name.

    Raises:
        Invalid: 422 at /type, when there is none.
    """
    if name not in TYPES:
        known = ", ".join(TYPES)
        problem = Problem("/type", "enum", f"Known types: {known}.")
        raise Invalid("There is no such type of connection.", "validation", errors=(problem,))
    return TYPES[name]
