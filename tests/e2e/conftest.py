"""Fixtures of the browser tests: the screens built once, one running product for all, and fresh ones on demand.

`product` has the users `admin@`, `operator@` and `viewer@example.org`, and the runbooks of `drill`;
`tab` opens a browser in a look, signed in.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.drill import add_drill
from tests.e2e.house import House, furnish
from tests.e2e.looks import DESKTOP, Look, Tab, open_tab
from tests.e2e.product import ROLES, Product, new_product, started

OpenTab = Callable[..., Tab]


@pytest.fixture(scope="session")
def product(screens: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One installation with a worker, the drills and a user of every role, shared by all tests."""
    folder = tmp_path_factory.mktemp("product")
    drills = str(add_drill(folder / "runbooks"))
    made = new_product(folder / "data", ORCH_RUNBOOKS_DIR=drills, ORCH_SOURCE_FOLDERS=str(folder / "sources"))
    for role in ROLES:
        made.add_user(role)
    with started(made):
        yield made
        assert "tab.refused" not in made.log("web"), "a page has said something that the event channel does not take"


@pytest.fixture
def new_installation(screens: None, tmp_path: Path) -> Iterator[Product]:
    """A web process whose first admin is still to be created, without a worker; of this test alone."""
    with started(new_product(tmp_path / "data"), workers=0) as made:
        yield made


@pytest.fixture
def tab(browser: Browser, product: Product) -> Iterator[OpenTab]:
    """`tab("admin", look)`: a browser tab of the shared product, signed in with that role ("" for nobody)."""
    with ExitStack() as opened:

        def make(role: str = "admin", look: Look = DESKTOP, where: Product = product) -> Tab:
            address = f"{role}@example.org" if role else ""
            return opened.enter_context(open_tab(browser, where, look, as_user=address))

        yield make


@pytest.fixture(scope="session")
def house(screens: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An installation without a worker, for those who attack it; nothing in it changes by itself."""
    made = new_product(tmp_path_factory.mktemp("house") / "data", ORCH_EGRESS_ALLOW="127.0.0.0/8")
    roles = {role: made.add_user(role) for role in ROLES}
    with started(made, workers=0):
        furnished = House(made)
        furnish(furnished, roles)
        yield furnished
