"""Access and refresh tokens: what passes, what does not, and what a copied token brings about."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import service, tokens
from orch_app.domains.accounts.models import RefreshToken
from orch_app.domains.accounts.sessions import Client
from orch_app.domains.accounts.tokens import Reused, TokenPair
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Unauthorized
from orch_app.kit.ids import new_id
from orch_app.kit.keyring import keyring
from tests.systems.people import add_user, at, later

CLIENT = Client("192.0.2.7", "curl/8")
pytestmark = pytest.mark.usefixtures("database")


def start() -> TokenPair:
    user_id = add_user(Role.OPERATOR).user_id
    assert user_id
    with unit_of_work() as session:
        return tokens.start_family(session, user_id, CLIENT)


def rotate(raw: str) -> TokenPair | Reused:
    with unit_of_work() as session:
        return tokens.rotate(session, raw, CLIENT)


def who(access_token: str) -> str:
    with reading() as session:
        return tokens.identity_of(session, access_token).name


def claims_of(pair: TokenPair) -> dict[str, Any]:
    return jwt.decode(pair.access_token, options={"verify_signature": False})


def signed(claims: dict[str, Any], key: bytes | None = None, **headers: Any) -> str:
    header = {"kid": keyring().key_id, "typ": tokens.TYPE} | headers
    return jwt.encode(claims, key or keyring().derive("jwt"), "HS256", header)


def refused(token: str) -> bool:
    with pytest.raises(Unauthorized):
        who(token)
    return True


def test_an_access_token_names_the_user_and_carries_no_rights() -> None:
    pair = start()
    claims = claims_of(pair)
    assert who(pair.access_token) == "operator@example.com"
    assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"}
    assert jwt.get_unverified_header(pair.access_token)["kid"] == keyring().key_id


def test_every_claim_and_header_is_checked() -> None:
    claims = claims_of(start())
    assert who(signed(claims)) == "operator@example.com"
    for name in claims:
        assert refused(signed({key: value for key, value in claims.items() if key != name}))
    past, soon = datetime.now(UTC) - timedelta(minutes=1), datetime.now(UTC) + timedelta(minutes=1)
    for change in ({"aud": "x"}, {"iss": "x"}, {"exp": past}, {"nbf": soon}, {"sub": "usr_x"}, {"sid": "fam_x"}):
        assert refused(signed(claims | change))
    assert refused(signed(claims, typ="JWT"))
    assert refused(signed(claims, kid="other"))
    assert refused(signed(claims, key=b"x" * 32))


def test_unsigned_and_otherwise_signed_tokens_are_refused() -> None:
    claims = claims_of(start())
    header = {"alg": "none", "typ": tokens.TYPE, "kid": keyring().key_id}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    assert refused(".".join([*parts, ""]))
    key = keyring().derive("jwt") * 2
    assert refused(jwt.encode(claims, key, "HS512", {"kid": keyring().key_id, "typ": tokens.TYPE}))


@pytest.mark.parametrize("odd", ["", "a", "a.b.c", "....", "\ud800.a.b", "é.é.é", "x" * 5000, "=.=.="])
def test_nonsense_is_refused(odd: str) -> None:
    assert refused(odd)


def test_a_header_of_a_thousand_brackets_is_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 1400).decode().rstrip("=")
    assert refused(f"{deep}.e30.x")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.text(max_size=200))
def test_no_text_passes_for_a_token(text: str) -> None:
    assert refused(text)


def test_an_expired_access_token_is_refused() -> None:
    with later(minutes=-20):
        pair = start()
    assert refused(pair.access_token)


def test_the_role_is_looked_up_and_not_believed() -> None:
    pair = start()
    user_id = claims_of(pair)["sub"]
    with unit_of_work() as session:
        service.change_user(session, COMMAND_LINE, user_id, service.UserChange(role=Role.VIEWER))
    with reading() as session:
        assert tokens.identity_of(session, pair.access_token).role is Role.VIEWER


def test_refresh_tokens_are_stored_hashed_and_their_successors_sealed() -> None:
    first = start()
    second = rotate(first.refresh_token)
    assert isinstance(second, TokenPair)
    with reading() as session:
        rows = session.exec(select(RefreshToken)).all()
    stored = json.dumps([row.model_dump(mode="json") for row in rows])
    assert first.refresh_token not in stored
    assert second.refresh_token not in stored
    assert len({row.family_id for row in rows}) == 1
    assert len(base64.urlsafe_b64decode(first.refresh_token + "=")) == 32


def test_a_lost_answer_can_be_asked_for_again_for_ten_seconds() -> None:
    first = start().refresh_token
    second = rotate(first)
    with later(seconds=8):
        again = rotate(first)
    assert isinstance(second, TokenPair)
    assert isinstance(again, TokenPair)
    assert again.refresh_token == second.refresh_token


def test_a_token_used_after_that_ends_its_family_and_no_other() -> None:
    first, other = start(), None
    with unit_of_work() as session:
        other = tokens.start_family(session, claims_of(first)["sub"], CLIENT)
    second = rotate(first.refresh_token)
    assert isinstance(second, TokenPair)
    with later(seconds=11):
        assert isinstance(rotate(first.refresh_token), Reused)
        with pytest.raises(Unauthorized):
            rotate(second.refresh_token)
        assert refused(second.access_token)
        assert isinstance(rotate(other.refresh_token), TokenPair)


def test_a_family_ends_when_its_time_is_over_however_often_it_was_refreshed() -> None:
    pair = start()
    for days in (5, 10, 13.99):
        with later(days=days):
            following = rotate(pair.refresh_token)
            assert isinstance(following, TokenPair)
            pair = following
    assert pair.expires_in <= 900
    with later(days=14.01), pytest.raises(Unauthorized):
        rotate(pair.refresh_token)


def test_what_ended_by_itself_is_deleted_in_time() -> None:
    start()
    with later(days=15), unit_of_work() as session:
        service.purge_expired(session)
    with reading() as session:
        assert session.exec(select(RefreshToken)).all() == []


class Families(RuleBasedStateMachine):
    """Whatever order clients and thieves use tokens in: one living token a family, and reuse kills it."""

    @initialize()
    def sign_in(self) -> None:
        self.moment = datetime.now(UTC)
        self.dead = False
        with unit_of_work() as session:
            user = service.create_user(
                session, COMMAND_LINE, email=f"{new_id('u')}@example.com", password="velvet tractor 91", role="viewer"
            )
            self.newest = tokens.start_family(session, user.id, CLIENT).refresh_token
        self.used: dict[str, tuple[datetime, str]] = {}

    @rule(seconds=st.sampled_from([1.0, 9.0, 11.0, 3600.0]))
    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    @rule()
    def refresh_the_newest(self) -> None:
        with at(self.moment):
            if self.dead:
                with pytest.raises(Unauthorized):
                    rotate(self.newest)
                return
            found = rotate(self.newest)
        assert isinstance(found, TokenPair)
        self.used[self.newest] = (self.moment, found.refresh_token)
        self.newest = found.refresh_token

    @rule(data=st.data())
    def replay_an_old_one(self, data: st.DataObject) -> None:
        if not self.used:
            return
        old = data.draw(st.sampled_from(sorted(self.used)))
        used_at, successor = self.used[old]
        with at(self.moment):
            if self.dead:
                with pytest.raises(Unauthorized):
                    rotate(old)
            elif self.moment - used_at <= tokens.GRACE:
                found = rotate(old)
                assert isinstance(found, TokenPair)
                assert found.refresh_token == successor
            else:
                assert isinstance(rotate(old), Reused)
                self.dead = True


def test_families_hold_in_every_order_of_use(database: str) -> None:
    run_state_machine_as_test(Families, settings=settings(max_examples=12, stateful_step_count=12, deadline=None))
