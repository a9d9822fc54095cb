# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Locks between processes. The kernel drops them with the process, however it ends."""

import fcntl
from contextlib import contextmanager
from pathlib import Path

from .console import say


@contextmanager
def exclusive(path: Path):
    """Hold ``path`` alone; wait, and say so, while another run holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        if not _try(handle, fcntl.LOCK_EX):
            say(f"Waiting for another run that holds {path}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Shared:
    """A lock that many runs hold at once, and of which the last one can tell that it is."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = path.open("a")
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Whether nobody else holds it. If so it is held alone from here on."""
        return _try(self._handle, fcntl.LOCK_EX)

    def release(self) -> None:
        self._handle.close()


def _try(handle, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
