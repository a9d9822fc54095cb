# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Refused credentials, which cost their sender nothing, must not fill the log.

The first few from an address in a minute have a row each. Those that follow are counted
together, in one row when the minute is over, which says how many they were. The limit holds
for each process that serves. Of more addresses than anybody has, the rest share a count.
"""

import ipaddress
import logging
import threading
from datetime import datetime, timedelta, timezone

import psycopg2

from ..call import make_ref
from ..ledger import timers
from ..sealing import write_apart

_logger = logging.getLogger(__name__)

ROWS_A_MINUTE = 5
ADDRESSES_A_MINUTE = 1000
MINUTE = timedelta(minutes=1)
OTHERS = "others"

_lock = threading.Lock()
_minutes = {}
"""By database and minute, then by address: how many there were, and the last row."""


def is_counted(dbname, row) -> bool:
    """Tell whether a refused credential is counted with others, and needs no row.

    :param dict row: what the row would be
    """
    with _lock:
        addresses = _minutes.setdefault((dbname, _minute(row)), {})
        address = _network(row["remote_addr"])
        if address not in addresses and len(addresses) >= ADDRESSES_A_MINUTE:
            address = OTHERS
        count, _last = addresses.get(address, (0, None))
        addresses[address] = (count + 1, row)
    timers.soon(MINUTE.total_seconds(), write_counts, dbname)
    return count >= _rows_of(address)


def write_counts(dbname):
    """Write what was counted in the minutes of a database that are over."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    with _lock:
        of_database = [key for key in _minutes if key[0] == dbname]
        over = [key for key in of_database if key[1] + MINUTE <= now]
        counts = [entry for key in over for entry in _minutes.pop(key).items()]
    if len(over) < len(of_database):
        timers.soon(MINUTE.total_seconds(), write_counts, dbname)
    for address, (count, last) in counts:
        if count > _rows_of(address):
            _write(dbname, address, count - _rows_of(address), last)


def _write(dbname, address, count, last):
    reason = f"{count} more calls with a refused credential, the last: {last['reason']}"
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
        _put_back(dbname, address, count, last)


def _put_back(dbname, address, count, last):
    """Keep what could not be written until the next time."""
    with _lock:
        minute = _minutes.setdefault((dbname, _minute(last)), {})
        known, _last = minute.get(address, (_rows_of(address), None))
        minute[address] = (known + count, last)
    timers.soon(MINUTE.total_seconds(), write_counts, dbname)


def _rows_of(address) -> int:
    """Return how many of an address have rows of their own."""
    return 0 if address == OTHERS else ROWS_A_MINUTE


def _minute(row):
    return row["called_at"].replace(second=0, microsecond=0)


def _network(address):
    """Return what somebody has for himself: an address, or of IPv6 a whole network."""
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return address
    return (
        ipaddress.ip_network((known, 64), strict=False) if known.version == 6 else known
    )
