"""Which hosts a job works on, said by a pattern that is heeded when the job is launched: `web*,role=db,!web3`.

Terms are joined by commas, or colons as in Ansible. A term is the name of a host or of a group that it is in, directly
or through others, or `label=value`, each with `*` and `?`; `all` is every host. What any plain term names is taken, of
that what every `&term` names, without what a `!term` names.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from orch_app.kit.errors import Invalid, Problem

LONGEST = 500
HostLimit = Annotated[str, Field(max_length=LONGEST, pattern=r"^[ -~]*$")]
_TERM = re.compile(r"([&!]?)([A-Za-z0-9*?_./-]+(?:=[A-Za-z0-9*?_./-]*)?)")
_EVERY = "all"
_UNREADABLE = (
    "Write names of hosts or groups, or label=value, with * and ?, joined by commas; ! leaves out and & demands.",
    "Escreva nomes de hosts ou grupos, ou rótulo=valor, com * e ?, separados por vírgulas; ! exclui e & exige.",
)
NO_MATCH = ("No host of this environment matches.", "Nenhum host deste ambiente corresponde.")


@dataclass(frozen=True)
class Pattern:
    """A limit as it was read: names, groups and labels that are wanted, demanded and left out."""

    wanted: tuple[str, ...]
    demanded: tuple[str, ...]
    left_out: tuple[str, ...]

    def matches(self, name: str, labels: Mapping[str, str], groups: Iterable[str] = ()) -> bool:
        """Whether a host of this name, these labels and these groups is meant."""
        words = (name, *groups, *(f"{key}={value}" for key, value in labels.items()))
        said = [word.lower() for word in words]
        is_wanted = not self.wanted or any(_names(term, said) for term in self.wanted)
        is_left_out = any(_names(term, said) for term in self.left_out)
        return is_wanted and all(_names(term, said) for term in self.demanded) and not is_left_out


def read_limit(text: str) -> Pattern:
    """The pattern that was written.

    Raises:
        Invalid: 422 at /limit.
    """
    written = [term.strip() for term in re.split(r"[,:]", text) if term.strip()]
    found = [_TERM.fullmatch(term) for term in written]
    if not written or not all(found):
        raise refused("pattern", _UNREADABLE)
    signed = [(term.group(1), term.group(2).lower()) for term in found if term]
    return Pattern(_signed(signed, ""), _signed(signed, "&"), _signed(signed, "!"))


def refused(code: str, why: tuple[str, str]) -> Invalid:
    """The answer to a limit that cannot be heeded."""
    return Invalid("The limit is not acceptable.", "validation", errors=(Problem("/limit", code, *why),))


def _signed(terms: Sequence[tuple[str, str]], sign: str) -> tuple[str, ...]:
    return tuple(term for one, term in terms if one == sign)


def _names(term: str, said: Sequence[str]) -> bool:
    return term == _EVERY or any(fnmatchcase(one, term) for one in said)
