"""An installation to be attacked: three people, things worth protecting, a web process, and nobody else who writes."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from orch_app.domains.accounts.sessions import key_of
from tests.e2e.product import PASSWORD, Product
from tests.e2e.raw_tab import PATIENCE_S, cookie_of

SECRET = "canary-9f3a-of-the-vault"
HOST, CONNECTION = "canary-host", "canary-connection"
LIVELY = {"audit_log", "browser_sessions", "refresh_tokens", "workers"}
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Login:
    """Somebody who has just signed in: the session cookie of a browser or "", and what is sent along either way."""

    email: str
    cookie: str
    headers: dict[str, str]


@dataclass
class House:
    """The installation, a cookie of each role, and what was made in it."""

    product: Product
    cookies: dict[str, str] = field(default_factory=dict)
    job_id: str = ""

    def call(self, method: str, path: str, role: str = "admin", body: Any = None) -> httpx.Response:
        """One REST call in the name of a role's browser."""
        headers = {"Origin": self.product.url, "Cookie": f"orch_session={self.cookies[role]}"}
        return httpx.request(method, self.product.url + path, json=body, headers=headers, timeout=PATIENCE_S)

    def newcomer(self, name: str, *, by_script: bool = False) -> Login:
        """Somebody new, a viewer, of one test alone."""
        email = self.product.add_user("viewer", f"{name}@example.org")
        cookie = cookie_of(self.product, email)
        browser = {"Cookie": f"orch_session={cookie}", "Origin": self.product.url}
        return Login(email, "", bearer_of(self, email)) if by_script else Login(email, cookie, browser)

    def sign_out(self, login: Login) -> None:
        """Of his or her own accord."""
        httpx.post(f"{self.product.url}/v1/auth/logout", headers=login.headers).raise_for_status()

    def disable(self, login: Login) -> None:
        self.change_user(login.email, status="disabled")

    def promote(self, login: Login) -> None:
        """Another role: what is open was opened with the old one."""
        self.change_user(login.email, role="operator")

    def expire(self, login: Login) -> None:
        """The session of the browser has become too old."""
        change = "UPDATE browser_sessions SET expires_at = created_at WHERE token_hash = ?"
        self.write(change, key_of(login.cookie))

    def revoke_elsewhere(self, login: Login) -> None:
        """Another web process has ended the session of the browser."""
        change = "UPDATE browser_sessions SET revoked_at = created_at WHERE token_hash = ?"
        self.write(change, key_of(login.cookie))

    def revoke_family(self, login: Login) -> None:
        """The tokens of the script have been revoked, as after a reuse."""
        change = "UPDATE refresh_tokens SET revoked_at = created_at WHERE user_id = ?"
        self.write(change, self.id_of(login.email))

    def id_of(self, email: str) -> str:
        found = self.call("GET", "/v1/users").raise_for_status().json()["items"]
        return next(user["id"] for user in found if user["email"] == email)

    def change_user(self, email: str, **change: str) -> None:
        self.call("PATCH", f"/v1/users/{self.id_of(email)}", body=change).raise_for_status()

    def rows(self) -> Rows:
        """Everything that is stored, but for what also changes when people only look."""
        with sqlite3.connect(self.product.data_dir / "orch.db") as database:
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                name: database.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()
                for name in names
                if name not in LIVELY
            }

    def write(self, command: str, *values: Any) -> None:
        """Change a row behind the back of the web process, as another one would."""
        with sqlite3.connect(self.product.data_dir / "orch.db", timeout=PATIENCE_S) as database:
            assert database.execute(command, values).rowcount

    def new_log(self, before: int) -> str:
        """What the web process has written since its log had this length."""
        return self.product.log("web")[before:]


def furnish(house: House, roles: Mapping[str, str]) -> None:
    """Sign people in, and put a connection with a secret, a host and a waiting job into it."""
    house.cookies = {role: cookie_of(house.product, email) for role, email in roles.items()}
    payload = {"user": "deploy", "password": SECRET}
    order = {"type": "ssh", "name": CONNECTION, "environment": "stage", "payload": payload}
    house.call("POST", "/v1/connections", body=order).raise_for_status()
    host = {"name": HOST, "address": "127.0.0.1", "environment": "stage"}
    house.call("POST", "/v1/hosts", body=host).raise_for_status()
    house.call("POST", "/v1/runbooks/sync").raise_for_status()
    made = house.call("POST", "/v1/runbooks/host_report/execute", body={}).raise_for_status()
    house.job_id = made.json()["jobId"]


def bearer_of(house: House, email: str) -> dict[str, str]:
    """The header of a script that has signed in."""
    answer = httpx.post(
        f"{house.product.url}/v1/auth/login", json={"email": email, "password": PASSWORD}, timeout=PATIENCE_S
    )
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['accessToken']}"}
