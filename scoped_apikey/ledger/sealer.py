# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Seals what was committed since the last time.

What that is, snapshots say: all that the database shows now, and that the last seal's
snapshot had not seen. A call that runs for hours and commits late is sealed when it has
committed, and holds up no other; an id that was given out and rolled back is missed by
nobody.

Where the database is another one than the last seal was made in, it was restored, copied or
moved: its transactions are counted anew, and a new chain begins, which says so.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

import psycopg2
from odoo.tools import SQL

from .chain import Seal, digest_of, write_ids
from .periods import Period
from .snapshots import NOTHING, Snapshot

SEALS = "apikey_seal"
COLUMNS = (
    "number", "home", "sealed_at", "log", "period", "ids", "rows", "columns", "late",
    "snapshot", "origin", "previous",
)  # fmt: skip
ROWS_A_SEAL = 10_000
HEARTBEAT = timedelta(hours=1)
"""How often to say that there was nothing: what is written later cannot claim to be older."""
BEGIN_TRIES, BEGIN_PAUSE = 40, 0.05  # seconds
"""How often to try to begin a chain, which has to find a moment without calls."""
LATE = timedelta(hours=1)
"""How much older than the last seal a row may say that it is."""


class Log(NamedTuple):
    """A table whose rows are sealed.

    :param time_column: which says what week a row belongs to
    :param ended: SQL of the moment at which a row says that it was written
    """

    table: str
    time_column: str
    ended: SQL


@dataclass(frozen=True)
class State:
    """Where the chain ends.

    :param last: its last seal; ``None``: there is none
    :param first_ids: of each log, the id after which this chain begins
    :param last_ids: of each log, the last id that a seal has, where the database is another
        one than the last seal was made in: its server may count transactions from below;
        ``None``: it is the same
    """

    last: Seal | None
    first_ids: dict[str, int]
    last_ids: dict[str, int] | None = None

    @cached_property
    def snapshot(self) -> Snapshot:
        """What is sealed. Of an altered seal that says nothing: nothing."""
        try:
            return Snapshot.parse(self.last.snapshot) if self.last else NOTHING
        except ValueError:
            return NOTHING

    def unsealed(self, log: str) -> SQL:
        """Return the condition of the rows of a log that no seal has."""
        snapshot = self.snapshot
        condition = SQL(
            "(id > %s AND (xact >= %s OR xact = ANY(%s)))",
            self.first_ids.get(log, 0),
            snapshot.xmax,
            list(snapshot.under_way),
        )
        if self.last_ids is None:
            return condition
        return SQL("(%s OR id > %s)", condition, self.last_ids.get(log, 0))

    def has(self, log: str, id_: int, transaction: int) -> bool:
        """Tell whether a row ought to be in a seal: the opposite of ``unsealed``."""
        seen = id_ <= self.first_ids.get(log, 0) or self.snapshot.has_seen(transaction)
        return seen and (self.last_ids is None or id_ <= self.last_ids.get(log, 0))


def read_state(cr) -> State:
    """Read where the chain ends, and where it began."""
    last = _read_one(cr, SQL("TRUE"))
    origin = _read_one(cr, SQL("origin IS NOT NULL"))
    moved = last is not None and last.home != read_home(cr)
    return State(
        last,
        origin.first_ids if origin else {},
        _read_last_ids(cr) if moved else None,
    )


def _read_last_ids(cr) -> dict[str, int]:
    cr.execute(
        SQL(
            "SELECT log, max(substring(ids FROM '[0-9]+$')::numeric) FROM %s"
            " WHERE ids <> '' GROUP BY log",
            SQL.identifier(SEALS),
        )
    )
    return {log: int(id_ or 0) for log, id_ in cr.fetchall()}


def _read_one(cr, condition) -> Seal | None:
    cr.execute(
        SQL(
            "SELECT %s FROM %s WHERE %s ORDER BY number DESC LIMIT 1",
            seal_columns(),
            SQL.identifier(SEALS),
            condition,
        )
    )
    row = cr.fetchone()
    return row and make_seal(row)


def seal_columns() -> SQL:
    return SQL(", ").join(map(SQL.identifier, COLUMNS))


