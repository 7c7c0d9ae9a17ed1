"""The pictures of the README, from real jobs on real hosts.

`./orch test e2e --full tests/e2e/test_pictures.py --pictures=docs/images` takes them anew.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.looks import Look, Tab, open_tab
from tests.e2e.product import ROOT, new_product, started
from tests.systems.sshd import SshServer, ssh_server

JOB_MS = 120_000
LOOK = Look(1280, 800, "dark", "en")
PICTURE = re.compile(r"!\[[^]]*\]\(docs/images/([a-z-]+\.png)\)")


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where the pictures go: the folder that was asked for, else one that is thrown away."""
    return Path(request.config.getoption("--pictures") or tmp_path)


def call(tab: Tab, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Origin": tab.product.url}
    answer = tab.page.request.post(f"{tab.product.url}/v1/{path}", data=body, headers=headers, timeout=JOB_MS)
    assert answer.ok, answer.text()
    return answer.json()


def added(tab: Tab, name: str, server: SshServer, connection: str) -> str:
    """The id of a new host with a pinned key."""
    facts = {"name": name, "address": server.address, "port": server.port, "environment": "stage"}
    host = call(tab, "hosts", facts | {"connectionId": connection})["id"]
    shown = call(tab, f"hosts/{host}/scan-key", {})["keys"][0]["fingerprint"]
    call(tab, f"hosts/{host}/scan-key", {"pin": shown})
    return host


def reported(tab: Tab, hosts: list[str]) -> str:
    """The id of a report of these hosts that has ended well."""
    job = call(tab, "runbooks/host_report/execute", {"hosts": hosts})["jobId"]
    assert tab.job_when_over(job)["status"] == "SUCCESS"
    return job


@pytest.mark.full
def test_the_pictures_of_the_readme(browser: Browser, screens: None, pictures: Path, tmp_path: Path) -> None:
    made = new_product(tmp_path / "data", ORCH_EGRESS_ALLOW="127.0.0.0/8")
    made.add_user("admin", "ana@example.org", "Ana Ribeiro")
    with (
        ssh_server() as first,
        ssh_server(client=first.private_key) as second,
        started(made),
        open_tab(browser, made, LOOK, as_user="ana@example.org") as tab,
    ):
        payload = {"user": first.user, "privateKey": first.private_key}
        kind = {"type": "ssh", "name": "web servers", "environment": "stage", "payload": payload}
        connection = call(tab, "connections", kind)["id"]
        hosts = [added(tab, "web1", first, connection), added(tab, "web2", second, connection)]
        reported(tab, hosts)
        page = tab.open(f"/jobs/{reported(tab, hosts)}?tab=logs")
        expect(page.locator(".ln", has_text="RECAP")).to_be_visible()
        expect(page.locator(".st", has_text="Succeeded").first).to_be_visible()
        page.screenshot(path=pictures / "job.png")
    assert PICTURE.findall((ROOT / "README.md").read_text("utf-8")) == ["job.png"]
