# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls of nobody, which cost their sender nothing, must not fill the log.

Refused credentials, and what fails before there is one. The first few from an address in a
minute have a row each. Those that follow are counted together, the refused apart from the
failed, in one row when the minute is over, which says how many they were. The limit holds
for each process that serves. Of more addresses than anybody has, the rest share a count.
"""

import atexit
import ipaddress
import logging
import threading
from datetime import datetime, timedelta
from functools import cache

import psycopg2

from ..call import make_ref, utcnow
from ..ledger import timers
from ..sealing import write_apart

_logger = logging.getLogger(__name__)

ROWS_A_MINUTE = 5
ADDRESSES_A_MINUTE = 1000
MINUTE = timedelta(minutes=1)
OTHERS = "others"
REASON_KEPT = 1000  # characters

_lock = threading.Lock()
_minutes = {}
"""By database and minute, then by address and outcome: how many there were, and the last row."""


def is_counted(dbname, row) -> bool:
    """Tell whether a call of nobody is counted with others, and needs no row.

    :param dict row: what the row would be
    """
    outcome = row["outcome"]
    row = {**row, "reason": str(row["reason"])[:REASON_KEPT]}
    with _lock:
        senders = _minutes.setdefault((dbname, _minute(row)), {})
        sender = _network(row["remote_addr"]), outcome
        if sender not in senders and len(senders) >= ADDRESSES_A_MINUTE:
            sender = OTHERS, outcome
        count, _last = senders.get(sender, (0, None))
        senders[sender] = (count + 1, row)
    timers.soon(MINUTE.total_seconds(), write_counts, dbname)
    _write_when_this_ends()
    return count >= _rows_of(sender)


@cache
def _write_when_this_ends():
    """See to it, once a process, that a server which is stopped keeps its counts."""
    atexit.register(write_all_counts)


def write_all_counts():
    """Write what was counted, also in minutes that are not over."""
    for dbname in {dbname for dbname, _minute in list(_minutes)}:
        write_counts(dbname, datetime.max)


def write_counts(dbname, now=None):
    """Write what was counted in the minutes of a database that are over.

    :param datetime now: naive, in UTC; ``None``: this moment
    """
    now = now or utcnow()
    with _lock:
        of_database = [key for key in _minutes if key[0] == dbname]
        over = [key for key in of_database if key[1] + MINUTE <= now]
        counts = [entry for key in over for entry in _minutes.pop(key).items()]
    if len(over) < len(of_database):
        timers.soon(MINUTE.total_seconds(), write_counts, dbname)
    for sender, (count, last) in counts:
        if count > _rows_of(sender):
            _write(dbname, sender, count - _rows_of(sender), last)


def _write(dbname, sender, count, last):
    address, outcome = sender
    what = "with a refused" if outcome == "denied" else "that failed without a"
    reason = f"{count} more calls {what} credential, the last: {last['reason']}"
    row = {
        **last,
        "call_ref": make_ref(last["called_at"]),
        "remote_addr": None if address == OTHERS else last["remote_addr"],
        "reason": reason,
        "duration_ms": None,
        "call_count": count,
    }
    try:
        write_apart(dbname, row)
    except psycopg2.Error:
        _logger.exception("Refused credentials could not be recorded: %s", reason)
        _put_back(dbname, sender, count, last)


def _put_back(dbname, sender, count, last):
    """Keep what could not be written until the next time."""
    with _lock:
        minute = _minutes.setdefault((dbname, _minute(last)), {})
        known, _last = minute.get(sender, (_rows_of(sender), None))
        minute[sender] = (known + count, last)
    timers.soon(MINUTE.total_seconds(), write_counts, dbname)


def _rows_of(sender) -> int:
    """Return how many of an address and outcome have rows of their own."""
    return 0 if sender[0] == OTHERS else ROWS_A_MINUTE


def _minute(row):
    return row["called_at"].replace(second=0, microsecond=0)


def _network(address):
    """Return what somebody has for himself: an address, or of IPv6 a whole network."""
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return address
    if known.version == 4:
        return known
    # Where a server listens to both kinds, each address of IPv4 comes as one of IPv6.
    return known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False)
