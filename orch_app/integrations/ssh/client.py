"""Reading a machine's host keys, and trying a login, with `ssh-keyscan` and `ssh`."""

import re
from dataclasses import dataclass

from orch_app.integrations.ssh.keys import KeyRefused, PublicKey, read_public_key
from orch_app.integrations.ssh.workspace import CONNECT_S, TARGET, Credentials, Hop, Route, workspace
from orch_app.kit.process import Finished, run

LOGIN_S = 10.0
_CONTROL = re.compile(r"[^\x20-\x7e]+")

# The client's words (LogLevel ERROR, LANG=C) and what they mean; the first match counts.
_MEANINGS = (
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "key_changed", "key_changed"),
    ("Host key verification failed", "key_unknown", "key_unknown"),
    ("Permission denied", "auth_failed", "auth_failed"),
    ("Too many authentication failures", "auth_failed", "auth_failed"),
    ("Connection refused", "unreachable", "nothing_listens"),
    ("No route to host", "unreachable", "no_route"),
    ("Network is unreachable", "unreachable", "no_route"),
    ("timed out", "unreachable", "no_answer"),
    ("Could not resolve hostname", "unreachable", "name_not_found"),
    ("no matching host key type", "key_changed", "key_gone"),
    ("Connection closed", "unreachable", "closed"),
    ("Connection reset", "unreachable", "closed"),
)
DETAILS = {
    "works": "The login works.",
    "key_changed": "The host key is not the pinned one.",
    "key_unknown": "The host key is not pinned, or of another type than the pinned one.",
    "key_gone": "The machine no longer offers the pinned host key.",
    "auth_failed": "The machine refused the user, key or password.",
    "nothing_listens": "Nothing listens on that port.",
    "no_route": "There is no route to that address.",
    "no_answer": "The machine did not answer in time.",
    "name_not_found": "The name cannot be looked up.",
    "closed": "The machine closed the connection.",
}


@dataclass(frozen=True)
class LoginResult:
    """How a login went. `code`: ok, auth_failed, key_changed, key_unknown, unreachable, timeout or failed.

    `detail` is a sentence, and `detail_code` a word for it; the word is empty where the machine's own words are shown.
    """

    code: str
    detail: str
    duration_ms: int
    detail_code: str = ""

    @property
    def is_ok(self) -> bool:
        return self.code == "ok"


def scan_keys(hop: Hop) -> list[PublicKey]:
    """The host keys that a machine shows, strongest type first; empty when it does not answer within five seconds.

    Nothing is trusted here: a person compares the fingerprint before a key is pinned.
    """
    argv = ["ssh-keyscan", "-T", str(CONNECT_S), "-p", str(hop.port), "-t", "ed25519,ecdsa,rsa", "--", hop.address]
    return _keys_in(run(argv, timeout_s=CONNECT_S * 2).text)


def scan_keys_behind(route: Route, credentials: Credentials) -> list[PublicKey]:
    """The key that a machine behind a jump host shows: the one its client would choose.

    Raises:
        KeyRefused: the private key for the jump host cannot be read.
    """
    with workspace(route, credentials, learn=True) as place:
        run(_ssh(str(place.config)), timeout_s=LOGIN_S, environment=place.environment)
        lines = place.known_hosts.read_text("utf-8", "replace").splitlines()
    return _keys_in("\n".join(line for line in lines if line.startswith(f"{TARGET} ")))


def try_login(route: Route, credentials: Credentials) -> LoginResult:
    """Log in with the pinned host key and run `true`."""
    try:
        with workspace(route, credentials) as place:
            finished = run(_ssh(str(place.config)), timeout_s=LOGIN_S, environment=place.environment)
    except KeyRefused as refused:
        return LoginResult(refused.code, str(refused), 0, refused.code)
    code, word = _meaning(finished)
    return LoginResult(code, DETAILS.get(word) or _last_words(finished), finished.duration_ms, word)


def _ssh(config: str) -> list[str]:
    return ["ssh", "-F", config, "-T", TARGET, "true"]


def _keys_in(text: str) -> list[PublicKey]:
    """The keys of known_hosts lines; what is not one (comments, broken answers) is left out."""
    found: dict[str, PublicKey] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(" ")
        try:
            key = read_public_key(rest)
        except KeyRefused:
            continue
        found[key.fingerprint] = key
    return sorted(found.values(), key=lambda key: (not key.type.endswith("ed25519"), key.type == "ssh-rsa", key.type))


def _meaning(finished: Finished) -> tuple[str, str]:
    """The outcome, and the word for its detail; no word when the client said what we do not know."""
    if finished.is_ok:
        return "ok", "works"
    if finished.timed_out:
        return "timeout", "no_answer"
    return next(((code, word) for words, code, word in _MEANINGS if words in finished.error_text), ("failed", ""))


def _last_words(finished: Finished) -> str:
    return _CONTROL.sub(" ", finished.error_text.strip()[-200:]).strip() or f"ssh ended with code {finished.code}."
