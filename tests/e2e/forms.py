"""`record_desk`: a runbook whose form has every construct, for those who look at forms. Its job only says hello."""

from typing import Any

METADATA = """\
name: record_desk
version: "1.0.0"
title: Record desk
title_pt: Balcão de registros
description: Takes records of every kind and does nothing with them.
description_pt: Recebe registros de todo tipo e não faz nada com eles.
category: dns
risk: low
mutates: false
target: localhost
timeout_s: 300
"""


def _text(title: str, title_pt: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "title": title, "x-title-pt": title_pt, **more}


_RECORD: dict[str, Any] = {
    "type": "object",
    "title": "Record",
    "x-title-pt": "Registro",
    "additionalProperties": False,
    "required": ["type", "name"],
    "properties": {
        "type": {"title": "Type", "x-title-pt": "Tipo", "enum": ["A", "CNAME", "MX", "TXT"]},
        "name": _text("Name", "Nome", maxLength=255),
        "content": _text("Content", "Conteúdo", maxLength=2000),
        "ttl": {
            "title": "TTL",
            "x-title-pt": "TTL",
            "anyOf": [{"const": 1}, {"type": "integer", "minimum": 60}],
            "x-labels": {"1": "auto"},
            "default": 1,
        },
        "proxied": {"title": "Proxy", "x-title-pt": "Proxy", "type": "boolean", "default": False},
        "priority": {"title": "Priority", "x-title-pt": "Prioridade", "type": "integer", "minimum": 0},
        "comment": _text("Comment", "Comentário", maxLength=100),
    },
    "allOf": [
        {
            "if": {"properties": {"type": {"const": "A"}}},
            "then": {"required": ["content"], "properties": {"content": {"format": "ipv4"}}},
        },
        {"if": {"properties": {"type": {"const": "MX"}}, "required": ["type"]}, "then": {"required": ["priority"]}},
    ],
}
_SOURCES: list[dict[str, Any]] = [
    {
        "type": "object",
        "title": "Text",
        "x-title-pt": "Texto",
        "additionalProperties": False,
        "required": ["compose"],
        "properties": {"compose": _text("Compose file", "Arquivo compose", **{"x-widget": "code"}, maxLength=4096)},
    },
    {
        "type": "object",
        "title": "Repository",
        "x-title-pt": "Repositório",
        "additionalProperties": False,
        "required": ["repo"],
        "properties": {"repo": _text("Address", "Endereço"), "ref": _text("Branch", "Ramo", default="main")},
    },
]
INPUTS: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["records"],
    "properties": {
        "host": _text("Host", "Host", **{"x-choices": {"source": "hosts", "params": {"by": "name"}}}),
        "mode": {"title": "Mode", "x-title-pt": "Modo", "enum": ["upsert", "exact"], "default": "upsert"},
        "scope": _text("Scope", "Escopo", **{"x-show-when": {"mode": ["exact"]}}),
        "records": {
            "type": "array",
            "title": "Records",
            "x-title-pt": "Registros",
            "minItems": 1,
            "maxItems": 5000,
            "x-columns": ["type", "name", "content", "ttl", "proxied"],
            "x-import": ["zone"],
            "items": _RECORD,
        },
        "source": {"title": "Source", "x-title-pt": "Origem", "oneOf": _SOURCES},
        "env": {
            "type": "object",
            "title": "Environment",
            "x-title-pt": "Variáveis",
            "additionalProperties": {"type": "string"},
        },
        "notify": {
            "type": "object",
            "title": "Tell somebody",
            "x-title-pt": "Avisar alguém",
            "additionalProperties": False,
            "required": ["address"],
            "properties": {"address": _text("Who", "Quem")},
        },
        "more": {"type": "object", "title": "More", "x-title-pt": "Outros dados"},
    },
    "allOf": [
        {"if": {"properties": {"mode": {"const": "exact"}}, "required": ["mode"]}, "then": {"required": ["scope"]}},
    ],
}
