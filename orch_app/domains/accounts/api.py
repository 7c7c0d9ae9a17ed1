"""Signing in and out, oneself, and users for admins, over REST."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import queries, service, signin
from orch_app.domains.accounts.edge import Anybody, SignedIn, require_own_page
from orch_app.domains.accounts.queries import Person
from orch_app.domains.accounts.service import Language, ProfileChange, Status, Theme, UserChange, etag_of
from orch_app.domains.accounts.sessions import COOKIE, NewSession
from orch_app.domains.accounts.tokens import TokenPair
from orch_app.kit.pages import PageQuery, next_link
from orch_app.kit.rest import (
    Answer,
    CamelModel,
    ListQuery,
    Reading,
    Transaction,
)

router = APIRouter(prefix="/v1", tags=["accounts"])

Email = Annotated[str, Field(max_length=254)]
Secret = Annotated[str, Field(max_length=1024, json_schema_extra={"format": "password"})]
Name = Annotated[str, Field(max_length=100)]
IfMatch = Annotated[str | None, Header(max_length=200)]


class LoginBody(CamelModel):
    """`browser` asks for a cookie instead of tokens; `remember` makes the cookie outlive the window."""

    email: Email
    password: Secret
    remember: bool = False
    browser: bool = False


class RefreshBody(CamelModel):
    """The refresh token of the last answer; it works once."""

    refresh_token: Secret


class LogoutBody(CamelModel):
    """The refresh token whose family is to end; browsers send their cookie instead."""

    refresh_token: Secret = ""


class SetupBody(CamelModel):
    """The one-time token of the console, and the first admin."""

    token: Secret
    email: Email
    password: Secret
    name: Name = ""
    browser: bool = False


class ProfileBody(CamelModel):
    """What people may change of themselves."""

    name: Name | None = None
    language: Language | None = None
    theme: Theme | None = None


class PasswordBody(CamelModel):
    """The current password, and the one that replaces it."""

    current_password: Secret
    new_password: Secret


class NewUserBody(CamelModel):
    """A user to be, with a first password that an admin hands over."""

    email: Email
    password: Secret
    role: Role
    name: Name = ""


class UserBody(CamelModel):
    """What admins may change of a user."""

    name: Name | None = None
    role: Role | None = None
    status: Status | None = None


class UsersQuery(ListQuery):
    """`q` is part of a name or an address."""

    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=300)] = ""
    q: Annotated[str, Field(max_length=100)] = ""


class TokenAnswer(Answer):
    """`expiresIn` is the life of the access token in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - a scheme, not a secret


class UserAnswer(Answer):
    """A user."""

    id: str
    email: str
    name: str
    role: Role
    status: str
    language: str
    theme: str
    created_at: datetime
    last_login_at: datetime | None


class BrowserAnswer(Answer):
    """Who is signed in now; the proof is in the cookie."""

    user: UserAnswer


class MeAnswer(UserAnswer):
    """Oneself, with everything that one may do."""

    roles: list[Role]
    permissions: list[str]


class UserList(Answer):
    """A page of users, oldest first."""

    items: list[UserAnswer]
    next_cursor: str | None
    prev_cursor: str | None


class SetupAnswer(Answer):
    """Whether the first admin is still to be created."""

    needed: bool


@router.post("/auth/login", response_model=TokenAnswer | BrowserAnswer)
def login(body: LoginBody, request: Request, response: Response, client: Anybody) -> TokenAnswer | BrowserAnswer:
    """Sign in with address and password: tokens for API clients, a cookie for browsers."""
    if not body.browser:
        return _tokens(signin.sign_in_client(body.email, body.password, client))
    require_own_page(request)
    person, started = signin.sign_in_browser(
        body.email, body.password, client, _browser(request, remember=body.remember)
    )
    _set_cookie(request, response, started)
    return BrowserAnswer(user=_user(person))


@router.post("/auth/refresh")
def refresh(body: RefreshBody, client: Anybody) -> TokenAnswer:
    """The next pair of tokens; the refresh token that was sent is used up."""
    return _tokens(signin.renew(body.refresh_token, client))


@router.post("/auth/logout", status_code=204)
def logout(
    request: Request, response: Response, client: Anybody, session: Transaction, body: LogoutBody | None = None
) -> None:
    """End the browser's session, and the family of the refresh token when one is sent."""
    cookie = request.cookies.get(COOKIE)
    if cookie:
        require_own_page(request)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=_is_https(request))
    service.logout(session, client, cookie=cookie, refresh_token=body.refresh_token if body else "")


