# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A running Odoo."""

import contextlib
import http.cookiejar
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from .config import SERVER_WIDE, write_config
from .console import last_line
from .errors import LabError
from .home import folder
from .source import Odoo
from .templates import LAUNCHER

READY_WITHIN = 120  # seconds
STOPPED_WITHIN = 20


class OdooServer:
    """An Odoo process of its own, listening on this machine only; a context manager.

    :param databases: those it loads at the start; none: it serves all it finds
    :param workers: how many processes serve; 0: one, with threads
    :param server_wide: load the addon before any database
    :param port: where it listens; 0: a free port
    :param cron_threads: how many run scheduled jobs
    :param arguments: more of Odoo's command line
    :param options: more lines of its configuration file
    :param environment: variables besides those of this process, as those that libpq reads
    """

    def __init__(
        self,
        odoo: Odoo,
        *databases: str,
        workers: int = 0,
        server_wide: bool = True,
        port: int = 0,
        cron_threads: int = 0,
        arguments: tuple = (),
        options: dict | None = None,
        environment: dict | None = None,
    ):
        self.host = "127.0.0.1"
        self.port = free_port(port)
        self.databases = databases
        self._folder = Path(tempfile.mkdtemp(prefix="server-", dir=folder("run")))
        self.log = self._folder / "odoo.log"
        config = write_config(odoo, self._folder, **(options or {}))
        self._command = [
            sys.executable,
            str(LAUNCHER),
            f"--config={config}",
            f"--http-port={self.port}",
            f"--workers={workers}",
            f"--max-cron-threads={cron_threads}",
        ]
        if workers:
            self.evented_port = free_port()
            self._command.append(f"--gevent-port={self.evented_port}")
        if self.databases:
            self._command.append(f"--database={','.join(self.databases)}")
        if server_wide:
            self._command.append(f"--load={SERVER_WIDE}")
        self._command += arguments
        self._environment = environment or {}
        self._process = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> "OdooServer":
        """Start it, and wait until it answers.

        :raise LabError: it ends, or does not answer in time
        """
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment},
                start_new_session=True,  # Ctrl-C is for us; we stop it
            )
        try:
            self._wait("/web/health")
            for database in self.databases:
                self._wait(f"/web/login?db={database}")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop it and all it started. Does nothing if it does not run."""
        if self._process is None:
            return
        processes = []
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self._process.pid)
            processes = [parent, *parent.children(recursive=True)]
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOPPED_WITHIN)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        self._process = None

    def wait(self) -> int:
        """Wait until it ends by itself; its exit status."""
        return self._process.wait()

    __enter__ = start

    def __exit__(self, *_error) -> None:
        self.stop()

    def _wait(self, path: str) -> None:
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
        deadline = time.monotonic() + READY_WITHIN
        problem = "no answer yet"
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                problem = f"ended with status {self._process.returncode}"
                break
            try:
                browser.open(self.url + path, timeout=READY_WITHIN).close()
                return
            except OSError as error:
                problem = str(error)
                time.sleep(0.1)
        raise LabError(
            f"Odoo does not answer at {path} ({problem}): {last_line(self.log)}. See {self.log}."
        )


def free_port(wanted: int = 0) -> int:
    """A port that nobody listens on: the wanted one, or any.

    :raise LabError: the wanted one is taken
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise LabError(
                f"Port {wanted} cannot be used ({error.strerror}): name another."
            ) from error
        return probe.getsockname()[1]
