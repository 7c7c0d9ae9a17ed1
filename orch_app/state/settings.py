"""The screen /settings: one's own profile and password, users for admins, and the state of the installation."""

import asyncio
from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission, Role
from orch_app.domains.accounts import service, signin
from orch_app.domains.accounts.service import ProfileChange, UserChange
from orch_app.kit.errors import Conflict, Invalid
from orch_app.state.address import address, parameters
from orch_app.state.guard import act, actor, ask, guarded
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.session import ShellState, has_arrived
from orch_app.state.settings_view import FILTERS, NO_USER, faults_of, read_about, read_users, text_of


class SettingsState(Screen, rx.State):
    """`panel`: "", `new` (a user), `user` (its role) or `disable`. Passwords pass through and stay out."""

    about: dict[str, Any] = {"version": "", "checks": []}
    users: list[dict[str, Any]] = []
    users_total: int = 0
    next_href: str = ""
    previous_href: str = ""
    panel: str = ""
    user: dict[str, Any] = NO_USER
    role: str = "operator"
    faults: dict[str, str] = {}
    password_faults: dict[str, str] = {}
    password_round: int = 0

    @rx.event
    @guarded(Permission.ME, page=True)
    async def load(self) -> None:
        """Read what the reader may see."""
        if await has_arrived(self):
            self.panel = ""
        self.about = await asyncio.to_thread(read_about)
        if actor().may(Permission.USERS_WRITE):
            await self._read_users()
        self.phase = "ready"

    @rx.event
    @guarded(Permission.ME)
    async def save_profile(self, values: dict[str, Any]) -> Any:
        """Change one's own name."""
        await act(service.change_own_profile, ProfileChange(name=text_of(values, "name")))
        return [Notices.show_done("profile.saved"), ShellState.enter]

    @rx.event
    @guarded(Permission.ME)
    async def choose_language(self, language: str) -> None:
        """Remember the language for the next browser; this one has changed by itself."""
        await act(service.change_own_profile, ProfileChange(language="en" if language == "en" else "pt-BR"))

    @rx.event
    @guarded(Permission.ME)
    async def choose_theme(self, theme: str) -> None:
        """Remember the theme for the next browser; this one has changed by itself."""
        await act(service.change_own_profile, ProfileChange(theme="light" if theme == "light" else "dark"))

    @rx.event
    @guarded(Permission.ME)
    async def change_password(self, values: dict[str, Any]) -> Any:
        """Change one's own password; every other session of this person ends."""
        current, new = text_of(values, "current"), text_of(values, "password")
        if new != text_of(values, "repeat"):
            self.password_faults = {"repeat": "not_equal"}
            return None
        try:
            await asyncio.to_thread(signin.change_password, actor(), current, new)
        except (Invalid, Conflict) as error:
            self.password_faults = faults_of(error)
            return None
        self.password_faults, self.password_round = {}, self.password_round + 1
        return Notices.show_done("password.changed")

    @rx.event
    @guarded(Permission.USERS_WRITE)
    async def open_new(self) -> None:
        """Show the form for a new user."""
        self.panel, self.user, self.role, self.faults = "new", NO_USER, Role.OPERATOR.value, {}

    @rx.event
    @guarded(Permission.USERS_WRITE)
    async def open_user(self, user_id: str) -> None:
        """Show the form of one user."""
        self._pick(user_id, "user")

    @rx.event
    @guarded(Permission.USERS_WRITE)
    async def ask_disable(self, user_id: str) -> None:
        """Ask before somebody can no longer sign in."""
        self._pick(user_id, "disable")

    @rx.event
    @guarded(Permission.ME)
    async def close(self) -> None:
        """Close whatever is open."""
        self.panel = ""

    @rx.event
    @guarded(Permission.USERS_WRITE)
    async def choose_role(self, role: str) -> None:
        """The role in the form."""
        self.role = role if role in set(Role) else Role.VIEWER.value

    @rx.event
    @guarded(Permission.USERS_WRITE)
    async def save_user(self, values: dict[str, Any]) -> Any:
        """Add or change the user of the form; faults are shown at their fields."""
        try:
            await self._save_user(values)
        except (Invalid, Conflict) as error:
            self.faults = faults_of(error)
            if not self.faults:
                raise
            return None
        done = await self._done("user.saved")
        return [done, *self._way_to(text_of(values, "email", 254).strip().lower())]

    @rx.event
    @guarded(Permission.USERS_WRITE)
    async def disable(self) -> Any:
        """End every session of the user that was asked about, and let none begin."""
        await act(service.change_user, self.user["id"], UserChange(status="disabled"))
        return await self._done("user.disabled")

    @rx.event
    @guarded(Permission.USERS_WRITE)
    async def enable(self, user_id: str) -> Any:
        """Let a disabled user sign in again."""
        await act(service.change_user, user_id, UserChange(status="active"))
        return await self._done("user.enabled")

    async def _save_user(self, values: dict[str, Any]) -> None:
        name, role = text_of(values, "name"), Role(self.role)
        if self.panel == "new":
            email, password = text_of(values, "email", 254), text_of(values, "password")
            await act(service.create_user, email=email, password=password, role=role, name=name)
        else:
            await act(service.change_user, self.user["id"], UserChange(name=name, role=role))

    async def _done(self, what: str) -> Any:
        self.panel = ""
        await self._read_users()
        return Notices.show_done(what)

    def _way_to(self, email: str) -> list[Any]:
        """Search for a new user who is on another page than the one that is shown."""
        if not email or any(row["email"] == email for row in self.users):
            return []
        return [rx.redirect(address("/settings", {"tab": "users", "q": email}))]

    async def _read_users(self) -> None:
        for name, value in (await ask(read_users, parameters(self, *FILTERS))).items():
            setattr(self, name, value)

    def _pick(self, user_id: str, panel: str) -> None:
        self.user = next((row for row in self.users if row["id"] == user_id), NO_USER)
        self.panel, self.role, self.faults = panel, self.user["role"], {}