@router.get("/setup")
def get_setup(_: Anybody, session: Reading) -> SetupAnswer:
    """Whether this installation still waits for its first admin."""
    return SetupAnswer(needed=not queries.is_set_up(session))


@router.post("/setup", status_code=201)
def set_up(body: SetupBody, request: Request, response: Response, client: Anybody) -> BrowserAnswer:
    """Create the first admin with the one-time token that the console shows."""
    if body.browser:
        require_own_page(request)
    person = signin.set_up(body.token, client, email=body.email, password=body.password, name=body.name)
    if body.browser:
        _set_cookie(request, response, signin.open_browser(person, client, _browser(request, remember=False)))
    return BrowserAnswer(user=_user(person))


@router.get("/me")
def get_me(actor: SignedIn, session: Reading, response: Response) -> MeAnswer:
    """Who I am, and what I may do."""
    person = queries.get_me(session, actor)
    response.headers["ETag"] = etag_of(person)
    return _me(person, sorted(actor.permissions))


@router.patch("/me")
def change_me(
    body: ProfileBody, actor: SignedIn, session: Transaction, response: Response, if_match: IfMatch = None
) -> MeAnswer:
    """Change my own name, language or theme."""
    person = service.change_own_profile(session, actor, ProfileChange(**body.model_dump()), if_match=if_match)
    response.headers["ETag"] = etag_of(person)
    return _me(person, sorted(actor.permissions))


@router.post("/me/password", status_code=204)
def change_my_password(body: PasswordBody, actor: SignedIn) -> None:
    """Change my password; every other session and token of mine ends."""
    signin.change_password(actor, body.current_password, body.new_password)


@router.get("/users")
def list_users(
    query: Annotated[UsersQuery, Query()], actor: SignedIn, session: Reading, request: Request, response: Response
) -> UserList:
    """Everybody who has an account."""
    page = queries.list_users(session, actor, PageQuery(limit=query.limit, cursor=query.cursor), query.q)
    response.headers.update(next_link(request, page.next_cursor))
    items = [_user(person) for person in page.items]
    return UserList(items=items, next_cursor=page.next_cursor, prev_cursor=page.prev_cursor)


@router.post("/users", status_code=201, response_model=UserAnswer)
def create_user(body: NewUserBody, actor: SignedIn, session: Transaction) -> JSONResponse:
    """Add a user with exactly one role."""
    user = service.create_user(session, actor, **body.model_dump())
    person = Person(user, body.role)
    headers = {"Location": f"/v1/users/{user.id}", "ETag": etag_of(person)}
    return JSONResponse(_user(person).model_dump(mode="json", by_alias=True), 201, headers)


@router.get("/users/{user_id}")
def get_user(user_id: str, actor: SignedIn, session: Reading, response: Response) -> UserAnswer:
    """One user."""
    person = queries.get_user(session, actor, user_id)
    response.headers["ETag"] = etag_of(person)
    return _user(person)


@router.patch("/users/{user_id}")
def change_user(
    user_id: str, body: UserBody, actor: SignedIn, session: Transaction, response: Response, *, if_match: IfMatch = None
) -> UserAnswer:
    """Change a user's name, role or status; sessions of a disabled user end at once."""
    person = service.change_user(session, actor, user_id, UserChange(**body.model_dump()), if_match=if_match)
    response.headers["ETag"] = etag_of(person)
    return _user(person)


def _tokens(pair: TokenPair) -> TokenAnswer:
    return TokenAnswer(access_token=pair.access_token, refresh_token=pair.refresh_token, expires_in=pair.expires_in)


def _user(person: Person) -> UserAnswer:
    return UserAnswer(**_facts(person))


def _me(person: Person, permissions: list[str]) -> MeAnswer:
    return MeAnswer(**_facts(person), roles=[person.role], permissions=permissions)


def _facts(person: Person) -> dict[str, Any]:
    shown = ("id", "email", "name", "status", "language", "theme", "created_at", "last_login_at")
    return {name: getattr(person.user, name) for name in shown} | {"role": person.role}


def _browser(request: Request, *, remember: bool) -> signin.Browser:
    return signin.Browser(remember, request.cookies.get(COOKIE))


def _set_cookie(request: Request, response: Response, started: NewSession) -> None:
    """`Secure` only over HTTPS: over plain HTTP a browser would drop it, and nobody on a LAN could sign in."""
    response.set_cookie(
        COOKIE,
        started.cookie,
        max_age=started.max_age_s,
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite="strict",
    )


def _is_https(request: Request) -> bool:
    return request.url.scheme == "https"
