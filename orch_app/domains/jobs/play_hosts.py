"""From the hosts and groups of the inventory to those of a play."""

from orch_app.domains.inventory.target_groups import GroupOfTargets
from orch_app.domains.inventory.targets import Target
from orch_app.domains.inventory.types import SshSecret
from orch_app.domains.jobs.execution import (
    USUAL_PYTHON,
    Credentials,
    JumpHost,
    TargetGroup,
    TargetHost,
    Variables,
)


def to_target_host(target: Target) -> TargetHost:
    """A host as the execution reaches it."""
    secret, jump = target.secret, target.secret.jump_host
    return TargetHost(
        name=target.name,
        address=target.address,
        port=target.port,
        host_keys=(target.host_key,),
        credentials=_credentials(secret, target.user),
        jump=JumpHost(jump.address, jump.port, (jump.host_key or "",), _credentials(secret, jump.user or secret.user))
        if jump
        else None,
        python=target.python or USUAL_PYTHON,
        variables=Variables(target.variables, target.is_trusted_text),
    )


def to_target_group(group: GroupOfTargets) -> TargetGroup:
    """A group as the inventory file of the job has it."""
    return TargetGroup(group.name, group.hosts, group.children, Variables(group.variables, group.is_trusted_text))


def _credentials(secret: SshSecret, user: str) -> Credentials:
    return Credentials(
        user=user,
        private_key=secret.private_key,
        passphrase=secret.passphrase,
        password=secret.password,
        become_method=secret.become_method if secret.become_password else "",
        become_password=secret.become_password,
    )