def make_seal(row) -> Seal:
    """Make a seal of a row with ``COLUMNS``."""
    values = dict(zip(COLUMNS, row, strict=True))
    return Seal(**{**values, "rows": bytes(values["rows"])})


def seal(
    cr,
    logs: list[Log],
    note: Callable[[State], None] = lambda state: None,
    reason: str | None = None,
) -> list[Seal]:
    """Seal what was committed since the last time, and commit the seals.

    :param cr: a cursor for this alone, on which nothing was done yet
    :param note: called before the seals are written, in the same transaction; it learns
        which rows are being sealed
    :param reason: begin a new chain for this reason, whatever there is
    :return: the new seals; none where there is nothing to seal, or somebody else is at it
    """
    begins = reason or _reason_to_begin(cr)
    cr.rollback()
    if not _lock(cr, logs if begins else []):
        return []
    reason = reason or _reason_to_begin(cr)  # somebody may have begun it meanwhile
    seals = _make_seals(cr, logs, reason, note)
    for one in seals:
        _insert(cr, one)
    cr.commit()  # pylint: disable=invalid-commit
    return seals


def _lock(cr, logs) -> bool:
    """Be the only one who seals; where a chain begins, let nobody write a row meanwhile.

    Locks come first: the transaction's snapshot is taken after them, and so shows all that
    those who held them before have done. Nobody waits for them in front of a call.

    :param logs: those that nobody may write to: such a row would be of the chain that ends
    :return: whether they were to be had
    """
    locks = [SQL("%s IN SHARE ROW EXCLUSIVE MODE NOWAIT", SQL.identifier(SEALS))]
    locks += [SQL("%s IN SHARE MODE NOWAIT", SQL.identifier(log.table)) for log in logs]
    for _try in range(BEGIN_TRIES if logs else 1):
        try:
            for lock in locks:
                cr.execute(SQL("LOCK TABLE ONLY %s", lock), log_exceptions=False)
        except psycopg2.errors.LockNotAvailable:
            cr.rollback()
            time.sleep(BEGIN_PAUSE)
        else:
            return True
    return False


def _reason_to_begin(cr) -> str | None:
    last = read_state(cr).last
    if last is None:
        return "first"
    return "moved" if last.home != read_home(cr) else None


def read_home(cr) -> str:
    """Return what the server knows a database by, whatever its name.

    A copy, a restored dump and a server that was upgraded all have another one.
    """
    cr.execute(
        "SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || oid"
        " FROM pg_database WHERE datname = current_database()"
    )
    return cr.fetchone()[0]


def _make_seals(cr, logs, reason, note) -> list[Seal]:
    settle(cr)
    cr.execute(
        "SELECT pg_current_snapshot()::text, clock_timestamp() AT TIME ZONE 'utc'"
    )
    snapshot, now = cr.fetchone()
    state = read_state(cr)
    blank = Seal(
        number=0,
        home=read_home(cr),
        sealed_at=now,
        log="",
        period="",
        ids="",
        rows=b"",
        columns="",
        late="",
        snapshot=snapshot,
        origin=None,
        previous="",
    )
    seals = [
        seal
        for log in logs
        for period in _periods(cr, log, state)
        for seal in _seal_period(cr, log, period, state, blank)
    ]
    if reason:
        origin = {
            "reason": reason,
            "first_ids": {log.table: _last_id(cr, log) for log in logs},
        }
        seals.insert(0, replace(blank, origin=json.dumps(origin)))
    elif not seals and now - state.last.sealed_at >= HEARTBEAT:
        seals.append(blank)
    if seals:
        note(state)
    return _chained(state.last, seals)


def _chained(last, seals):
    number, previous = (last.number, last.digest) if last else (0, "")
    chained = []
    for seal in seals:
        number += 1
        chained.append(replace(seal, number=number, previous=previous))
        previous = chained[-1].digest
    return chained


def _periods(cr, log, state) -> list[Period]:
    """Return the weeks in which there is something to seal."""
    cr.execute(
        SQL(
            "SELECT DISTINCT date_trunc('week', %s) FROM %s WHERE %s ORDER BY 1",
            SQL.identifier(log.time_column),
            SQL.identifier(log.table),
            state.unsealed(log.table),
        )
    )
    return [Period(begin) for (begin,) in cr.fetchall()]


