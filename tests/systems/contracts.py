"""A vendor's published OpenAPI document as a judge: of every request that a fake gets, and of every answer it gives.

The documents are data outside of this repository: `ORCH_CONTRACTS` names their folder, which otherwise is
`shared/contracts` beside the checkout.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from orch_app.kit.settings import ROOT

HERE = "urn:contract"
JSON = "application/json"
_SCHEMA = f"content/{JSON.replace('/', '~1')}/schema"
_PLACE = re.compile(r"\{([^}]+)\}")
_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


def folder() -> Path:
    """Where the vendors' documents are."""
    return Path(os.environ.get("ORCH_CONTRACTS") or ROOT.parent / "shared" / "contracts")


def contract(name: str, *, more_paths: Mapping[str, Any] | None = None) -> "Contract":
    """The document of this name. `more_paths` are operations that the vendor published after it was taken.

    Raises:
        FileNotFoundError: it is not there; the message says how to name its folder.
    """
    path = folder() / name
    if not path.exists():
        message = f"{path} is missing: name the folder of the vendors' contracts by ORCH_CONTRACTS"
        raise FileNotFoundError(message)
    return Contract(_document(path), more_paths or {})


@lru_cache(maxsize=8)
def _document(path: Path) -> dict[str, Any]:
    text = path.read_text("utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CSafeLoader)


@dataclass(frozen=True)
class Operation:
    """One method of one path: `pointer` leads to it, `values` are what the path has in its places."""

    pointer: str
    document: Mapping[str, Any]
    parameters: Sequence[tuple[str, Mapping[str, Any]]]
    values: Mapping[str, str]


class Contract:
    """Says what is wrong with a request or an answer; an empty list means that the contract holds."""

    def __init__(self, document: Mapping[str, Any], more_paths: Mapping[str, Any]) -> None:
        whole = {**document, "paths": {**document["paths"], **more_paths}}
        self._document = _as_json_schema(whole) if str(document["openapi"]).startswith("3.0") else whole
        resource: Resource[Any] = Resource(self._document, DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(HERE, resource)
        self._paths = sorted(whole["paths"], key=lambda template: (template.count("{"), template))

    def faults_of_request(self, method: str, path: str, query: Mapping[str, list[str]], body: Any) -> list[str]:
        """Path, query and JSON body against the operation; `body` is None where none was sent."""
        operation = self._operation(method, path)
        if operation is None:
            return [f"{method} {path} is no operation of the contract"]
        return [*self._parameter_faults(operation, query), *self._body_faults(operation, body)]

    def faults_of_answer(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """A document that was answered; where the contract describes no JSON for the status, anything will do."""
        operation = self._operation(method, path)
        responses = operation.document["responses"] if operation else {}
        key = next((key for key in responses if key.lower() in (str(status), f"{status // 100}xx")), "default")
        if operation is None or key not in responses:
            return []
        place, described = self._followed(f"{operation.pointer}/responses/{key}", responses[key])
        has_json = JSON in described.get("content", {})
        return self._faults(f"{place}/{_SCHEMA}", body, "answer", Draft202012Validator) if has_json else []

    def _operation(self, method: str, path: str) -> Operation | None:
        name = method.lower()
        for template in self._paths:
            item = self._document["paths"][template]
            values = _values(template, path)
            if values is not None and name in item:
                pointer = f"#/paths/{template.replace('~', '~0').replace('/', '~1')}"
                of_path = self._parameters(pointer, item)
                of_method = self._parameters(f"{pointer}/{name}", item[name])
                return Operation(f"{pointer}/{name}", item[name], [*of_path, *of_method], values)
        return None

    def _parameters(self, pointer: str, owner: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
        listed = enumerate(owner.get("parameters", ()))
        return [self._followed(f"{pointer}/parameters/{at}", one) for at, one in listed]

    def _followed(self, pointer: str, node: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Where the description really stands, and what it says there."""
        while "$ref" in node:
            pointer = node["$ref"]
            found: Any = self._document
            for part in pointer.removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return pointer, node

    def _parameter_faults(self, operation: Operation, query: Mapping[str, list[str]]) -> Iterator[str]:
        known = {one["name"] for _, one in operation.parameters if one["in"] == "query"}
        yield from (f"the query parameter {name} is not known" for name in query if name not in known)
        for place, one in operation.parameters:
            given = {"query": query, "path": {name: [value] for name, value in operation.values.items()}}
            values = given.get(one["in"], {}).get(one["name"])
            if values:
                value = self._typed(one["schema"], values)
                yield from self._faults(f"{place}/schema", value, f"{one['in']} parameter {one['name']}", _Requests)
            elif one.get("required") and one["in"] in given:
                yield f"the {one['in']} parameter {one['name']} is missing"

    def _typed(self, schema: Mapping[str, Any], values: list[str]) -> Any:
        """What the text of a query means to its schema."""
        _, schema = self._followed("", schema)
        if schema.get("type") == "array":
            return [self._typed(schema["items"], [value]) for value in values]
        kinds = {"integer": int, "number": float, "boolean": json.loads}
        try:
            return kinds.get(str(schema.get("type")), str)(values[-1])
        except ValueError:
            return values[-1]

    def _body_faults(self, operation: Operation, body: Any) -> list[str]:
        described = operation.document.get("requestBody", {})
        if body is None:
            return ["the body is missing"] if described.get("required") else []
        if JSON not in described.get("content", {}):
            return ["a body was sent, and the operation takes none"]
        return self._faults(f"{operation.pointer}/requestBody/{_SCHEMA}", body, "body", _Requests)

    def _faults(self, pointer: str, value: Any, what: str, judge: Any) -> list[str]:
        schema = {"$ref": f"{HERE}{pointer}"}
        validator = judge(schema, registry=self._registry, format_checker=Draft202012Validator.FORMAT_CHECKER)
        return [f"{what}{_said(fault)}" for fault in validator.iter_errors(value)]


def _set_by_server(_: Any, read_only: bool, __: Any, ___: Any) -> Iterator[ValidationError]:
    if read_only:
        yield ValidationError("only the server sets this")


def _told_apart(judge: Any, rule: Mapping[str, Any], value: Any, _: Any) -> Iterator[ValidationError]:
    """OpenAPI's discriminator: a property says which schema holds, so that the others need not be tried."""
    name = value.get(rule["propertyName"])
    if name in rule["mapping"]:
        yield from judge.descend(value, {"$ref": rule["mapping"][name]})
    else:
        yield ValidationError(f"{rule['propertyName']} is {name!r}, none of {', '.join(rule['mapping'])}")


_Requests: Any = extend(Draft202012Validator, {"readOnly": _set_by_server, "discriminator": _told_apart})


def _values(template: str, path: str) -> dict[str, str] | None:
    """What stands in the places of a template; None when the path is another one."""
    names = _PLACE.findall(template)
    pattern = "([^/]+)".join(re.escape(part) for part in _PLACE.split(template)[::2])
    found = re.fullmatch(pattern, path)
    return dict(zip(names, found.groups(), strict=True)) if found else None


def _said(fault: ValidationError) -> str:
    deepest = best_match([fault])
    place = "".join(f"/{part}" for part in deepest.absolute_path)
    return f"{place}: {deepest.message[:300]}"


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says two things in its own way: what may be null, and bounds that are left out."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {name: _as_json_schema(value) for name, value in node.items() if name != "nullable"}
    for name, bound in _EXCLUSIVE.items():
        if isinstance(found.get(name), bool) and found.pop(name):
            found[name] = found.pop(bound)
    return {"anyOf": [{"type": "null"}, found]} if node.get("nullable") is True else found
