# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the end-to-end tests stand on: databases of their own, and real servers.

Nothing here is made before a test asks for it.
"""

import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

PROBE = "scoped_apikey_probe"
PROBES = Path(__file__).parent / "addons"
ADMIN = "admin"


@pytest.fixture(scope="session")
def lab():
    """The lab: Odoo, PostgreSQL, templates (see ``lab/``)."""
    from lab.lab import opened

    with opened() as lab:
        yield lab


@pytest.fixture
def database(lab):
    """The name of a database for this test alone: demo data, and the addon."""
    with lab.database() as name:
        yield name


@pytest.fixture
def server(lab):
    """``server(*databases, **options)`` starts an Odoo, see ``lab.server.OdooServer``."""
    with _servers(lab) as start:
        yield start


@pytest.fixture(scope="module")
def module_server(lab):
    """As ``server``, for what all tests of a file share."""
    with _servers(lab) as start:
        yield start


@contextmanager
def _servers(lab):
    started = []

    def start(*databases, **options):
        started.append(lab.server(*databases, **options))
        return started[-1].start()

    try:
        yield start
    finally:
        for one in started:
            one.stop()


@pytest.fixture(scope="module")
def redis_server():
    """A Redis for all tests of a file, see ``lab.redis.RedisServer``."""
    from lab.redis import RedisServer

    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def probe_path(lab):
    """The option of Odoo that puts the probe, an addon for tests, on its addons path."""
    return f"--addons-path={','.join(map(str, [*lab.odoo.addons_path, PROBES]))}"


@pytest.fixture(scope="session")
def bench(lab, probe_path):
    """A server with threads, the addon and the probe, for all tests that need no other."""
    with (
        lab.database() as name,
        lab.server(name, arguments=(probe_path, f"--init={PROBE}")) as server,
    ):
        yield Bench(server, name)


@pytest.fixture(scope="session")
def workers(lab, bench, probe_path):
    """Another server, with two workers, on the database of ``bench``."""
    with lab.server(bench.database, workers=2, arguments=(probe_path,)) as server:
        _until_open(server.evented_port)
        yield Bench(server, bench.database)


def _until_open(port: int) -> None:
    """The evented server starts after the workers."""
    deadline = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="session")
def make_bench():
    """``make_bench(server, database)``: a bench of its own."""
    return Bench


@dataclass(frozen=True)
class Caller:
    """Who calls, and with what.

    :param secret: a key, or a password
    :param name: of the key; empty for a password
    :param key_id: of the key; None for a password
    """

    secret: str
    login: str
    uid: int
    name: str = ""
    key_id: int | None = None


class Bench:
    """A server and a database: makes keys as an administrator does, calls as clients do, and
    reads the call log behind Odoo's back.

    :param server: an ``OdooServer``
    :param database: one with the addon
    """

    _numbers = count(1)
    _addresses = count(1)

    def __init__(self, server, database: str):
        from lab.stage import Stage

        self.server = server
        self.database = database
        self.stage = Stage(server, database)
        self.admin = self.stage.admin
        self.password = Caller(ADMIN, ADMIN, self.admin.uid)

    # Keys

    def scoped(self, *rules, name: str = "", **conditions) -> Caller:
        """A key of the stage's user, limited by a scope of its own, of the same name.

        :param rules: of ``lab.cases``
        :param conditions: ``networks``, ``tz`` and ``windows``, as of a ``Case``
        """
        from lab.cases import Case
        from lab.stage import LOGIN

        name = name or f"key {next(self._numbers)}"
        secret = self.stage.issue(Case(0, name, rules, (), **conditions))
        return Caller(secret, LOGIN, self.stage.uid, name, self.stage.key_id(name))

    def unscoped(self) -> Caller:
        """A key of the administrator without a scope: stock Odoo."""
        name = f"stock key {next(self._numbers)}"
        values = {"name": name, "duration": "30"}
        wizard = self.admin.call("res.users.apikeys.description", "create", [values])
        action = self.admin.press("res.users.apikeys.description", "make_key", wizard)
        secret = action["context"]["default_key"]
        return replace(
            self.password, secret=secret, name=name, key_id=self.stage.key_id(name)
        )

    def scope_id(self, caller: Caller) -> int:
        """The id of the scope that a key was issued with."""
        return self.admin.find("apikey.scope", ["name", "=", caller.name])

    # Calls

    @staticmethod
    def an_address() -> str:
        """An address that nobody has called from: refused credentials are counted by theirs."""
        number = next(Bench._addresses)
        return f"127.7.{number // 250}.{number % 250 + 1}"

    def client(self, door: str, caller: Caller, source: str = "", url: str = ""):
        """A standard client.

        :param door: one of ``lab.stage.DOORS``
        :param source: the address to call from; none: one of its own
        :param url: of another server on the same database
        """
        source = source or self.an_address()
        client = self.stage.client_with(
            door, caller.secret, source, caller.login, caller.uid
        )
        client.url = url or client.url
        return client

    def call(
        self,
        door: str,
        caller: Caller,
        model: str,
        method: str,
        ids=None,
        source="",
        url="",
        **kwargs,
    ):
        """Make a call. :return: the ``Answer``"""
        args = ()
        if door != "json2" and method == "create":
            args = (kwargs.pop("vals_list"),)  # Odoo's RPC takes it in no other way
        return self.client(door, caller, source, url).call(
            model, method, ids, args, kwargs
        )

    def until_all_served(self, do, workers: int = 2) -> None:
        """Do it again and again, until all workers have served meanwhile.

        :param do: makes calls, and checks what comes of them
        """
        served = set()
        for _time in range(300):
            do()
            served.add(self.admin.call("probe.note", "whose")["pid"])
            if len(served) == workers:
                return
        raise AssertionError(f"{served} serve all")

    # The log, and all else that is stored

    def sql(self, query: str, *values) -> list:
        """Run a statement apart from Odoo. :return: its rows, if it has any"""
        from lab.postgres import connect

        with connect(self.database) as cursor:
            cursor.execute(query, values)
            if cursor.description is None:
                return []
            names = [column.name for column in cursor.description]
            return [
                SimpleNamespace(**dict(zip(names, row, strict=True)))
                for row in cursor.fetchall()
            ]

    @contextmanager
    def logged(self):
        """The rows that the calls made meanwhile leave, oldest first; there after the block.

        Not those that count what was refused in an earlier minute, by another test.
        """
        [last] = self.sql(
            "SELECT COALESCE(max(id), 0) AS id,"
            " clock_timestamp() AT TIME ZONE 'utc' AS moment FROM apikey_call"
        )
        rows = []
        yield rows
        rows += self.sql(
            "SELECT * FROM apikey_call WHERE id > %s AND called_at >= %s ORDER BY id",
            last.id,
            last.moment,
        )

    def names_of_notes(self, name: str) -> list:
        """The notes of the probe whose name begins so."""
        rows = self.sql(
            "SELECT name FROM probe_note WHERE starts_with(name, %s) ORDER BY id", name
        )
        return [row.name for row in rows]
