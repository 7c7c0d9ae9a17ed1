"""What goes wrong with engines, and how to tell a kernel that refuses something from everything else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

# The kernel's own words, and those of Docker and iptables for what this kernel was built without.
_KERNELS_WORDS = re.compile(
    r"operation not permitted|permission denied|read-only file system|function not implemented|no such device"
    r"|operation not supported|protocol not supported|unknown device type|device or resource busy|isn't mounted"
    r"|mountpoint does not exist|table does not exist|no chain/target/match by that name",
    re.IGNORECASE,
)
# What Docker writes below them.
_AFTERWORDS = re.compile(r"\(exit status \d+\)|perhaps iptables or your kernel needs to be upgraded", re.IGNORECASE)


class SwarmError(RuntimeError):
    """An engine or the swarm did not do what the tests need; the message holds what it said."""


class KernelRefusesError(SwarmError):
    """This kernel, or the container around us, does not allow what an engine needs; the message is one sentence."""


@contextmanager
def asked_of_the_kernel(what: str) -> Iterator[None]:
    """Tell a refusal of the kernel, by the last line of what was said, from other errors.

    Raises:
        KernelRefusesError: it was the kernel.
    """
    try:
        yield
    except SwarmError as error:
        last = [line for line in str(error).splitlines() if not _AFTERWORDS.fullmatch(line.strip(" ."))][-1]
        if _KERNELS_WORDS.search(last):
            raise KernelRefusesError(f"the kernel does not allow {what} here ({last.strip()[:300]})") from error
        raise
