"""3,500 DNS records through the product: looked at, applied as looked at, looked at again, and put back.

Cloudflare is its double on loopback, which judges each request by the vendor's contract. Beside the seconds the calls
count: an account has 1,200 of them in five minutes.
"""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from bench.installation import installation
from bench.job import demand_success
from tests.systems.cloudflare import TOKEN, Cloudflare, Zone, cloudflare

RECORDS = 3_500
THERE_BEFORE = 5  # each fifth record is there already, and says something else
PLAN_OF_A_FREE_ZONE = 200
BULK = "/v1/runbooks/cloudflare_dns_bulk/execute"
Order = dict[str, Any]


def bench_dns(*, quick: bool = False) -> dict[str, Any]:
    """Seconds from the POST to the end as a reader of the stream sees it, and the calls by kind, of each step."""
    count = 300 if quick else RECORDS
    with cloudflare() as server, installation({"ORCH_EGRESS_ALLOW": "127.0.0.0/8"}) as made, made.client() as client:
        zone = server.add_zone(
            "example.com", *({**row, "content": "192.0.2.9"} for row in _records(count)[::THERE_BEFORE])
        )
        bench, before = _Bench(client, server), zone.texts()
        order = bench.order(zone, count)
        looked = {**order, "mode": "preview"}
        bench.step("warming", BULK, looked)
        plan = bench.step("preview", BULK, looked)["planSha256"]
        applied = bench.step("apply", BULK, {**order, "expectPlan": plan})
        bench.step("again", BULK, order)
        bench.step("rollback", f"/v1/jobs/{applied['id']}/rollback", {})
        if zone.texts() != before:
            raise RuntimeError("the zone is not what it was before")
        return {"records": count, "there_before": len(before), **bench.figures}


def _records(count: int) -> list[dict[str, Any]]:
    return [{"type": "A", "name": f"host-{n}.example.com", "content": f"198.51.100.{n % 250}"} for n in range(count)]


@dataclass
class _Bench:
    """Takes the steps one after the other, and keeps what each took."""

    client: httpx.Client
    server: Cloudflare

    def __post_init__(self) -> None:
        self.figures: dict[str, Any] = {}

    def order(self, zone: Zone, count: int) -> Order:
        """What is ordered: all records of one list, replacing what they meet, in batches that every plan allows."""
        payload = {"apiToken": TOKEN, "url": self.server.url}
        new = {"type": "cloudflare", "name": "dns", "environment": "stage", "payload": payload}
        connection = self.client.post("/v1/connections", json=new).raise_for_status().json()["id"]
        records = [{**row, "on_conflict": "replace"} for row in _records(count)]
        inputs = {"zone_id": zone.id, "records": records, "max_changes": count, "batch_size": PLAN_OF_A_FREE_ZONE}
        return {"environment": "stage", "connections": {"cloudflare": connection}, "inputs": inputs}

    def step(self, name: str, path: str, body: Order) -> dict[str, Any]:
        """One job from its POST to its end."""
        self.server.forget()
        begin = time.perf_counter()
        job = self.client.post(path, json=body).raise_for_status().json()["jobId"]
        with self.client.stream("GET", f"/v1/jobs/{job}/logs/stream", timeout=3_600) as stream:
            next(line for line in stream.iter_lines() if line == "event: end")
        self.figures[f"{name}_s"] = round(time.perf_counter() - begin, 2)
        self.figures[f"{name}_calls"] = dict(sorted(self.server.counted().items()))
        demand_success(self.client, job)
        return self.client.get(f"/v1/jobs/{job}").raise_for_status().json()
