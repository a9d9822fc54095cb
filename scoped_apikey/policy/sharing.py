# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Equal parts of policies are one object in memory: a worker keeps those of all scopes."""

import sys
from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=4096)
def shared(value):
    """Return the first of those immutable values that are equal to this one."""
    return value


def shared_names(names: Iterable[str]) -> frozenset[str]:
    """Return a set of names, which many scopes may hold."""
    return shared(frozenset(map(sys.intern, names)))