def _last_id(cr, log) -> int:
    cr.execute(SQL("SELECT COALESCE(max(id), 0) FROM %s", SQL.identifier(log.table)))
    return cr.fetchone()[0]


def read_columns(cr, table) -> list[str]:
    """Return the columns of a log, ``id`` first."""
    cr.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s)"
        " AND attnum > 0 AND NOT attisdropped ORDER BY attname <> 'id', attnum",
        [f'"{table}"'],
    )
    return [name for (name,) in cr.fetchall()]


def settle(cr):
    """Have values written alike for all, whatever settings a database or a role has.

    And have names mean what PostgreSQL means by them. Until the transaction ends.
    """
    cr.execute(
        "SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
        " WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s)",
        [SEALS],
    )
    [schema] = cr.fetchone()
    cr.execute(
        SQL(
            "SET LOCAL search_path = pg_catalog, %s; SET LOCAL client_encoding = 'UTF8';"
            " SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1",
            SQL.identifier(schema),
        )
    )


def wait(cr):
    """Wait until nobody else is sealing.

    :raise psycopg2.errors.LockNotAvailable: somebody is at it for a minute
    """
    cr.execute(
        SQL(
            "SET LOCAL lock_timeout = '1min';"
            " LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE",
            SQL.identifier(SEALS),
        )
    )
    cr.commit()  # pylint: disable=invalid-commit


def copy_rows(cr, query, file):
    """Write the rows of a query to a file, as ``COPY`` does, a line a call of ``write``.

    :param SQL query: what to select
    """
    text = cr.mogrify(query).decode()
    cr.copy_expert(f"COPY ({text}) TO STDOUT", file)


def _seal_period(cr, log, period, state, blank):
    """Yield the seals of what is new in one week of a log."""
    columns = read_columns(cr, log.table)
    last = state.last
    late = SQL("%s < %s", log.ended, last.sealed_at - LATE) if last else SQL("FALSE")
    lines = _Lines()
    copy_rows(
        cr,
        SQL(
            "SELECT %(late)s, %(columns)s FROM %(table)s WHERE %(unsealed)s"
            " AND %(time)s >= %(begin)s AND %(time)s < %(end)s ORDER BY id",
            late=late,
            columns=SQL(", ").join(map(SQL.identifier, columns)),
            table=SQL.identifier(log.table),
            unsealed=state.unsealed(log.table),
            time=SQL.identifier(log.time_column),
            begin=period.begin,
            end=period.end,
        ),
        lines,
    )
    for begin in range(0, len(lines.ids), ROWS_A_SEAL):
        ids = lines.ids[begin : begin + ROWS_A_SEAL]
        digests = lines.digests[begin : begin + ROWS_A_SEAL]
        yield replace(
            blank,
            log=log.table,
            period=period.name,
            ids=write_ids(ids),
            rows=b"".join(digests),
            columns=",".join(columns),
            late=write_ids(filter(lines.late.__contains__, ids)),
        )


class _Lines:
    """Takes the lines that ``COPY`` writes: whether a row is late, its id, and the rest."""

    def __init__(self):
        self.ids, self.digests, self.late = [], [], set()

    def write(self, line: bytes):  # pylint: disable=method-required-super
        late, row = line[:-1].split(b"\t", 1)
        id_ = int(row.partition(b"\t")[0])
        self.ids.append(id_)
        self.digests.append(digest_of(row))
        if late == b"t":
            self.late.add(id_)


def _insert(cr, one):
    values = [
        psycopg2.Binary(one.rows) if name == "rows" else getattr(one, name)
        for name in COLUMNS
    ]
    cr.execute(
        SQL(
            "INSERT INTO %s (%s, row_count, digest) VALUES %s",
            SQL.identifier(SEALS),
            seal_columns(),
            (*values, one.row_count, one.digest),
        )
    )


def witness(dbname, seals: list[Seal], path: str | None) -> list[str]:
    """Let seals leave the database.

    :param path: the file to add them to, a line each; ``None``: none
    :return: the lines
    :raise OSError: the file cannot be written
    """
    lines = [json.dumps({"database": dbname, **one.witness()}) for one in seals]
    if path and lines:
        with open(path, "a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
    return lines
