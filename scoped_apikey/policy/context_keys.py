# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The context keys that a scope allows beyond the harmless ones."""

import re

from .errors import LineError

MAX_KEYS = 100
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")

REACHING = re.compile(
    r"""default_.* | active_.* | search_.* | show_.* | sudo | uid | prefetch_fields
    | _?force_.* | skip_.* | no_.* | bypass_.* | ignore_.* | disable_.* | allow_.*
    | install_.* | import_.* | name_create_.* | mail_.* | tracking_.*
    """,
    re.VERBOSE,
)
"""Keys by which Odoo's own code is told what to act on, what to show, or what not to do."""


def parse_context_keys(text: str) -> frozenset[str]:
    """Read names of context keys, separated by commas or new lines.

    :param text: such as ``"tracking_disable, mail_notrack"``; empty entries are skipped
    :raise LineError: at the first line that is not understood. ``problem`` is
        ``not_a_context_key``: no name of Python in ASCII, or one of more than 100
        characters; ``too_many_context_keys``: this is number ``MAX_KEYS + 1``
    """
    keys = set()
    for number, line in enumerate(text.split("\n"), 1):
        for entry in line.split(","):
            key = entry.strip()
            if not key:
                continue
            if not IDENTIFIER.fullmatch(key):
                raise LineError("not_a_context_key", key, number, line)
            keys.add(key)
            if len(keys) > MAX_KEYS:
                raise LineError("too_many_context_keys", key, number, line)
    return frozenset(keys)


def is_reaching(key: str) -> bool:
    """Tell whether a key is known to open, show or switch off something."""
    return REACHING.fullmatch(key) is not None
