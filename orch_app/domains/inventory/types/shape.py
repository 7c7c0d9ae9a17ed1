"""What a connection type is made of: a payload model whose SecretStr fields are the secrets, and its form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ConfigDict, SecretStr, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from orch_app.kit.errors import Invalid, Problem
from orch_app.kit.rest import CamelModel

TRUSTED = {"trusted": True}


class Payload(CamelModel):
    """The payload of a connection. Fields typed SecretStr are write-only."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=False,
        extra="forbid",
        from_attributes=False,
        hide_input_in_errors=True,
    )

    @classmethod
    def secret_names(cls) -> list[str]:
        """Wire names of the secret fields."""
        return [wire_name(name) for name, field in cls.model_fields.items() if is_secret(field)]

    @classmethod
    def wire_names(cls) -> list[str]:
        """Wire names of all fields."""
        return [wire_name(name) for name in cls.model_fields]

    def plain(self) -> dict[str, Any]:
        """Everything by wire name, secrets in clear: for sealing only. Empty secrets are left out."""
        document = self.model_dump(by_alias=True, mode="python")
        opened = {name: _open(value) for name, value in document.items()}
        return {name: value for name, value in opened.items() if value is not None}

    def public(self) -> dict[str, Any]:
        """What may be shown, by wire name."""
        secret = set(self.secret_names())
        return {name: value for name, value in self.plain().items() if name not in secret}

    def secrets_set(self) -> list[str]:
        """Wire names of the secrets that have a value."""
        return [name for name in self.secret_names() if name in self.plain()]


@dataclass(frozen=True)
class ConnectionType:
    """One type of connection. `facts` tells what may be shown about the secrets, such as a key's fingerprint.

    `place` is the `host:port` that a connection leads to, empty where there is none; `policy` is the least that its
    secret must be allowed to do, in the vendor's own words, to be copied.
    `hidden` are parts of its secrets that must not be shown on their own either; `socket` is the path on the worker's
    machine that it leads to, empty where there is none.
    """

    name: str
    title: str
    title_pt: str
    help: str
    help_pt: str
    payload: type[Payload]
    place: Callable[[Any], str] = lambda _: ""
    facts: Callable[[Any], dict[str, str]] = lambda _: {}
    policy: tuple[str, ...] = ()
    hidden: Callable[[Any], tuple[str, ...]] = lambda _: ()
    socket: Callable[[Any], str] = lambda _: ""

    def restore(self, document: Mapping[str, Any]) -> Payload:
        """A payload that was validated before it was sealed; its keys are not tried again."""
        return self.payload.model_validate(dict(document), context=TRUSTED)

    def parse(self, document: Mapping[str, Any]) -> Payload:
        """Validate a payload.

        Raises:
            Invalid: 422 with a pointer below `/payload` per fault, and without any of the values.
        """
        faults: list[ErrorDetails] = []
        try:
            return self.payload.model_validate(dict(document))
        except ValidationError as error:
            faults = error.errors(include_input=False, include_url=False)
        # raised out here, so that no traceback of ours carries pydantic's error and with it the values
        problems = tuple(_problem(fault) for fault in faults)
        raise Invalid("The connection's data are not valid.", "validation", errors=problems)

    def form(self) -> list[dict[str, Any]]:
        """The form as a tree of nodes, in the shape that the form builder of the screens draws."""
        return _nodes(self.payload, "")


def wire_name(name: str) -> str:
    """The name on the wire of a Python field name."""
    return to_camel(name)


def is_secret(field: FieldInfo) -> bool:
    """Whether the field's type is SecretStr or has it as an alternative."""
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)


def described(title: str, title_pt: str, about: str = "", about_pt: str = "", kind: str = "string") -> dict[str, Any]:
    """The words and the widget of a field in both languages, for `Field(json_schema_extra=...)`."""
    return {"title": title, "titlePt": title_pt, "help": about, "helpPt": about_pt, "kind": kind}


def _open(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value() or None
    return value


def _problem(fault: ErrorDetails) -> Problem:
    """Pydantic's fault as a pointer; a rule about several fields names its field in the context."""
    names = [str(part) for part in fault["loc"]] or [str(fault.get("ctx", {}).get("field", ""))]
    steps = [name.replace("~", "~0").replace("/", "~1") for name in names if name]
    return Problem("/".join(["/payload", *steps]), fault["type"], fault["msg"])


def _nodes(model: type[CamelModel], above: str) -> list[dict[str, Any]]:
    return [_node(name, field, above, order) for order, (name, field) in enumerate(model.model_fields.items())]


def _node(name: str, field: FieldInfo, above: str, order: int) -> dict[str, Any]:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    nested = _nested(field)
    pointer = f"{above}/{wire_name(name)}"
    node = {"name": wire_name(name), "pointer": pointer, "order": order, "danger": False, **extra}
    node |= {"required": field.is_required(), "secret": is_secret(field)}
    if not node["secret"] and not field.is_required() and field.default is not None:
        node["default"] = field.default
    if node["kind"] == "enum":
        words = [str(option) for option in get_args(field.annotation)]
        node["options"] = [{"value": word, "label": word, "labelPt": word} for word in words]
    return node | ({"fields": _nodes(nested, pointer)} if nested else {})


def _nested(field: FieldInfo) -> type[CamelModel] | None:
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, CamelModel):
            return kind
    return None
