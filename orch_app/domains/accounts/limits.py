"""How often people may try: logins by account and address, everything by address, calls and jobs by user.

There is no lock on an account alone: somebody who guesses from elsewhere must not be able to keep its owner out.
Refused logins back off: the limit of the settings, then twice as many in four times the time, then four times as many
in 96 times the time (5 in 15 minutes, 10 in an hour, 20 in a day).
"""

import hashlib
import ipaddress
import math

from starlette.requests import HTTPConnection

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts.queries import normal_email
from orch_app.kit import ratelimit
from orch_app.kit.errors import TooMany
from orch_app.kit.ratelimit import Rule, Standing
from orch_app.kit.settings import settings

BACK_OFF = ((1, 1), (2, 4), (4, 96))
ADDRESS_FACTOR = 10
SETUP_RULE = Rule("setup", 10, 900)
_IPV6_NETWORK = 64


def take_login(email: str, ip: str) -> None:
    """Count one attempt for this account from this address; to be given back by `forgive_login` when it succeeds.

    Raises:
        TooMany: with the seconds to wait, whether or not there is such an account.
    """
    _refuse_beyond(ratelimit.look(_address_rule(), network_of(ip)))
    for rule in _login_rules():
        _refuse_beyond(ratelimit.hit(rule, _account(email), network_of(ip)))


def forgive_login(email: str, ip: str) -> None:
    """The login succeeded: earlier typing errors no longer count."""
    for rule in _login_rules():
        ratelimit.clear(rule, _account(email), network_of(ip))


def count_refused(ip: str) -> None:
    """One more refused login from this address, whatever the account."""
    ratelimit.hit(_address_rule(), network_of(ip))


def take_setup(ip: str) -> None:
    """Count one attempt to set the installation up.

    Raises:
        TooMany: with the seconds to wait.
    """
    _refuse_beyond(ratelimit.hit(SETUP_RULE, network_of(ip)))


def take_password_check(user_id: str) -> None:
    """Count one attempt of a signed-in person to prove his or her password; given back by `forgive_password_check`.

    Raises:
        TooMany: with the seconds to wait.
    """
    _refuse_beyond(ratelimit.hit(_login_rules()[0], "password", user_id))


def forgive_password_check(user_id: str) -> None:
    """The password was right."""
    ratelimit.clear(_login_rules()[0], "password", user_id)


def take_call(connection: HTTPConnection, *who: str) -> None:
    """Count one API call and note the standing for the answer's headers.

    Raises:
        TooMany: with the seconds to wait.
    """
    standing = ratelimit.hit(ratelimit.rule_of("default", settings().api_limit), *who)
    connection.state.rate_limit = standing
    _refuse_beyond(standing)


def check_execute_limit(actor: Actor) -> None:
    """Count one job that this user starts.

    Raises:
        TooMany: with the seconds to wait.
    """
    _refuse_beyond(ratelimit.hit(ratelimit.rule_of("execute", settings().execute_limit), actor.user_id or actor.name))


def network_of(ip: str) -> str:
    """What counts as one address: with IPv6 the /64, for a single machine may use any address of it."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _login_rules() -> list[Rule]:
    first = ratelimit.rule_of("login", settings().login_limit)
    return [Rule("login", first.amount * more, first.window_s * longer) for more, longer in BACK_OFF]


def _address_rule() -> Rule:
    first = ratelimit.rule_of("address", settings().login_limit)
    return Rule("address", first.amount * ADDRESS_FACTOR, first.window_s)


def _account(email: str) -> str:
    """Whatever was typed, as a short key without separators."""
    return hashlib.sha256(normal_email(email).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _refuse_beyond(standing: Standing) -> None:
    if not standing.is_allowed:
        wait_s = max(1, math.ceil(standing.reset_s))
        raise TooMany(f"Too many attempts. Try again in {wait_s} seconds.", "rate_limited", retry_after_s=wait_s)
