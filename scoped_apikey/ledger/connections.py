# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Small pools of connections for what is done apart from a call.

Rows of refused calls must not take the connections that calls are served with, however
many there are of them: whoever finds a pool in use waits for a moment, and is told so if
that is not enough. What takes long, as verifying does, must not take those of rows.

Relies on: ``odoo.sql_db.ConnectionPool`` and ``Connection``, which make up a cursor of
Odoo's; ``connection_info_for``, which knows how to reach a database.
"""

import os
import threading
from contextlib import contextmanager, suppress

import psycopg2
from odoo.sql_db import Connection, ConnectionPool, connection_info_for

from . import tables

WAIT = 5  # seconds


class Pool:
    """So many connections, over all databases, of each process.

    :param int size: how many
    """

    def __init__(self, size):
        self._size = size
        self._start()
        # A worker must not use what the process had that it was forked from.
        os.register_at_fork(after_in_child=self._start)

    def _start(self):
        self._pool = ConnectionPool(self._size)
        self._free = threading.BoundedSemaphore(self._size)

    @contextmanager
    def cursor(self, dbname):
        """Give a cursor of its own on a database; what is done is committed, or rolled back.

        :raise psycopg2.Error: there is no connection to be had, or the database refuses
        """
        if not self._free.acquire(timeout=WAIT):
            raise psycopg2.OperationalError(
                "All connections of a pool of scoped_apikey are in use."
            )
        try:
            with Connection(self._pool, *connection_info_for(dbname)).cursor() as cr:
                yield cr
        finally:
            self._free.release()


rows = Pool(2)
"""For rows that are written apart. Whoever holds one may ask for one of the other pool."""

primary = Pool(2)
"""For keys and scopes, where a call reads a replica, which may be behind."""

upkeep = Pool(3)
"""For weeks, seals and verifications. Whoever holds one asks for none of the other pool."""


def ensure_period(dbname, log, moment):
    """See to it that a log has a week for a moment, without the caller's transaction.

    Weeks are made long ahead, so that there is nothing to do; unless nobody runs the
    scheduled jobs, or the clock is wrong.

    :param datetime moment: naive, in UTC
    :raise psycopg2.Error: it cannot be made
    """
    if tables.is_known(dbname, log, moment):
        return
    made_by_another = psycopg2.errors.DuplicateTable, psycopg2.errors.UniqueViolation
    with suppress(*made_by_another), upkeep.cursor(dbname) as cr:
        tables.make_period(cr, log, moment)
    tables.know(dbname, log, moment)
