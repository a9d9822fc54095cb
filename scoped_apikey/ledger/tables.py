# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The tables of the logs: cut by weeks, and refusing to be changed.

Nothing here ever waits in front of callers. A week is made apart and then attached, which
no insert waits for. A week is dropped only when the lock that this takes is to be had at
once: a lock that is waited for makes all who come later wait, too.

The triggers are those of statements, so that they cost a row nothing, and are there also
for whoever deletes from a partition. They hold the mistaken and the hasty. Whoever owns the
database can drop them: that is what the seals are for.
"""

import time

import psycopg2
from odoo.tools import SQL

from .periods import Period

TRIGGER = "apikey_log_refuses_changes"
LOCK_TIMEOUT = "2s"
"""How long to wait for somebody else who makes the same week."""
DROP_TRIES, DROP_PAUSE = 200, 0.05  # seconds

_known = set()
"""The weeks that this process has seen: (database, log, week)."""


def create_log(cr, log, time_column, columns, indexes):
    """Create a log's table, and what refuses changes to it, unless they are there.

    :param str log: the table's name
    :param str time_column: which says what week a row belongs to
    :param SQL columns: without ``id``
    :param dict indexes: what follows ``ON table``, by name
    """
    table = SQL.identifier(log)
    sequence = f"{log}_id_seq"
    cr.execute(
        SQL(
            "CREATE SEQUENCE IF NOT EXISTS %s;"
            " CREATE TABLE IF NOT EXISTS %s (id bigint NOT NULL DEFAULT nextval(%s),"
            " %s, PRIMARY KEY (%s, id)) PARTITION BY RANGE (%s);"
            " ALTER SEQUENCE %s OWNED BY %s",
            SQL.identifier(sequence),
            table,
            sequence,
            columns,
            SQL.identifier(time_column),
            SQL.identifier(time_column),
            SQL.identifier(sequence),
            SQL.identifier(log, "id"),
        )
    )
    for name, definition in indexes.items():
        cr.execute(
            SQL(
                "CREATE INDEX IF NOT EXISTS %s ON %s %s",
                SQL.identifier(f"{log}_{name}"),
                table,
                definition,
            )
        )
    cr.execute(
        SQL(
            """
            CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '%%: its rows are evidence, nobody changes them.', TG_RELNAME
                    USING ERRCODE = 'insufficient_privilege';
            END $$
            """,
            SQL.identifier(TRIGGER),
        )
    )
    _refuse_changes(cr, log)


def _refuse_changes(cr, table):
    cr.execute(
        SQL(
            "DROP TRIGGER IF EXISTS %(trigger)s ON %(table)s;"
            " CREATE TRIGGER %(trigger)s BEFORE UPDATE OR DELETE OR TRUNCATE ON %(table)s"
            " FOR EACH STATEMENT EXECUTE FUNCTION %(trigger)s();"
            # Also where a session says that it is a replica.
            " ALTER TABLE %(table)s ENABLE ALWAYS TRIGGER %(trigger)s",
            trigger=SQL.identifier(TRIGGER),
            table=SQL.identifier(table),
        )
    )


def is_known(dbname, log, moment) -> bool:
    """Tell whether this process knows that there is a week for a moment."""
    return (dbname, log, Period.of(moment).begin) in _known


def know(dbname, log, moment):
    """Remember that there is a week for a moment, now that it is committed."""
    _known.add((dbname, log, Period.of(moment).begin))


def forget(dbname):
    """Look again which weeks of a database there are."""
    _known.difference_update({entry for entry in _known if entry[0] == dbname})


def make_period(cr, log, moment):
    """See to it that a log has a week for a moment; the caller commits.

    :param datetime moment: naive, in UTC
    :raise psycopg2.Error: it cannot be made, or somebody else makes it right now
    """
    period = Period.of(moment)
    table = period.table(log)
    cr.execute("SELECT to_regclass(%s)", [f'"{table}"'])
    if cr.fetchone()[0]:
        return
    cr.execute(
        SQL(
            "SET LOCAL lock_timeout = %s; CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS)",
            LOCK_TIMEOUT,
            SQL.identifier(table),
            SQL.identifier(log),
        ),
        log_exceptions=False,
    )
    _refuse_changes(cr, table)
    cr.execute(
        SQL(
            "ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)",
            SQL.identifier(log),
            SQL.identifier(table),
            period.begin,
            period.end,
        )
    )


def periods(cr, log) -> list[Period]:
    """Return the weeks that a log has, oldest first."""
    return sorted(filter(None, _partitions(cr, log).values()))


def strangers(cr, log) -> list[str]:
    """Return the partitions of a log that are none of its weeks: somebody else made them."""
    partitions = _partitions(cr, log)
    return sorted(name for name, period in partitions.items() if period is None)


def _partitions(cr, log) -> dict[str, Period | None]:
    """Return the partitions of a log, and which week each is by its name and bounds."""
    cr.execute(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid)"
        " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = to_regclass(%s)",
        [f'"{log}"'],
    )
    return {name: _week_of(log, name, bounds) for name, bounds in cr.fetchall()}


def _week_of(log, name, bounds):
    try:
        period = Period.named(name.removeprefix(f"{log}_"))
    except ValueError:
        return None
    known = f"FOR VALUES FROM ('{period.begin}') TO ('{period.end}')"
    return period if (name, bounds) == (period.table(log), known) else None


def drop_period(cr, log, period, record) -> bool:
    """Drop a week of a log, and commit that together with its record.

    :param cr: a cursor for this alone
    :param record: takes nothing; writes through the cursor what is being removed
    :return: whether it is gone; not where somebody was reading the log all the while
    """
    table = SQL.identifier(period.table(log))
    lock = SQL(
        "LOCK TABLE ONLY %s, ONLY %s IN ACCESS EXCLUSIVE MODE NOWAIT",
        SQL.identifier(log),
        table,
    )
    for _try in range(DROP_TRIES):
        try:
            cr.execute(lock, log_exceptions=False)
        except psycopg2.errors.LockNotAvailable:
            cr.rollback()
            time.sleep(DROP_PAUSE)
            continue
        cr.execute(SQL("DROP TABLE %s", table))
        record()
        cr.commit()  # pylint: disable=invalid-commit
        _known.discard((cr.dbname, log, period.begin))
        return True
    return False
