"""Counts effects outside the product: a runbook's play asks it, and nothing that is killed can make it forget.

A play has one module only: each costs a new Python, and there are hundreds of plays.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOOPBACK = "127.0.0.0/8"  # where the ledger is; plays reach no private network unless it is allowed
AGAIN = "again"
"""The runbook whose jobs may begin anew when their worker is lost; all others have their effects once."""

LINES_A_SECOND = 250
RUNBOOK = {
    "runbook.yaml": """
name: {name}
version: "1.0.0"
title: Effect
title_pt: Efeito
category: tests
risk: low
mutates: true
supports: {{check: false}}
target: localhost
on_worker_loss: {on_worker_loss}
timeout_s: {timeout_s}
network: egress
limits: {{log_mb: {log_mb}}}
""",
    "playbook.yml": """
- name: Have an effect
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Begin
      ansible.builtin.debug:
        msg: "{{{{ lookup('ansible.builtin.url', 'http://{address}:{port}/begin/' ~ orch.job_id) }}}}"
    - name: Say
      ansible.builtin.command:
        argv:
          - seq
          - -f
          - "said %.0f {padding}"
          - "{{{{ item * {lines} + 1 }}}}"
          - "{{{{ item * {lines} + {lines} }}}}"
      loop: "{{{{ range({times}) | list }}}}"
      changed_when: false
    - name: Take a while, and end
      ansible.builtin.command:
        argv: ["{{{{ ansible_playbook_python }}}}", -ISc, "{{{{ end }}}}", "{{{{ orch.output_path }}}}"]
      vars:
        end: |
          import socket, sys, time
          time.sleep({takes_s})
          with socket.create_connection(("{address}", {port})) as ledger:
              ledger.sendall(b"GET /end/{{{{ orch.job_id }}}} HTTP/1.0\\r\\n\\r\\n")
              assert b" 204 " in ledger.recv(100)
          open(sys.argv[1], "w").write('{{"schema_version": 1}}')
""",
    "schema.json": '{{"type": "object", "additionalProperties": false, "properties": {{}}}}',
    "output.schema.json": '{{"type": "object"}}',
    "README.md": "# {name}\n",
}


@dataclass(frozen=True)
class Talk:
    """What a play says between its two effects: so many times so many lines, each `said N` and padding."""

    times: int = 0
    lines: int = 300
    padding: int = 0
    log_mb: int = 64

    @property
    def total(self) -> int:
        return self.times * self.lines

    @property
    def timeout_s(self) -> int:
        """Long enough for a machine that is busy with other things: a million lines took more than five minutes."""
        return 300 + self.total // LINES_A_SECOND


SILENT = Talk()


@dataclass
class Ledger:
    """How often each path was asked for."""

    port: int
    address: str = "127.0.0.1"
    counts: Counter[str] = field(default_factory=Counter)

    def write_runbook(
        self, root: Path, on_worker_loss: str = "interrupt", name: str = "effect", takes_s: int = 1, talk: Talk = SILENT
    ) -> Path:
        """A runbooks folder with this one runbook more; its play takes so many seconds between its two effects."""
        folder = root / name
        (folder / "tests").mkdir(parents=True)
        facts: dict[str, object] = {"name": name, "address": self.address, "port": self.port, "takes_s": takes_s}
        facts |= asdict(talk) | {"padding": "x" * talk.padding, "timeout_s": talk.timeout_s}
        facts |= {"on_worker_loss": on_worker_loss}
        for file, text in RUNBOOK.items():
            (folder / file).write_text(text.format(**facts).lstrip(), "utf-8")
        return root

    def effects(self, job_id: str, step: str = "begin") -> int:
        return self.counts[f"/{step}/{job_id}"]


@contextmanager
def ledger_server(address: str = "127.0.0.1") -> Iterator[Ledger]:
    ledger = Ledger(0, address)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ledger.counts[self.path] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer((address, 0), Handler)
    ledger.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield ledger
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
