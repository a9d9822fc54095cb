# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which transactions a snapshot of PostgreSQL has seen.

The form, and what it means, are those of ``pg_current_snapshot()``: ``xmin:xmax:xip``, where
all below ``xmin`` have ended, none from ``xmax`` on has begun, and those in ``xip`` were under
way. So what a snapshot has not seen yet is known exactly, however long a transaction lasts,
and however many were rolled back.
"""

from typing import NamedTuple


class Snapshot(NamedTuple):
    """What was committed, or given up, at one moment.

    :param xmax: the first transaction that had not begun
    :param under_way: those below it that had not ended
    """

    xmax: int
    under_way: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Snapshot":
        """:raise ValueError: it is no snapshot"""
        _xmin, xmax, under_way = text.split(":")
        return cls(int(xmax), tuple(map(int, filter(None, under_way.split(",")))))

    def has_seen(self, transaction: int) -> bool:
        """Tell whether a transaction had ended."""
        return transaction < self.xmax and transaction not in self.under_way


NOTHING = Snapshot(0)
"""The snapshot that has seen no transaction."""
