# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds the first seal, and the first row, that is not as it was sealed.

First the chain: each seal is what its digest says, holds the digest of the one before it,
and none is missing. Then the rows: of each week, those that are there against those that
were sealed. At last the witnesses, which left the database: whoever owns it can write a
chain anew, but not what others have kept.

A row that is not sealed yet is one that the last seal's snapshot has not seen, of a
transaction that has begun. Any other that no seal has was put in afterwards.
"""

import heapq
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from odoo.tools import SQL

from .chain import Seal, digest_of, read_ranges
from .periods import Period
from .sealer import (
    HEARTBEAT,
    SEALS,
    Log,
    copy_rows,
    make_seal,
    read_columns,
    read_home,
    read_state,
    seal_columns,
    settle,
)
from .tables import periods, strangers

FINDINGS_KEPT = 100
OVERDUE = 2 * HEARTBEAT
PROGRESS_EVERY = 100_000  # rows

ALTERED, INSERTED, MISSING, UNREADABLE = "altered", "inserted", "missing", "unreadable"
FILTERED, STALE = "filtered", "overdue"
"""What can be wrong with a row, a seal, a week or a log."""


class Finding(NamedTuple):
    """Something that is not as it was sealed.

    :param what: ``row``, ``seal``, ``period``, ``log`` or ``witness``
    :param problem: ``altered``, ``inserted``, ``missing`` or ``unreadable``; of a log
        ``filtered``; of the last seal ``overdue``
    :param log: the table; of a seal, that of its rows
    :param ref: the id of a row, the number of a seal, the name of a week
    :param seal: the number of the seal that tells
    """

    what: str
    problem: str
    log: str
    ref: int | str
    seal: int | None = None


class Purge(NamedTuple):
    """A week that the retention removed, on record.

    :param number: of the last seal in it, or of its rows
    :param digest: of that seal, where it was a week of seals
    """

    log: str
    period: str
    number: int | None = None
    digest: str | None = None


@dataclass
class Report:
    """What was found.

    :ivar seals, rows: how many were looked at
    :ivar unsealed: rows that are too new to be sealed
    :ivar purged: weeks that the retention removed, on record
    :ivar origins: the seals at which a chain begins
    :ivar late: how many rows were written long after they say that they ended
    :ivar first_late: the first of them
    :ivar witnesses: how many of those given are of this database
    :ivar findings: the first of them; ``problems`` counts all
    """

    seals: int = 0
    rows: int = 0
    unsealed: int = 0
    late: int = 0
    first_late: int | None = None
    witnesses: int = 0
    problems: int = 0
    purged: list[Purge] = field(default_factory=list)
    origins: list[Seal] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def add(self, *finding):
        self.problems += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(Finding(*finding))


def verify(
    cr,
    logs: list[Log],
    purges: list[Purge],
    witnesses: Iterable[str] = (),
    progress: Callable[[int], None] = lambda rows: None,
) -> Report:
    """Verify the chain, then the rows, and hold them against witnesses.

    :param cr: a cursor for this alone, whose transaction shows all as it is at one moment,
        and has hold of the logs, see ``hold``
    :param purges: what the retention removed
    :param witnesses: lines that were kept outside, as ``sealer.witness`` wrote them
    :param progress: called now and then with the number of rows looked at
    """
    report = Report()
    settle(cr)
    cr.execute(
        "SELECT GREATEST(txid_snapshot_xmax(txid_current_snapshot()),"
        " txid_current_if_assigned() + 1)"
    )
    [to_begin] = cr.fetchone()
    _verify_visibility(cr, logs, report)
    state = read_state(cr)
    digests = _verify_chain(cr, purges, report)
    _verify_age(cr, logs, state, report)
    _verify_witnesses(digests, read_home(cr), purges, witnesses, report)
    for log in logs:
        _verify_log(cr, log, state, to_begin, purges, report, progress)
    progress(report.rows)
    return report


def hold(cr, logs):
    """See to it that no week is removed until the transaction ends.

    Before it has done anything else: a week that goes after its snapshot was taken is still
    on the list, and has no rows.
    """
    tables = [*(log.table for log in logs), SEALS]
    cr.execute(
        SQL(
            "LOCK TABLE %s IN ACCESS SHARE MODE",
            SQL(", ").join(map(SQL.identifier, tables)),
        )
    )


def _verify_visibility(cr, logs, report):
    """Find out whether a policy may show other rows to others."""
    cr.execute(
        "SELECT relname FROM pg_class WHERE relrowsecurity AND oid = ANY("
        " SELECT to_regclass(quote_ident(log)) FROM unnest(%s) log) ORDER BY relname",
        [[*(log.table for log in logs), SEALS]],
    )
    for (log,) in cr.fetchall():
        report.add("log", FILTERED, log, log)


# ----------------------------------------------------------------------
# The chain
# ----------------------------------------------------------------------


def _seals(cr, condition=SQL("TRUE")):  # noqa: B008 (it is immutable)
    """Yield seals, in order, a few at a time.

    :return: of each, the seal, and the digest and the count that stand beside it
    """
    query = SQL(
        "SELECT digest, row_count, %s FROM %s WHERE %s ORDER BY number, id",
        seal_columns(),
        SQL.identifier(SEALS),
        condition,
    )
    with cr.connection.cursor("apikey_seals") as seals:
        seals.itersize = 500
        seals.execute(query.code, query.params)
        for digest, row_count, *row in seals:
            yield make_seal(row), digest, row_count


def _verify_chain(cr, purges, report) -> dict[int, tuple[str, str]]:
    """Verify what the seals say of each other.

    :return: of each seal, by its number, its home and digest
    """
    known = {}
    expected, previous = None, None
    for seal, digest, row_count in _seals(cr):
        report.seals += 1
        if seal.origin:
            report.origins.append(seal)
        _count_late(seal, report)
        if expected is None:
            if not _may_be_first(seal, purges):
                report.add("seal", MISSING, "", seal.number - 1, seal.number)
        elif seal.number > expected:
            report.add("seal", MISSING, "", expected, seal.number)
        elif seal.number < expected:
            report.add("seal", INSERTED, seal.log, seal.number)
        elif seal.previous != previous:
            report.add("seal", ALTERED, "", seal.number - 1, seal.number)
        if (seal.digest, seal.row_count) != (digest, row_count):
            report.add("seal", ALTERED, seal.log, seal.number)
        known[seal.number] = (seal.home, digest)
        expected, previous = seal.number + 1, digest
    return known


def _verify_age(cr, logs, state, report):
    """Find out whether the log is sealed at all: rows that no seal has can be altered."""
    cr.execute("SELECT clock_timestamp() AT TIME ZONE 'utc'")
    [now] = cr.fetchone()
    since = state.last.sealed_at if state.last else _first_moment(cr, logs)
    if since is not None and now - since > OVERDUE:
        report.add("seal", STALE, "", state.last.number if state.last else 0)


def _first_moment(cr, logs):
    """Return the time of the oldest row; ``None``: there is none."""
    moments = []
    for log in logs:
        column, table = SQL.identifier(log.time_column), SQL.identifier(log.table)
        cr.execute(SQL("SELECT min(%s) FROM %s", column, table))
        moments += filter(None, cr.fetchone())
    return min(moments, default=None)


def _count_late(seal, report):
    """Count what a seal says is late; one that was altered to say nothing is found by that."""
    try:
        ranges = list(read_ranges(seal.late))
    except ValueError:
        return
    for ids in ranges:
        report.late += max(0, ids.stop - ids.start)
        report.first_late = report.first_late or ids.start


def _may_be_first(seal, purges) -> bool:
    """Tell whether what came before a seal never was, or is gone on record."""
    if seal.number == 1:
        return seal.previous == ""
    return any(
        (purge.log, purge.number, purge.digest)
        == (SEALS, seal.number - 1, seal.previous)
        for purge in purges
    )


def _verify_witnesses(known, here, purges, lines, report):
    """Hold the chain against what others have kept of it.

    A seal that was made in this database has to be in its chain, unless the retention
    removed its week. One that was made in another may have come after the backup that this
    database was made from.

    :param here: what the server knows this database by
    """
    removed = {purge.period: purge for purge in purges if purge.log == SEALS}
    for line in filter(None, map(str.strip, lines)):
        try:
            witness = json.loads(line)
            home, digest = str(witness["home"]), str(witness["digest"])
            number, log = int(witness["number"]), str(witness.get("log", ""))
            week = Period.of(datetime.fromisoformat(witness["sealed_at"])).name
        except (ValueError, KeyError, TypeError):
            report.add("witness", UNREADABLE, "", line[:80])
            continue
        if number in known:
            if known[number] == (home, digest):
                report.witnesses += 1
            elif home in (here, known[number][0]):
                report.add("seal", ALTERED, log, number)
        elif home == here and not _was_removed(number, digest, removed.get(week)):
            report.add("seal", MISSING, log, number)


def _was_removed(number, digest, purge) -> bool:
    """Tell whether a seal is one of those that went with a week, on record."""
    if purge is None or not isinstance(purge.number, int):
        return False
    return number < purge.number or (number, digest) == (purge.number, purge.digest)


# ----------------------------------------------------------------------
# The rows
# ----------------------------------------------------------------------


def _verify_log(cr, log, state, to_begin, purges, report, progress):
    cr.execute(
        SQL(
            "SELECT DISTINCT period FROM %s WHERE log = %s",
            SQL.identifier(SEALS),
            log.table,
        )
    )
    sealed = {name for (name,) in cr.fetchall()}
    present = {period.name for period in periods(cr, log.table)}
    for name in strangers(cr, log.table):
        report.add("period", INSERTED, log.table, name)
    removed = {purge.period: purge for purge in purges if purge.log == log.table}
    for name in sorted(sealed | present):
        purge = removed.get(name)
        if purge:
            report.purged.append(purge)
        if name in present:
            _verify_period(cr, log, name, purge, state, to_begin, report, progress)
        elif not purge:
            report.add("period", MISSING, log.table, name)


def _verify_period(cr, log, name, purge, state, to_begin, report, progress):
    """Compare the rows of a week with its seals.

    :param purge: of what was in it before, where it is there again: a clock was wrong, or a
        call took longer than rows are kept
    """
    period = Period.named(name)
    columns = read_columns(cr, log.table)
    condition = SQL("log = %s AND period = %s", log.table, name)
    gone = purge.number if purge and isinstance(purge.number, int) else 0
    seals = [seal for seal, *_beside in _seals(cr, condition) if seal.number > gone]
    comparison = _Comparison(log, seals, columns, state, to_begin, report, progress)
    copy_rows(
        cr,
        SQL(
            "SELECT %s FROM %s WHERE %s >= %s AND %s < %s ORDER BY id",
            SQL(", ").join(map(SQL.identifier, columns)),
            SQL.identifier(log.table),
            SQL.identifier(log.time_column),
            period.begin,
            SQL.identifier(log.time_column),
            period.end,
        ),
        comparison,
    )
    comparison.finish()


class _Comparison:
    """Takes the rows of a week in the order of their ids, and compares them with its seals.

    :param to_begin: the first transaction that has not begun: no row can be of it
    """

    def __init__(self, log, seals, columns, state, to_begin, report, progress):
        self._log = log.table
        self._columns = columns
        self._xact = columns.index("xact")
        self._state = state
        self._to_begin = to_begin
        self._report = report
        self._progress = progress
        self._sealed = heapq.merge(*map(self._of_seal, seals))
        self._ahead = next(self._sealed, None)

    def _of_seal(self, seal):
        """Yield what a seal says of its rows, and which part of a line it says that of."""
        names = seal.columns.split(",")
        part = None
        if names != self._columns:
            lost = set(names) - set(self._columns)
            if lost:
                self._report.add("seal", UNREADABLE, self._log, seal.number)
                return
            part = [self._columns.index(name) for name in names]
        try:
            for id_, digest in seal.digests():
                yield id_, digest, seal.number, part
        except ValueError:
            self._report.add("seal", UNREADABLE, self._log, seal.number)

    def write(self, line: bytes):  # pylint: disable=method-required-super
        row = line[:-1]
        id_ = int(row[: row.index(b"\t")])
        report = self._report
        report.rows += 1
        if not report.rows % PROGRESS_EVERY:
            self._progress(report.rows)
        while self._ahead and self._ahead[0] < id_:
            self._miss()
        if not self._ahead or self._ahead[0] > id_:
            self._see_unsealed(id_, row)
            return
        while self._ahead and self._ahead[0] == id_:
            _id, digest, number, part = self._ahead
            self._ahead = next(self._sealed, None)
            if digest_of(row if part is None else _part(row, part)) != digest:
                report.add("row", ALTERED, self._log, id_, number)

    def finish(self):
        while self._ahead:
            self._miss()

    def _miss(self):
        id_, _digest, number, _part = self._ahead
        self._report.add("row", MISSING, self._log, id_, number)
        self._ahead = next(self._sealed, None)

    def _see_unsealed(self, id_, row):
        transaction = int(row.split(b"\t")[self._xact])
        # Of a database that was moved, transactions were counted by another server.
        moved = self._state.last_ids is not None
        could_be_new = moved or transaction < self._to_begin
        if could_be_new and not self._state.has(self._log, id_, transaction):
            self._report.unsealed += 1
        else:
            self._report.add("row", INSERTED, self._log, id_)


def _part(row, part):
    """Return the line as it was with the columns of an earlier version."""
    cells = row.split(b"\t")
    return b"\t".join(cells[index] for index in part)
