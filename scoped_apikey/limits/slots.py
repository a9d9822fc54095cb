# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How many calls of a key run at a time, over all workers and hosts of a database.

A key has as many slots as calls may run, and a running call holds one: an advisory lock of
PostgreSQL, of a connection that a process has for nothing else. So a slot is free again
when its process is gone, however it went, and no row is written.

Relies on: ``odoo.sql_db.connection_info_for``, which knows how to reach a database.
"""

import os
import random
import threading
from collections import defaultdict
from contextlib import contextmanager, suppress
from functools import cache

import psycopg2
from odoo.sql_db import connection_info_for

from .counter import CounterUnreachable

SLOT_BITS = 16
MOST = 1 << 10
"""As many slots as a key may have."""
_OURS = 0x5CA9 << 48
"""Sets our locks apart from those of others, by the highest of their 64 bits."""
# One by one, until there is one: a limit ends a scan of a function as soon as it has a row.
TAKE = (
    "SELECT slot FROM unnest(%s::bigint[]) AS slot WHERE pg_try_advisory_lock(slot)"
    " LIMIT 1"
)
FREE = "SELECT pg_advisory_unlock(%s)"
# A host that lost its power frees no lock until PostgreSQL notices, and a connection that
# somebody on the way has dropped must not make a call wait for long.
ALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
    "options": "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10"
    " -c tcp_keepalives_count=3",
}


class Slots:
    """The slots that a process holds in one database.

    :param dbname: the database
    """

    def __init__(self, dbname: str):
        self._dbname = dbname
        self._lock = threading.Lock()
        self._connection = None
        self._held = defaultdict(set)

    @contextmanager
    def held(self, key_id: int, limit: int):
        """Hold one of a key's slots; gives whether there was one.

        :param limit: how many the key has, at least 1
        :raise CounterUnreachable: the database cannot be asked
        """
        with self._lock:
            try:
                slot = self._take(key_id, limit)
            except psycopg2.Error as error:
                problem = f"PostgreSQL gives no slot: {type(error).__name__}"
                raise CounterUnreachable(problem) from error
            connection = self._connection
        try:
            yield slot is not None
        finally:
            if slot is not None:
                with self._lock:
                    self._free(key_id, slot, connection)

    def _take(self, key_id, limit) -> int | None:
        try:
            return self._try(key_id, limit)
        except psycopg2.Error:
            self._disconnect()  # it may have been idle for too long
            return self._try(key_id, limit)

    def _try(self, key_id, limit):
        if self._connection is None:
            _name, info = connection_info_for(self._dbname)
            self._connection = psycopg2.connect(**info, **ALIVE)
            self._connection.autocommit = True
        # A connection gets its own locks again, so those of this process are left out.
        first = _OURS | key_id << SLOT_BITS
        ours = self._held.get(key_id, set())
        free = set(range(first, first + min(limit, MOST))) - ours
        if not free:
            return None
        with self._connection.cursor() as cr:
            cr.execute(TAKE, [random.sample(sorted(free), len(free))])
            row = cr.fetchone()
        if row is None:
            return None
        self._held[key_id].add(row[0])
        return row[0]

    def _free(self, key_id, slot, connection):
        if connection is not self._connection:
            return  # it went with the connection
        self._held[key_id].discard(slot)
        if not self._held[key_id]:
            del self._held[key_id]
        try:
            with connection.cursor() as cr:
                cr.execute(FREE, [slot])
        except psycopg2.Error:
            self._disconnect()

    def _disconnect(self):
        """Give up the connection, and with it all that was held."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
        self._connection = None
        self._held.clear()


@cache
def _slots(dbname, _process) -> Slots:
    return Slots(dbname)


def slots_of(dbname: str) -> Slots:
    """Return the slots of this process in a database."""
    return _slots(dbname, os.getpid())
