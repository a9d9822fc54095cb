# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The PostgreSQL server: the one that ``PGHOST`` names, or one of our own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from .embedded import Embedded
from .errors import LabError
from .home import HOME
from .lock import Shared, exclusive

OLDEST = 13  # that Odoo 19 runs on


@contextmanager
def connect(database: str = "postgres", **address) -> Iterator:
    """A cursor, in autocommit, on the server that libpq's variables name.

    :param address: of another server, as ``Embedded.address`` has it
    """
    connection = psycopg2.connect(dbname=database, connect_timeout=10, **address)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@contextmanager
def serving() -> Iterator[None]:
    """See to it that libpq's variables, in ``os.environ``, name a server that runs.

    Our own is shared by all runs that need it at a time, and stopped after the last.

    :raise LabError: there is none, or none that Odoo can use
    """
    if os.environ.get("PGHOST"):
        _check_named()
        yield
        return
    users = Shared(HOME / "postgres.users")
    server = Embedded()
    try:
        with exclusive(HOME / "postgres.lock"):
            server.start()
        os.environ.update(server.variables)
        yield
    finally:
        for name in server.variables:
            os.environ.pop(name, None)
        if users.is_last():
            server.stop()
        users.release()


def _check_named() -> None:
    try:
        with connect() as cursor:
            cursor.execute(
                "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            )
            role, may_create = cursor.fetchone()
            major = cursor.connection.server_version // 10000
    except psycopg2.Error as error:
        raise LabError(
            f"{str(error).strip()}\nPGHOST names a server that does not let us in: see to PGHOST, PGPORT, PGUSER and"
            " PGPASSWORD, or unset PGHOST, and one is started."
        ) from error
    if role == "postgres" or not may_create:
        raise LabError(
            f"The role {role} will not do: Odoo refuses postgres, and databases are to be made. Name another with"
            " PGUSER, made by `createuser --createdb`."
        )
    if major < OLDEST:
        raise LabError(
            f"PostgreSQL {major} is too old, Odoo 19 needs {OLDEST}: name another with PGHOST."
        )
