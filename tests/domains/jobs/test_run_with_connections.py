"""Jobs whose runbooks want connections: each finds its own file, nobody else does, and no secret is told."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import connections, queries
from orch_app.domains.inventory.wire import NewConnection
from orch_app.domains.jobs import engines
from orch_app.domains.jobs.execution import SlotConnection, open_workspace, probe
from orch_app.domains.jobs.execution.connection_files import write_connections
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.settings import settings
from tests.domains.jobs.orders import launched
from tests.domains.jobs.secrecy import assert_nowhere
from tests.domains.jobs.trials import Trials, ran, text_of
from tests.systems.keys import make_key

pytestmark = pytest.mark.integration
CANARY = "canary-t0ken/9Zk1+x"
SLOTS = [{"slot": "dns", "type": "cloudflare"}, {"slot": "spare", "type": "hetzner", "required": False}]

TELL = """
    - name: What a play knows of its connections
      ansible.builtin.debug:
        msg: "known {{ orch.connections | to_json }}"
    - name: Read the file
      ansible.builtin.set_fact:
        found: "{{ lookup('file', orch.connections.dns.path) | from_json }}"
        its_file: "{{ lookup('fileglob', orch.connections.dns.path | dirname + '/*', wantlist=true) }}"
    - name: Look at its rights
      ansible.builtin.stat: {path: "{{ orch.connections.dns.path }}"}
      register: rights
    - name: What others may see
      ansible.builtin.find:
        paths: "{{ orch.connections.dns.path | dirname | dirname | dirname | dirname }}"
        patterns: "*.json"
        recurse: true
      register: around
    - name: Tell everything
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop:
        - "aloud {{ found.apiToken }}"
        - "encoded {{ found.apiToken | b64encode }}"
        - "quoted {{ found.apiToken | urlencode }}"
        - "bearer {{ ('x:' + found.apiToken) | b64encode }}"
        - "{{ found | to_json }}"
        - "mode {{ rights.stat.mode }}, beside {{ its_file | length }}, around {{ around.files | length }}"
    - name: Write it down
      ansible.builtin.copy:
        content: "begin {{ found.apiToken }} end"
        dest: "{{ orch.artifacts_dir }}/told.txt"
        mode: "0600"
    - name: Give it out
      orch_output:
        extra: "{{ {'words': [found.apiToken, found.name, found.type, found.environment]} }}"
"""


@pytest.fixture(params=["plain", "warm"])
def chosen(request: pytest.FixtureRequest, sqlite_trials: Trials, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trials]:
    """Trials with either engine."""
    monkeypatch.setenv("ORCH_ENGINE", request.param)
    settings.cache_clear()
    engines.close()
    yield sqlite_trials
    engines.close()


def add(actor: Actor, name: str = "zone key", environment: Any = "stage", token: str = CANARY) -> str:
    with unit_of_work() as session:
        payload = {"apiToken": token, "url": "http://127.0.0.1:9"}
        new = NewConnection(type="cloudflare", name=name, environment=environment, payload=payload)
        return connections.create(session, actor, new).id


def known_to(job: Job) -> dict[str, dict[str, str]]:
    """What the play was told of its connections."""
    (line,) = [line for line in text_of(job).splitlines() if "known {" in line]
    return json.loads(line[line.index("{") :])


def test_a_play_reads_its_connection_and_whatever_it_tells_is_masked(chosen: Trials, admin: Actor) -> None:
    other = add(admin, "another key", token="an0ther-token")
    folder = chosen.write("trial", TELL, connections=SLOTS)
    dns = add(admin)
    with open_workspace(settings().data_dir, "job_other.1", folder, probe().level) as of_another_job:
        write_connections(of_another_job, [SlotConnection("dns", "theirs", "cloudflare", {"apiToken": "theirs"})])
        job = ran(launched(admin, "trial", connections={"dns": dns}))
    assert (job.status, job.engine) == ("SUCCESS", settings().engine), text_of(job)
    text = text_of(job)
    assert "aloud ***" in text
    assert "encoded ***" in text
    assert "mode 0600, beside 1, around 1" in text
    path = known_to(job)["dns"]["path"]
    assert known_to(job) == {"dns": {"path": path, "name": "zone key", "type": "cloudflare"}}
    assert job.output_json is not None
    assert job.output_json["words"] == ["***", "zone key", "cloudflare", "stage"]
    spelled = [CANARY, base64.b64encode(CANARY.encode()).decode(), "canary-t0ken%2F9Zk1", "9Zk1"]
    assert_nowhere(admin, job, spelled)
    assert not Path(path).exists(), "it is gone with the job"
    with reading() as session:
        assert queries.get_connection(session, admin, dns).last_used_at is not None
        assert queries.get_connection(session, admin, other).last_used_at is None


OPEN = """
    - name: Use the key
      ansible.builtin.command:
        argv: [ssh-keygen, -y, -P, "", -f, "{{ orch.connections.door.key_path }}"]
      register: public
    - name: Say which one it opens, and tell the key itself
      ansible.builtin.debug:
        msg: "opens {{ public.stdout }} {{ lookup('file', orch.connections.door.key_path) }}"
    - name: Give it out
      orch_output:
"""


def test_the_locked_key_of_an_ssh_connection_opens_without_a_question_and_is_masked(
    sqlite_trials: Trials, admin: Actor, tmp_path: Path
) -> None:
    key = make_key(tmp_path, "ed25519", passphrase="open sesame")
    with unit_of_work() as session:
        payload = {"user": "ops", "privateKey": key, "passphrase": "open sesame"}
        new = NewConnection(type="ssh", name="door", environment="stage", payload=payload)
        door = connections.create(session, admin, new).id
    sqlite_trials.write("trial", OPEN, connections=[{"slot": "door", "type": "ssh"}])
    job = ran(launched(admin, "trial", connections={"door": door}))
    assert job.status == "SUCCESS", text_of(job)
    public = " ".join((tmp_path / "key.pub").read_text().split()[:2])
    assert f"opens {public}" in text_of(job)
    assert "PRIVATE KEY" not in text_of(job)
    assert_nowhere(admin, job, ["open sesame", *key.splitlines()[1:-1]])


def test_a_connection_that_changed_its_environment_since_the_launch_ends_the_job(
    sqlite_trials: Trials, admin: Actor
) -> None:
    sqlite_trials.write("trial", TELL, connections=SLOTS)
    dns = add(admin)
    waiting = launched(admin, "trial", connections={"dns": dns})
    with unit_of_work() as session:
        queries.get_connection(session, admin, dns).environment = "prod"
    job = ran(waiting)
    assert (job.status, job.reason) == ("ERROR", "preparation_failed")
    assert "/connections/dns: it is of prod, the job of stage" in job.reason_detail
    assert CANARY not in text_of(job)


def test_a_play_without_connections_is_told_of_none(sqlite_trials: Trials, admin: Actor) -> None:
    job = sqlite_trials.ran("""
    - name: Tell
      ansible.builtin.debug:
        msg: "known {{ orch.connections | to_json }}"
    - name: Write the output
      orch_output:
""")
    assert known_to(job) == {}, text_of(job)
