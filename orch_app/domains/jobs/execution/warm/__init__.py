"""The warm engine: servers that have loaded Ansible already and fork a play from it, instead of starting one."""

from orch_app.domains.jobs.execution.warm.servers import Profile, WarmServers, WarmUnavailable

__all__ = ["Profile", "WarmServers", "WarmUnavailable"]
