"""Inside a container: running a program by its arguments, and files in and out. No shell, no volume is shared."""

from __future__ import annotations

import io
import tarfile
import time
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from ansible.module_utils.orch.engine.access import Engine
from ansible.module_utils.orch.engine.log_lines import demultiplexed
from ansible.module_utils.orch.upstream import UpstreamError

LOOKS = 20
PAUSE_S = 0.25
ROOT = "0"


class Ended(NamedTuple):
    """How a program ended, and what it said."""

    code: int
    text: str


class Inside:
    """One container that runs. `machine` is where it is, behind an agent of Portainer; `name` what people call it."""

    def __init__(
        self,
        engine: Engine,
        container: str,
        machine: str = "",
        name: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name or container
        self._engine, self._machine, self._sleep = engine, machine, sleep
        self._path = f"/containers/{container}"

    def about(self) -> dict[str, Any]:
        """What the engine knows of it; raises UpstreamError, also where it does not run."""
        found = self._engine.get(f"{self._path}/json", self._machine)
        if not found["State"].get("Running"):
            raise UpstreamError("conflict", f"the container {self.name} does not run")
        return found

    def run(self, argv: Sequence[str], user: str = "") -> Ended:
        """Run a program to its end, as the container's own user if none is named; raises UpstreamError."""
        asked = {"AttachStdout": True, "AttachStderr": True, "Tty": False, "Cmd": list(argv), "User": user}
        made = self._engine.call("POST", f"{self._path}/exec", self._machine, body=asked).document
        path = f"/exec/{made['Id']}"
        began = self._engine.call("POST", f"{path}/start", self._machine, body={"Detach": False, "Tty": False})
        said = b"".join(piece for _, piece in demultiplexed(began.content)).decode("utf-8", "replace")
        for _ in range(LOOKS):
            state = self._engine.get(f"{path}/json", self._machine)
            if not state["Running"]:
                return Ended(int(state["ExitCode"] or 0), said)
            self._sleep(PAUSE_S)
        raise UpstreamError("timeout", f"{argv[0]} in {self.name} does not end")

    def read(self, path: str) -> dict[str, bytes]:
        """The plain files at and below a path, by their names below its last part; raises UpstreamError."""
        content = self._engine.call("GET", f"{self._path}/archive", self._machine, path=path).content
        found: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None:
                    found[member.name.partition("/")[2] or member.name] = file.read()
        return found

    def write(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Put files below a folder that is there, with the folders in their names; raises UpstreamError."""
        self._engine.call("PUT", f"{self._path}/archive", self._machine, content=packed(files), path=folder)

    def remove(self, folder: str) -> None:
        """Remove a folder of ours and all that is in it; raises UpstreamError."""
        self.run(["rm", "-rf", folder], ROOT)

    def beside(self, name: str, asked: Mapping[str, Any]) -> Inside:
        """Make a container of the same image on the same machine; it does not run yet. Raises UpstreamError."""
        body = {**asked, "Image": self.about()["Image"]}
        made = self._engine.call("POST", "/containers/create", self._machine, body=body, name=name).document
        return Inside(self._engine, str(made["Id"]), self._machine, name, self._sleep)

    def start(self) -> None:
        """Start it; raises UpstreamError."""
        self._engine.call("POST", f"{self._path}/start", self._machine)

    def discard(self) -> None:
        """Remove the container itself, running or not, and its own volumes; raises UpstreamError."""
        self._engine.call("DELETE", self._path, self._machine, force="true", v="true")


def packed(files: Mapping[str, bytes]) -> bytes:
    """A tar of these files, readable by everybody."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for folder in sorted({name.rpartition("/")[0] for name in files} - {""}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()
