# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A program of this lab's own that runs in the background until it is stopped."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from .console import last_line
from .errors import LabError


class Service:
    """What a server is, whatever it serves.

    :cvar name: what it is called in a sentence
    :cvar ready_within: seconds in which it has to answer
    :cvar stopped_within: seconds in which it has to end by itself
    :ivar log: what it writes
    """

    name = ""
    ready_within = 30
    stopped_within = 10
    log: Path
    _process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """Stop it and all it started. Does nothing if it does not run."""
        if self._process is None:
            return
        processes = []
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.pid)
            processes = [parent, *parent.children(recursive=True)]
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self.stopped_within)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        self._process = None

    def wait(self) -> int:
        """Wait until it ends by itself; its exit status."""
        return self._process.wait()

    def _launch(self, command: list, variables: dict, ready: Callable[[], None]):
        """Start it, and wait until it is ready.

        :param variables: besides those of this process
        :param ready: calls ``_await`` for whatever has to answer
        :raise LabError: as ``_await``
        """
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **variables},
                start_new_session=True,  # Ctrl-C is for us; we stop it
            )
        try:
            ready()
        except BaseException:
            self.stop()
            raise

    def _await(self, ask: Callable[[], None], where: str = "") -> None:
        """Wait until it answers.

        :param ask: raises OSError where it does not answer
        :param where: more of the sentence, as ``at /web/login``
        :raise LabError: it ends, or does not answer in time
        """
        deadline = time.monotonic() + self.ready_within
        problem = "no answer yet"
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                problem = f"ended with status {self._process.returncode}"
                break
            try:
                ask()
                return
            except OSError as error:
                problem = str(error)
                time.sleep(0.05)
        where = f" {where}" if where else ""
        raise LabError(
            f"{self.name} does not answer{where} ({problem}): {last_line(self.log)}."
            f" See {self.log}."
        )
