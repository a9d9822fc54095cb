# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a counter of permits, which all processes and hosts share, answers."""

from typing import NamedTuple


class CounterUnreachable(Exception):
    """The counter cannot be asked, or does not answer in time; the text says why."""


class Taken(NamedTuple):
    """The answer to a request for permits of a window.

    :param granted: how many of those wanted were granted
    :param total: how many of the window are taken altogether after this
    """

    granted: int
    total: int
