"""Compose files: YAML without surprises, variables, and a pointer for whatever a stack cannot have."""

from typing import Any

import pytest

from tests.runbooks import modules

BOMB = "l0: &l0 [x]\n" + "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 40)}]\n" for n in range(1, 7))
WEB = "services: {web: {image: 'nginx:1.27'}}\n"


def read(text: str, **variables: str) -> Any:
    return modules.shared("stack.compose").read(text, variables)


def problems(text: str, **variables: str) -> list[tuple[str, str]]:
    with pytest.raises(modules.shared("stack.faults").ComposeFault) as caught:
        read(text, **variables)
    assert caught.value.code == "validation"
    return caught.value.problems


def pointers(text: str) -> list[str]:
    return [pointer for pointer, _said in problems(text)]


def test_a_port_is_no_number_to_the_base_sixty_and_a_date_is_a_text() -> None:
    found = read("services: {a: {image: x:1, ports: [22:22], labels: {day: 2026-01-02}}}").services["a"]
    assert found["ports"] == ["22:22"]
    assert found["labels"] == {"day": "2026-01-02"}


def test_an_octal_mode_is_read_as_one() -> None:
    text = "services: {a: {image: x:1, configs: [{source: c, mode: 0440}]}}\nconfigs: {c: {content: x}}"
    assert read(text).services["a"]["configs"][0]["mode"] == 0o440


def test_a_merged_part_is_filled_in() -> None:
    text = "x-base: &base {image: 'x:1', user: '1'}\nservices: {a: {<<: *base, user: '2'}}"
    assert read(text).services["a"] == {"image": "x:1", "user": "2"}


def test_a_variable_in_the_default_of_another_one_is_refused_at_its_place() -> None:
    text = "services: {a: {image: 'x:1', hostname: '${A:-${B}}'}}"
    assert problems(text)[0][0] == "/services/a/hostname"


@pytest.mark.parametrize(
    ("given", "variables", "filled"),
    [
        ("$A", {"A": "1"}, "1"),
        ("${A}b", {"A": "1"}, "1b"),
        ("$$A", {"A": "1"}, "$A"),
        ("${A:-x}", {"A": ""}, "x"),
        ("${A-x}", {"A": ""}, ""),
        ("${A:+x}", {"A": "1"}, "x"),
        ("${A+x}", {}, ""),
        ("${A}", {}, ""),
    ],
)
def test_a_variable_is_filled_in(given: str, variables: dict[str, str], filled: str) -> None:
    text = f"services: {{a: {{image: 'x:1', hostname: '{given}'}}}}"
    assert read(text, **variables).services["a"]["hostname"] == filled


def test_a_variable_that_is_not_set_is_a_warning_and_a_required_one_a_problem() -> None:
    found = read("services: {a: {image: 'x:$TAG'}}")
    assert [(one["code"], "TAG" in one["message"]) for one in found.warnings] == [("unset_variable", True)]
    assert problems("services: {a: {image: 'x:${TAG:?say which}'}}") == [
        ("/services/a/image", "the variable TAG is required: say which")
    ]


def test_what_has_no_effect_is_a_warning_with_its_place() -> None:
    found = read("services: {a: {image: 'x:1', depends_on: [b], x-mine: 1}}")
    assert [(one["code"], one["item"]) for one in found.warnings] == [("ignored", "/services/a/depends_on")]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("services: {a: {image: x:1, privileged: true}}", ["/services/a/privileged"]),
        ("services: {a: {image: x:1, imag: y}}", ["/services/a/imag"]),
        ("services: {a: {image: x:1, env_file: .env}}", ["/services/a/env_file"]),
        ("services: {a: {image: x:1, deploy: {replicas: two}}}", ["/services/a/deploy/replicas"]),
        ("services: {a: {image: x:1, healthcheck: {interval: soon}}}", ["/services/a/healthcheck/interval"]),
        ("services: {a/b: {image: x:1, ports: 80}}", ["/services/a~1b/ports"]),
        ("services: {a: {command: ls}}", ["/services/a/image"]),
        ("services: {}", ["/services"]),
        ("services: [a]", ["/services"]),
        (WEB + "secrets: {s: {content: hunter2}}", ["/secrets/s/content"]),
        (WEB + "configs: {c: {file: ./c}}", ["/configs/c/file"]),
        (WEB + "include: [other.yml]", ["/include"]),
        ("services: {a: {image: 'x:1', hostname: 'a$'}}", ["/services/a/hostname"]),
    ],
)
def test_what_a_stack_cannot_have_is_a_problem_with_its_place(text: str, at: list[str]) -> None:
    assert pointers(text) == at


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: {a: {image: x:1}, a: {image: y:1}}", "stands twice"),
        ("{", "not YAML"),
        ("- a", "a mapping"),
        ("!!python/object/apply:os.system [id]", "not YAML"),
        (BOMB, "more than"),
        ("a: " + "[" * 30 + "]" * 30, "deep"),
        ("&a [*a]", "a mapping"),
        ("a: &a {b: *a}", "deep"),
        ("x" * 262_145, "longer"),
    ],
)  # fmt: skip
def test_what_is_no_compose_file_is_one_problem(text: str, said: str) -> None:
    ((pointer, sentence),) = problems(text)
    assert pointer == ""
    assert said in sentence


def test_a_message_lists_ten_problems_and_counts_the_others() -> None:
    keys = ", ".join(f"k{number}: 1" for number in range(12))
    with pytest.raises(modules.shared("stack.faults").ComposeFault, match="and 2 more"):
        read(f"services: {{a: {{image: x:1, {keys}}}}}")
