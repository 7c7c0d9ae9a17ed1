"""Records as a BIND zone file, with what only Cloudflare knows in comments, as its own export has them."""

from __future__ import annotations

import json
import re
from typing import Iterable

from ansible.module_utils.orch.dns import names, rdata
from ansible.module_utils.orch.dns.records import Record

_PLAIN_TAG = re.compile(r'[^"=,\\\s]*')


def zone_file(zone: str, records: Iterable[Record]) -> str:
    """The whole file, sorted, so that two of the same zone can be compared line by line."""
    listed = sorted(records, key=lambda record: (names.in_zone_order(record.name), record.type, record.value))
    return "".join([f"$ORIGIN {zone}.\n", *(f"{line(record)}\n" for record in listed)])


def line(record: Record) -> str:
    """`www.example.com. 300 IN A 192.0.2.1 ; front door cf_tags=cf-proxied:false`."""
    text = rdata.in_zone_file(record.type, record.value, record.priority)
    remark = " ".join(part for part in (" ".join(record.comment.split()), _tags(record)) if part)
    return f"{record.name}. {record.ttl} IN {record.type} {text}{f' ; {remark}' if remark else ''}"


def _tags(record: Record) -> str:
    own = [f"cf-proxied:{str(record.proxied).lower()}"] if record.type in rdata.PROXIABLE else []
    given = [f"{name}:{_tag_value(value)}" for name, _, value in (tag.partition(":") for tag in record.tags)]
    return f"cf_tags={','.join([*own, *given])}" if own or given else ""


def _tag_value(value: str) -> str:
    return value if _PLAIN_TAG.fullmatch(value) else json.dumps(value, ensure_ascii=False)
