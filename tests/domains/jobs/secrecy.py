"""Whether something of a job can be read anywhere outside its own play."""

import tarfile
from collections.abc import Sequence

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import queries
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.outlook import look_ahead
from orch_app.domains.jobs.wire import to_answer
from orch_app.kit.db import reading
from orch_app.kit.settings import settings
from tests.domains.jobs.rows import place_of
from tests.domains.jobs.trials import lines_of


def assert_nowhere(actor: Actor, job: Job, spellings: Sequence[str]) -> None:
    """No answer of the API, no log line, no artifact, no file of the bundle and no database file holds one of them."""
    with reading() as session:
        detail = queries.get_detail(session, actor, job.id)
        answer = to_answer(detail, look_ahead(session, actor, job)).model_dump_json()
    kept = [answer, *(f"{line.host} {line.task} {line.message}" for line in lines_of(job))]
    folder = place_of(job)
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    with tarfile.open(folder / "artifacts.tar.gz") as bundle:
        files += [opened.read() for member in bundle if (opened := bundle.extractfile(member))]
    database = b"".join(path.read_bytes() for path in settings().data_dir.glob("orch.db*"))
    for spelling in spellings:
        assert [text for text in kept if spelling in text] == []
        assert [content[:80] for content in [*files, database] if spelling.encode() in content] == []
