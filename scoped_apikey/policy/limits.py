# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How many calls the keys of a scope may make."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Each is a number of calls; 0: no limit.

    :param a_minute: each key in a minute
    :param a_day: each key in a day
    :param shared_a_minute: all keys of the scope together in a minute
    :param shared_a_day: all keys of the scope together in a day
    :param at_a_time: each key at a time
    :param serve_uncounted: whether calls that cannot be counted are let pass
    """

    a_minute: int = 0
    a_day: int = 0
    shared_a_minute: int = 0
    shared_a_day: int = 0
    at_a_time: int = 0
    serve_uncounted: bool = False
