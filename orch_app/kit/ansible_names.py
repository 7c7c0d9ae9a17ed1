"""Names of variables that mean something to Ansible or to our plays: nothing that comes from outside may have one.

`groups` and `environment` are left out: runbooks use these words, and below `inputs` they mean nothing to Ansible.
"""

RESERVED_PREFIX = "ansible_"
MAGIC_NAMES = frozenset(
    {
        *("group_names", "hostvars", "inputs", "inventory_dir", "inventory_file", "inventory_hostname"),
        *("inventory_hostname_short", "omit", "orch", "play_hosts", "playbook_dir", "role_name", "role_names"),
        *("role_path", "vars"),
    }
)


def is_reserved(name: str) -> bool:
    """Whether Ansible, or a play of ours, would take a value of this name for something else."""
    return name.startswith(RESERVED_PREFIX) or name in MAGIC_NAMES
