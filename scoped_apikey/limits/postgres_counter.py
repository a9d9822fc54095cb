# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Counts permits in a table of the database, one row for each subject and window.

A request is one statement, committed at once through a connection of its own: it sees what
others have committed (``READ COMMITTED``), so that none can fail to be serialized, and holds
its row for no longer than that. Workers ask for many permits at a time, so the row is not
hot. Each request waits for the disk: a count that a crash forgot would be granted again.
"""

from datetime import datetime, timedelta

import psycopg2

from ..ledger.connections import Pool
from .counter import CounterUnreachable, Taken

LOCK_TIMEOUT = "1s"
KEPT = 10
"""Windows that a count is kept: for calls, and hosts, that come late."""

_connections = Pool(2)

CREATE = """
CREATE TABLE IF NOT EXISTS apikey_permit (
    subject varchar NOT NULL,
    seconds integer NOT NULL,
    started timestamp without time zone NOT NULL,
    taken bigint NOT NULL,
    granted bigint NOT NULL,
    PRIMARY KEY (subject, seconds, started)
)
"""
TAKE = """
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = %(timeout)s;
INSERT INTO apikey_permit AS known (subject, seconds, started, taken, granted)
VALUES (%(subject)s, %(seconds)s, %(started)s,
        LEAST(%(wanted)s, %(limit)s), LEAST(%(wanted)s, %(limit)s))
ON CONFLICT (subject, seconds, started) DO UPDATE
   SET taken = known.taken + GREATEST(0, LEAST(%(wanted)s, %(limit)s - known.taken)),
       granted = GREATEST(0, LEAST(%(wanted)s, %(limit)s - known.taken))
RETURNING granted, taken
"""
# What somebody else is just forgetting, no call has to wait for.
FORGET = """
DELETE FROM apikey_permit WHERE ctid IN (
    SELECT ctid FROM apikey_permit
     WHERE subject = %(subject)s AND seconds = %(seconds)s AND started < %(before)s
       FOR UPDATE SKIP LOCKED
)
"""


def create(cr):
    """Create the table, unless it is there."""
    cr.execute(CREATE)


def drop(cr):
    """Drop the table, when the addon goes."""
    cr.execute("DROP TABLE IF EXISTS apikey_permit")


def forget_old(cr, now: datetime):
    """Remove the counts of windows that are over, of keys, too, that are gone.

    :param now: naive, in UTC
    """
    cr.execute(
        "DELETE FROM apikey_permit"
        " WHERE started + seconds * %s * interval '1 second' < %s",
        [KEPT, now],
    )


def take(
    dbname: str,
    subject: str,
    started: datetime,
    seconds: int,
    limit: int,
    wanted: int,
) -> Taken:
    """Take up to so many permits of a window, never beyond its limit.

    :param dbname: the database
    :param subject: what is counted, as ``key:12``
    :param started: when the window begins, naive, in UTC
    :param seconds: how long it is
    :param limit: how many there are in the window, at least 1
    :param wanted: at least 1
    :raise CounterUnreachable: nothing is known to be granted
    """
    values = {
        "subject": subject,
        "started": started,
        "seconds": seconds,
        "limit": limit,
        "wanted": wanted,
        "timeout": LOCK_TIMEOUT,
        "before": started - timedelta(seconds=KEPT * seconds),
    }
    try:
        with _connections.cursor(dbname) as cr:
            cr.execute(TAKE, values, log_exceptions=False)
            taken = Taken(*cr.fetchone())
            if taken.granted == taken.total:  # the first of a window
                cr.execute(FORGET, values)
        return taken
    except psycopg2.Error as error:
        problem = f"PostgreSQL does not count: {type(error).__name__}"
        raise CounterUnreachable(problem) from error
