"""The build of the browser part: only when sources changed, free of addresses, with a hash per inline script."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import build_ui
from tools.build_ui import BuildError, digest, finish, inline_hashes, rewrite_addresses

BAKED = 'var e={PING:`http://localhost:8000/ping`,EVENT:"ws://localhost:8000/_event",T:`websocket`}'


def test_baked_addresses_become_the_pages_own() -> None:
    written, count = rewrite_addresses(BAKED)
    assert count == 2
    assert "localhost" not in written
    assert 'location.protocol.replace("http","ws")+"//"+location.host+"/_event"' in written


def test_inline_scripts_are_hashed_and_others_are_not() -> None:
    html = b'<script>a()</script><script src="/boot.js"></script><script type="module">\nb()</script><script></script>'
    expected = ["sha256-" + base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (b"a()", b"\nb()")]
    assert inline_hashes(html) == expected


def test_finishing_rewrites_packs_again_and_writes_the_hashes(tmp_path: Path) -> None:
    assets = tmp_path / "client" / "assets"
    assets.mkdir(parents=True)
    (assets / "reflex-env-x.js").write_text(BAKED)
    (tmp_path / "client" / "login.html").write_text("<script>a()</script>")
    finish(tmp_path)
    packed = gzip.decompress((assets / "reflex-env-x.js.gz").read_bytes()).decode()
    assert packed == (assets / "reflex-env-x.js").read_text()
    assert json.loads((tmp_path / "csp.json").read_text()) == inline_hashes(b"<script>a()</script>")


def test_an_export_without_addresses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "client" / "assets").mkdir(parents=True)
    with pytest.raises(BuildError, match="no backend address"):
        finish(tmp_path)


def test_the_digest_sees_content_and_names_but_no_caches(tmp_path: Path) -> None:
    source = tmp_path / "assets" / "a.css"
    source.parent.mkdir()
    source.write_text("a")
    first = digest(tmp_path, ("assets",))
    cache = tmp_path / "assets" / "__pycache__" / "x.pyc"
    cache.parent.mkdir()
    cache.write_text("x")
    assert digest(tmp_path, ("assets",)) == first
    source.rename(source.with_name("b.css"))
    assert digest(tmp_path, ("assets",)) != first


def _pretend_export(
    monkeypatch: pytest.MonkeyPatch, runs: list[Path], also: Callable[[Path], object] = lambda _root: None
) -> None:
    def export(root: Path, _python: Path, _progress: build_ui.Progress) -> None:
        runs.append(root)
        also(root)
        assets = root / ".web" / "build" / "client" / "assets"
        assets.mkdir(parents=True, exist_ok=True)
        (assets / "reflex-env-x.js").write_text(BAKED)

    monkeypatch.setattr(build_ui, "_export", export)


def test_nothing_is_built_while_the_sources_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Path] = []
    said: list[str] = []
    _pretend_export(monkeypatch, runs)
    (tmp_path / "rxconfig.py").write_text("one")
    assert build_ui.build(tmp_path, said.append)
    assert not build_ui.build(tmp_path, said.append)
    (tmp_path / "rxconfig.py").write_text("two")
    assert build_ui.build(tmp_path, said.append)
    assert build_ui.build(tmp_path, said.append, force=True)
    assert len(runs) == 3
    assert said


@pytest.mark.parametrize(
    ("written", "kept"),
    [('{"b":2,"a":[1]}', True), ('{"a": [1], "b": 3}', False), ('{"a": ', False)],
)
def test_a_build_leaves_a_lock_that_says_the_same_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, kept: bool
) -> None:
    lock = tmp_path / "reflex.lock" / "package.json"
    lock.parent.mkdir()
    lock.write_text('{"a": [1], "b": 2}\n')
    _pretend_export(monkeypatch, [], lambda _root: lock.write_text(written))
    assert build_ui.build(tmp_path, lambda _: None)
    assert lock.read_text() == ('{"a": [1], "b": 2}\n' if kept else written)
    assert not build_ui.build(tmp_path, lambda _: None)


@pytest.fixture
def warning_python(tmp_path: Path) -> Path:
    """An interpreter whose export warns, with its npm beside it."""
    for name, said in (("python", "Warning: Invalid icon tag: nope"), ("npm", "https://registry.example/")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{said}'\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path / "python"


def test_the_settings_of_an_installation_reach_no_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCH_REDIS_URL", "redis://secret")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "https://registry.example/")
    environment = build_ui._environment(tmp_path / "python")
    assert not [name for name in environment if name.startswith("ORCH_")]
    assert environment["NPM_CONFIG_REGISTRY"] == "https://registry.example/"


def test_a_warning_of_the_export_is_an_error(tmp_path: Path, warning_python: Path) -> None:
    with pytest.raises(BuildError, match="Invalid icon tag: nope"):
        build_ui.build(tmp_path, lambda _: None, python=warning_python)


def test_an_export_finds_no_asset_of_an_earlier_one(tmp_path: Path, warning_python: Path) -> None:
    earlier = tmp_path / ".web" / "public" / "ui" / "format.js"
    earlier.parent.mkdir(parents=True)
    earlier.touch()
    with pytest.raises(BuildError):
        build_ui.build(tmp_path, lambda _: None, python=warning_python)
    assert not earlier.exists()
