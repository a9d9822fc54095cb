# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a person sees: a line for each step, with its seconds, and no silent minute."""

import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from .errors import LabError

HEARTBEAT = 15  # seconds


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def step(what: str, watch=None):
    """Name a step when it begins, and its seconds when it ends.

    :param watch: a function that says how far it is, asked every few seconds
    """
    started = time.monotonic()
    ended = threading.Event()
    spoke = False

    def beat():
        nonlocal spoke
        while not ended.wait(HEARTBEAT):
            spoke = True
            progress = watch() if watch else ""
            print(
                f"\n  {time.monotonic() - started:4.0f} s  {progress}",
                end="",
                flush=True,
            )

    print(what, end=" ...", flush=True)
    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()
        print(
            f"{chr(10) + ' ' if spoke else ''} {time.monotonic() - started:.1f} s",
            flush=True,
        )


def run(what: str, command: list, log: Path, fix: str = "", **options) -> None:
    """Run ``command`` as a step, its output in the file ``log``.

    :param fix: what a person can do when it fails
    :param options: as for ``subprocess.run``
    :raise LabError: it cannot be started, or it fails
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with step(what, watch=lambda: last_line(log)), log.open("w") as output:
        try:
            status = subprocess.run(
                [str(word) for word in command],
                stdout=output,
                stderr=subprocess.STDOUT,
                **{"stdin": subprocess.DEVNULL, **options},
            ).returncode
        except OSError as error:
            raise LabError(f"{what}: {error}. {fix}".strip()) from error
    if status:
        tail = "\n".join(
            f"    {line}" for line in log.read_text(errors="replace").splitlines()[-15:]
        )
        raise LabError(
            f"{tail}\n{what}: {command[0]} ended with status {status}, see {log}. {fix}".strip()
        )


def last_line(path: Path, width: int = 100) -> str:
    """The last line written to a file, cut to ``width``. Empty if there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").replace("\r", "\n").split("\n")
    except OSError:
        return ""
    return next((line.strip()[-width:] for line in reversed(lines) if line.strip()), "")
