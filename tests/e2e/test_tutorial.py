"""The tutorial's journey by curl, word for word: its own blocks, in their order, against a product just started."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import ROOT, Product
from tests.systems.processes import START_S, free_port, program
from tests.systems.sshhosts import SshHost, ssh_hosts

PAGE = ROOT / "docs" / "tutorial" / "first-job.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETUP = re.compile(r"/setup#token=(\S+)")
BETWEEN = "\x1e\n"
JOURNEY_S = 300


@pytest.fixture(scope="module")
def machine() -> Iterator[SshHost]:
    with ssh_hosts(1) as hosts:
        yield hosts[0]


@pytest.fixture
def product(screens: None, machine: SshHost, tmp_path: Path) -> Iterator[Product]:
    """`./orch up` in an empty data folder; what the tutorial tests for is the other machine, which is private here."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    made = Product(data_dir, free_port(), {"ORCH_EGRESS_ALLOW": machine.address, "ORCH_GRACE_S": "1"})
    with made.up():
        yield made


def token_of(product: Product) -> str:
    """What stands behind `token=` in the address that `up` prints right after it is ready."""
    deadline = time.monotonic() + START_S
    while not (found := SETUP.search(product.log("up"))):
        assert time.monotonic() < deadline, product.log("up")
        time.sleep(0.1)
    return found[1]


def blocks() -> tuple[str, list[str]]:
    """The block that starts the product, and those of the journey by curl."""
    by_hand, by_curl = PAGE.read_text("utf-8").split("\n## 3. ")
    (start,) = BLOCK.findall(by_hand)
    return start, BLOCK.findall(by_curl)


def filled_in(journey: list[str], values: dict[str, str]) -> list[str]:
    """The blocks with what the reader is told to put in; each of these names is set exactly once."""
    whole = BETWEEN.join(journey)
    for name, value in values.items():
        whole, count = re.subn(rf"^{name}=.*$", f"{name}={value}", whole, flags=re.MULTILINE)
        assert count == 1, name
    return whole.split(BETWEEN)


def fingerprint_on(machine: SshHost) -> str:
    """What `ssh-keygen -lf` shows on the host itself."""
    argv = [program("ssh-keygen"), "-lf", f"{machine.folder}/host/key.pub"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[1]


def run(journey: list[str], folder: Path) -> list[str]:
    """What each block prints, in one shell that stops at the first command that fails."""
    script = folder / "journey.sh"
    script.write_text(f"printf '{BETWEEN}'\n".join(journey), "utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(
        [program("sh"), "-eu", str(script)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
        timeout=JOURNEY_S,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-2000:]
    return done.stdout.split(BETWEEN)


def events(stream: str) -> list[tuple[str, Any]]:
    """Names and data of server-sent events."""
    found = re.findall(r"^event: (\w+)\n(?:id: \d+\n)?data: (.*)$", stream, re.MULTILINE)
    return [(name, json.loads(data)) for name, data in found]


def test_the_product_is_started_as_the_tutorial_says() -> None:
    start, journey = blocks()
    assert start.splitlines()[-1] == "./orch up"
    assert len(journey) > 8


@pytest.mark.long
def test_every_block_of_the_journey_does_what_the_tutorial_says(
    product: Product, machine: SshHost, tmp_path: Path
) -> None:
    pin = fingerprint_on(machine)
    values = {
        "J": product.url,
        "TOKEN": token_of(product),
        "ADDRESS": machine.address,
        "PORT": str(machine.port),
        "LOGIN": machine.user,
        "KEY": machine.private_key,
        "PIN": pin,
        "TARGET": machine.address,
    }
    said = run(filled_in(blocks()[1], values), tmp_path)
    _, _, admin, signed_in, added, scanned, pinned, ordered, watched, job, files, canceled, status, repeated = said

    assert json.loads(admin)["user"]["role"] == "admin"
    assert signed_in + added + ordered == ""
    assert pin in {key["fingerprint"] for key in json.loads(scanned)["keys"]}
    assert json.loads(pinned)["host"]["hostKey"]["fingerprint"] == pin
    told = events(watched)
    assert (told[-1][0], told[-1][1]["status"]) == ("end", "SUCCESS")
    assert "web1" in {data["host"] for name, data in told if name == "log"}
    ended = json.loads(job)
    assert (ended["status"], len(ended["steps"]) > 1, ended["output"]["items"][0]["id"]) == ("SUCCESS", True, "web1")
    listed, output = map(json.loads, decoded(files))
    assert {row["name"] for row in listed["items"]} >= {"output.json", "logs.ndjson", "artifacts.tar.gz"}
    assert output == ended["output"]
    assert json.loads(canceled)["status"] in {"PENDING", "RUNNING", "CANCELED"}
    assert status == "CANCELED\n"
    assert repeated == json.loads(canceled)["id"] + "\n"


def decoded(text: str) -> list[str]:
    """Two JSON documents that stand behind each other."""
    end = json.JSONDecoder().raw_decode(text)[1]
    return [text[:end], text[end:]]
