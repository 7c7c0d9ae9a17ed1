"""How the web process is started: Granian directly on the built screens, with no build and no Node at run time."""

from tools.launcher.environment import PYTHON, ROOT, child_environment

REFLEX = {
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    "REFLEX_ENV_MODE": "prod",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
}
FOREIGN = ("GRANIAN_", "REFLEX_")  # of the caller's environment; both read dozens of variables


def web_command(host: str, port: int) -> tuple[list[str], dict[str, str]]:
    """The argument list and the environment of the web process; without the kill timeout it may hang at its end.

    The timeout is what a machine under load may need for the last answers, below `supervise.STOP_S`.

    Granian's own static files are not used: they would be sent without the headers that every answer of ours carries.
    """
    argv = [
        str(PYTHON), "-m", "granian", "--interface", "asgi", "--factory", "--host", host, "--port", str(port),
        "--workers", "1", "--workers-kill-timeout", "10", "--log-level", "warning", "--working-dir", str(ROOT),
        "orch_app.orch_app:web",
    ]  # fmt: skip
    env = {name: value for name, value in child_environment().items() if not name.startswith(FOREIGN)}
    return argv, env | REFLEX
