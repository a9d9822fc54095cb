# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a seal is.

A seal says of some rows of one week of one log which they are, by their ids, and what they
are, by a digest of each. It holds the digest of the seal before it, so that all of them are
a chain: whoever alters a row has to make every later seal anew, and those have left the
database long ago.

A row's digest is that of its line as ``COPY ... TO STDOUT`` writes it, with the columns that
the seal names. PostgreSQL promises to read that form again in any later version.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

DIGEST_SIZE = 16
"""Bytes that are kept of a row's SHA-256: nobody finds another row with the same 128 bits."""


def digest_of(line: bytes) -> bytes:
    """Return the digest of a row, as ``COPY`` wrote it, without the end of its line."""
    return hashlib.sha256(line).digest()[:DIGEST_SIZE]


def write_ids(ids: Iterable[int]) -> str:
    """Write ids, which are in order, as ranges: ``4-9,12``."""
    ranges = []
    for id_ in ids:
        if ranges and id_ == ranges[-1][1] + 1:
            ranges[-1][1] = id_
        else:
            ranges.append([id_, id_])
    return ",".join(
        str(first) if first == last else f"{first}-{last}" for first, last in ranges
    )


def read_ranges(text: str) -> Iterator[range]:
    """Yield what ``write_ids`` wrote. :raise ValueError: these are no ranges"""
    for part in filter(None, text.split(",")):
        first, _dash, last = part.partition("-")
        yield range(int(first), int(last or first) + 1)


def read_ids(text: str) -> Iterator[int]:
    """Yield the ids of ranges, in order. :raise ValueError: these are no ranges"""
    for ids in read_ranges(text):
        yield from ids


@dataclass(frozen=True)
class Seal:
    """A link of the chain.

    :param number: one more than that of the seal before it
    :param home: the database that it was made in, as its server knows it
    :param log: the table that its rows are in; empty: it seals none, and says that there
        were none
    :param period: the week that they are in, as ``2026w48``
    :param ids: which rows, see ``write_ids``
    :param rows: their digests, one after the other
    :param columns: what of them, separated by commas, in that order
    :param late: which of them were written long after they say that they ended
    :param snapshot: of the database: all that it has seen is sealed, by this seal or by
        one before it
    :param origin: why a chain begins here, and what it begins with, as JSON; ``None``: it
        does not
    :param previous: the digest of the seal before it; empty: there is none
    """

    number: int
    home: str
    sealed_at: datetime
    log: str
    period: str
    ids: str
    rows: bytes
    columns: str
    late: str
    snapshot: str
    origin: str | None
    previous: str

    @property
    def row_count(self) -> int:
        return len(self.rows) // DIGEST_SIZE

    @property
    def reason(self) -> str | None:
        """Why a chain begins here; ``None`` where none does, or an altered seal does not say."""
        return self._origin.get("reason")

    @property
    def first_ids(self) -> dict[str, int]:
        """Of each log, the id after which a chain that begins here goes on."""
        first_ids = self._origin.get("first_ids")
        if not isinstance(first_ids, dict):
            return {}
        return {log: id_ for log, id_ in first_ids.items() if isinstance(id_, int)}

    @property
    def _origin(self) -> dict:
        try:
            origin = json.loads(self.origin or "{}")
        except ValueError:
            origin = None
        return origin if isinstance(origin, dict) else {}

    @property
    def digest(self) -> str:
        """The digest of all of it, in hexadecimal."""
        sealed = [
            self.previous,
            self.number,
            self.home,
            self.sealed_at.isoformat(),
            self.log,
            self.period,
            self.ids,
            hashlib.sha256(self.rows).hexdigest(),
            self.columns,
            self.late,
            self.snapshot,
            self.origin,
        ]
        return hashlib.sha256(json.dumps(sealed).encode()).hexdigest()

    def digests(self) -> Iterator[tuple[int, bytes]]:
        """Yield the id and the digest of each row, in the order of the ids.

        :raise ValueError: the seal was altered, and does not say
        """
        for index, id_ in enumerate(read_ids(self.ids)):
            if index == self.row_count:
                raise ValueError(self.ids[:80])
            yield id_, self.rows[index * DIGEST_SIZE : (index + 1) * DIGEST_SIZE]

    def witness(self) -> dict:
        """Return what leaves the database, to be held against it one day."""
        return {
            "home": self.home,
            "number": self.number,
            "sealed_at": self.sealed_at.isoformat(),
            "log": self.log,
            "period": self.period,
            "rows": self.row_count,
            "ids": self.ids if len(self.ids) <= 200 else f"{self.ids[:200]}…",
            "digest": self.digest,
        }
