# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A running Odoo."""

import http.cookiejar
import socket
import sys
import tempfile
import urllib.request
from pathlib import Path

from .config import SERVER_WIDE, write_config
from .errors import LabError
from .home import folder
from .service import Service
from .source import Odoo
from .templates import LAUNCHER


class OdooServer(Service):
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

    name = "Odoo"
    ready_within = 120
    stopped_within = 20

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

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> "OdooServer":
        """Start it, and wait until it answers.

        :raise LabError: it ends, or does not answer in time
        """
        self._launch(self._command, self._environment, self._wait_for_pages)
        return self

    __enter__ = start

    def __exit__(self, *_error) -> None:
        self.stop()

    def _wait_for_pages(self) -> None:
        self._wait_for("/web/health")
        for database in self.databases:
            self._wait_for(f"/web/login?db={database}")

    def _wait_for(self, path: str) -> None:
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

        def ask():
            browser.open(self.url + path, timeout=self.ready_within).close()

        self._await(ask, f"at {path}")


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
