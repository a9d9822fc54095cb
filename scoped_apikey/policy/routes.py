# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The routes, beyond the standard endpoints, that a scope lets its keys call."""

import re
from dataclasses import dataclass

from .errors import LineError

MAX_ROUTES = 100
SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")

BY_RULES = (("json", "2"), ("jsonrpc",), ("xmlrpc",))
"""The standard endpoints: rules grant what they do, so they are named by no scope."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Paths that are named; none is the default, and opens none.

    :param prefixes: each a path's first segments. What follows them is variable: a
        route's model, id or file name
    """

    prefixes: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Routes":
        """Read one path a line; blank lines are skipped, and a path that is repeated counts once.

        :param text: such as ``"/json/1\\n/doc-bearer"``; a slash at the end says nothing
        :raise LineError: at the first line that is not understood. ``problem`` is
            ``not_a_route``: it is no path of plain segments (letters, digits and
            ``-._~``, no wildcard, no escape, nothing empty, none that begins with a dot);
            ``route_by_rules``: rules grant what this endpoint does, so it cannot be named;
            ``too_many_routes``: this is route number ``MAX_ROUTES + 1``
        """
        prefixes = {}
        for number, line in enumerate(text.split("\n"), 1):
            entry = line.strip()
            if not entry:
                continue
            segments = _split(entry)
            if segments is None:
                raise LineError("not_a_route", entry, number, line)
            if any(_begins(by_rules, segments) for by_rules in BY_RULES):
                raise LineError("route_by_rules", entry, number, line)
            prefixes[segments] = True
            if len(prefixes) > MAX_ROUTES:
                raise LineError("too_many_routes", entry, number, line)
        return cls(tuple(prefixes))

    def names(self, path: str) -> bool:
        """Tell whether a request's path is one of these, or lies below one.

        :param path: decoded, as the server routed it. One with an empty segment or one of
            dots is named by no scope: who knows what a proxy made of it
        """
        if not isinstance(path, str) or not path.startswith("/"):
            return False
        segments = tuple(path[1:].removesuffix("/").split("/"))
        if any(segment.strip(". ") == "" for segment in segments) or "\\" in path:
            return False
        return any(_begins(prefix, segments) for prefix in self.prefixes)

    def __bool__(self) -> bool:
        return bool(self.prefixes)

    def __str__(self) -> str:
        return ", ".join("/" + "/".join(prefix) for prefix in self.prefixes)


EVERY_ROUTE = Routes(((),))
"""Names whatever route there is."""


def _split(entry: str) -> tuple[str, ...] | None:
    if not entry.startswith("/"):
        return None
    segments = tuple(entry[1:].removesuffix("/").split("/"))
    if not all(SEGMENT.fullmatch(segment) for segment in segments):
        return None
    return segments


def _begins(prefix: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    return segments[: len(prefix)] == prefix
