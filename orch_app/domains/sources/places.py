"""Which folders of the machine may be a source: those below the folders that the settings name, and no others.

A source is named by an admin of the product, and the folders by whoever runs the machine: else the one could have the
other's keys read as if they were runbooks.
"""

from pathlib import Path

from orch_app.kit.errors import Invalid, Problem
from orch_app.kit.settings import settings


def folder_at(path: str) -> Path:
    """The folder itself, links resolved.

    Raises:
        Invalid: as `require_allowed`, and when it is no folder on this machine.
    """
    folder = require_allowed(path)
    if not folder.is_dir():
        raise _no_folder()
    return folder


def require_allowed(path: str) -> Path:
    """Where a path leads, links resolved; whether there is a folder only the workers' machines know.

    Raises:
        Invalid: 422 at /path when it is not below a folder that the settings name, or our data are in it.
    """
    try:
        folder = Path(path).resolve()
    except (OSError, RuntimeError) as error:  # a link that leads to itself
        raise _no_folder() from error
    if not any(folder.is_relative_to(allowed.resolve()) for allowed in settings().source_folders):
        named = ", ".join(map(str, settings().source_folders)) or "none"
        raise _refused(
            "not_allowed",
            f"ORCH_SOURCE_FOLDERS does not name it: sources may lie below {named}.",
            f"ORCH_SOURCE_FOLDERS não a inclui: fontes podem ficar abaixo de {named}.",
        )
    for private in (settings().data_dir.resolve(), settings().keys_path.parent.resolve()):
        if folder.is_relative_to(private) or private.is_relative_to(folder):
            raise _refused(
                "not_allowed",
                "The data and the keys of the product cannot be in a source, nor it in them.",
                "Os dados e as chaves do produto não podem estar em uma fonte, nem ela neles.",
            )
    return folder


def _no_folder() -> Invalid:
    return _refused("no_folder", "There is no such folder on this machine.", "Esta pasta não existe nesta máquina.")


def _refused(code: str, detail: str, detail_pt: str) -> Invalid:
    return Invalid(detail, "validation", errors=(Problem("/path", code, detail, detail_pt),))
