"""The store of artifacts: a folder and a bucket keep the same promises."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from orch_app.integrations.object_store import ObjectStore, open_store, store
from orch_app.kit.errors import Unavailable
from orch_app.kit.ids import new_id
from tests.systems.processes import free_port
from tests.systems.product import bound_to
from tests.systems.s3 import S3Server, s3_server


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as started:
        yield started


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.integration)])
def variables(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    if request.param == "folder":
        return {"ORCH_ARTIFACTS_URL": f"file://{tmp_path}/a%20store"}
    server: S3Server = request.getfixturevalue("s3")
    return server.settings(new_id("test"))


@pytest.fixture
def opened(variables: dict[str, str], tmp_path: Path) -> Iterator[ObjectStore]:
    with bound_to(tmp_path, **variables):
        yield open_store()


@pytest.fixture
def keep(opened: ObjectStore, tmp_path: Path):
    def put(key: str, content: bytes = b"content") -> None:
        file = tmp_path / "file"
        file.write_bytes(content)
        opened.put({key: file})

    return put


class TestEveryStore:
    """The contract."""

    def test_what_was_put_is_read_back_whole_or_from_a_byte_on(self, opened: ObjectStore, keep, monkeypatch) -> None:
        monkeypatch.setattr(store, "CHUNK", 5)
        keep("job_1/1/output.json", b"twelve bytes")
        assert opened.size("job_1/1/output.json") == 12
        assert list(opened.read("job_1/1/output.json")) == [b"twelv", b"e byt", b"es"]
        assert b"".join(opened.read("job_1/1/output.json", 7)) == b"bytes"

    def test_large_and_empty_files_are_kept_too(self, opened: ObjectStore, keep) -> None:
        large = bytes(range(256)) * 48 * 1024
        keep("job_1/1/large", large)
        keep("job_1/1/empty", b"")
        assert b"".join(opened.read("job_1/1/large")) == large
        assert (opened.size("job_1/1/empty"), list(opened.read("job_1/1/empty"))) == (0, [])

    def test_lines_are_whole_wherever_the_pieces_end(self, opened: ObjectStore, keep, monkeypatch) -> None:
        monkeypatch.setattr(store, "CHUNK", 3)
        keep("job_1/1/log", b"one\ntwo three\n\nfour")
        assert list(opened.lines("job_1/1/log")) == [b"one", b"two three", b"", b"four"]

    def test_putting_again_replaces(self, opened: ObjectStore, keep) -> None:
        keep("job_1/1/log", b"a longer first")
        keep("job_1/1/log", b"second")
        assert b"".join(opened.read("job_1/1/log")) == b"second"

    def test_what_was_not_put_is_not_found(self, opened: ObjectStore, keep) -> None:
        keep("job_1/1/log")
        for key in ("job_1/1/output.json", "job_1", "job_1/1", "job_2/1/log"):
            with pytest.raises(FileNotFoundError):
                opened.size(key)
            with pytest.raises(FileNotFoundError):
                list(opened.read(key))

    def test_a_key_never_leads_out_of_the_store(self, opened: ObjectStore, tmp_path: Path) -> None:
        (tmp_path / "orch.key").write_text("secret")
        for key in ("../orch.key", "job_1/../../orch.key"):
            with pytest.raises(Unavailable):
                opened.size(key)

    def test_folders_are_listed_and_removed_with_all_that_is_in_them(self, opened: ObjectStore, keep) -> None:
        assert opened.folders() == []
        for key in ("job_1/1/log", "job_1/2/log", "job_10/1/log"):
            keep(key)
        assert opened.folders() == ["job_1", "job_10"]
        opened.remove("job_1")
        opened.remove("job_nothing")
        assert opened.folders() == ["job_10"]
        assert opened.size("job_10/1/log") == 7

    def test_a_folder_knows_when_something_was_last_put_into_it(self, opened: ObjectStore, keep) -> None:
        keep("job_1/1/log")
        assert abs(datetime.now(UTC) - opened.changed_at("job_1")) < timedelta(hours=1)


class TestAStoreThatIsAway:
    """Every method says so, and the log says why."""

    @pytest.mark.parametrize("why", ["nobody_listens", "no_credentials"])
    def test_every_method_says_unavailable(self, tmp_path: Path, why: str) -> None:
        file = tmp_path / "file"
        file.touch()
        server = S3Server(free_port(), tmp_path / "credentials")
        if why == "nobody_listens":
            server.credentials.write_text("[default]\naws_access_key_id=a\naws_secret_access_key=very-secret\n")
        with bound_to(tmp_path, **server.settings("x")), structlog.testing.capture_logs() as logs:
            away = open_store()
            for call in (
                lambda: away.put({"job_1/1/log": file}),
                lambda: away.size("job_1/1/log"),
                lambda: list(away.read("job_1/1/log")),
                lambda: away.remove("job_1"),
                lambda: away.changed_at("job_1"),
                away.folders,
            ):
                with pytest.raises(Unavailable) as told:
                    call()
                assert (told.value.code, told.value.status) == ("artifacts_unavailable", 503)
        assert len(logs) == 6
        assert "very-secret" not in str(logs)

    def test_a_folder_that_cannot_be_written_says_unavailable_too(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        broken = ObjectStore(store.LocalStore(tmp_path / "file"), tmp_path / "file")
        with pytest.raises(Unavailable):
            broken.put({"job_1/1/log": tmp_path / "file"})

    @pytest.mark.integration
    def test_a_bucket_that_does_not_exist_is_a_fault_not_a_missing_file(self, s3: S3Server, tmp_path: Path) -> None:
        url = s3.settings("x") | {"ORCH_ARTIFACTS_URL": "s3://no-such-bucket/x"}
        (tmp_path / "file").touch()
        with bound_to(tmp_path, **url), pytest.raises(Unavailable):
            open_store().put({"job_1/1/log": tmp_path / "file"})


def test_the_folder_is_the_workers_alone_and_the_files_are_where_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    with bound_to(tmp_path):
        open_store().put({"job_1/2/output.json": tmp_path / "f"})
    assert (tmp_path / "artifacts" / "job_1" / "2" / "output.json").read_bytes() == b"x"
    assert (tmp_path / "artifacts").stat().st_mode & 0o777 == 0o700


def test_the_environment_of_aws_tools_has_no_say(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"x")
    for name in ("ENDPOINT", "ENDPOINT_URL", "SESSION_TOKEN", "ACCESS_KEY_ID", "SKIP_SIGNATURE", "BUCKET", "REGION"):
        monkeypatch.setenv(f"AWS_{name}", "http://127.0.0.1:1")
    with bound_to(tmp_path, **s3.settings("y")):
        open_store().put({"job_1/1/x": tmp_path / "f"})
        assert open_store().folders() == ["job_1"]
