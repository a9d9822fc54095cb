# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A PostgreSQL server that a test may kill, and that loses nothing when it is killed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from . import embedded
from .console import run
from .embedded import DURABLE, ROLE, Embedded
from .home import folder
from .postgres import connect


@contextmanager
def durable_copy(*databases: str) -> Iterator[Embedded]:
    """A server of its own with copies of databases of the lab's, of the same names.

    It goes with this context, and so does all that is in it. Files are not copied: the
    filestores are those of the lab's databases, which must stay for as long.

    :raise LabError: it does not start, or the database cannot be copied
    """
    embedded.remove_abandoned()
    server = Embedded(embedded.own_name(), DURABLE)
    try:
        server.start()
        for database in databases:
            _copy(database, server)
        yield server
    finally:
        server.remove()


def _copy(database: str, server: Embedded) -> None:
    dump = folder("run", f"dump-{database}") / "dump"
    try:
        with connect(**server.address) as cursor:
            cursor.execute(f'CREATE DATABASE "{database}" OWNER {ROLE}')
        run(
            "Reading the database",
            [server.program("pg_dump"), "-Fc", "-Z0", "-f", dump, database],
            dump.with_name("pg_dump.log"),
        )
        run(
            "Writing it to a server of its own",
            [server.program("pg_restore"), "-1", "--no-owner", "-d", database, dump],
            dump.with_name("pg_restore.log"),
            env={**os.environ, **server.variables},
        )
    finally:
        dump.unlink(missing_ok=True)
