# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The business methods that a rule grants, as an administrator writes them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from keyword import iskeyword

from .errors import LineError

# A name, perhaps its arguments, and a comma or the line's end. What the blanks and
# the name are worth is judged later: each character can be matched in one way only,
# so a line of 5 MB takes no longer to refuse than to read.
ENTRY = re.compile(r"([^,()]*)(?:\(([^()]*)\)\s*)?(?:,|\Z)")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class MethodGrant:
    """A business method that may be called.

    :ivar name: a public method's name
    :ivar arguments: the names of the arguments it may be given; an empty set is
        none of them, and ``None`` is any
    """

    name: str
    arguments: frozenset[str] | None = None

    def __str__(self) -> str:
        if self.arguments is None:
            return self.name
        return f"{self.name}({', '.join(sorted(self.arguments))})"


def parse_methods(text: str) -> tuple[MethodGrant, ...]:
    """Read method names, each perhaps followed by the arguments it may be given.

    They are separated by commas or new lines; empty entries are skipped. An argument
    list ends on the line it began, and an argument that is repeated counts once.
    Names are those of Python, in ASCII. Whether such a method exists, and may be
    granted, is not known here.

    :param text: such as ``"message_post(body, subtype_xmlid), action_set_won"``
    :return: in the order they are written
    :raise LineError: at the first line that is not understood. ``problem`` is
        ``parentheses``: they are nested or unbalanced, or something follows them;
        ``not_a_method`` or ``not_an_argument``: not a name (``f(a,)`` has an
        argument too many, which is empty);
        ``private_method``: it begins with an underscore;
        ``repeated_method``: it is there already, and which arguments count?
    """
    grants = {}
    for number, line in enumerate(text.split("\n"), 1):
        position = 0
        while position < len(line):
            entry = ENTRY.match(line, position)
            if not entry:
                raise LineError("parentheses", line[position:].strip(), number, line)
            position = entry.end()
            name, arguments = entry[1].strip(), entry[2]
            if not name and arguments is None:
                continue
            if not _is_identifier(name):
                raise LineError("not_a_method", name, number, line)
            if name.startswith("_"):
                raise LineError("private_method", name, number, line)
            if name in grants:
                raise LineError("repeated_method", name, number, line)
            if arguments is not None:
                arguments = _parse_arguments(arguments, number, line)
            grants[name] = MethodGrant(name, arguments)
    return tuple(grants.values())


def render_methods(grants: Iterable[MethodGrant]) -> str:
    """Write grants one a line, so that ``parse_methods`` gives them back."""
    return "\n".join(map(str, grants))


def _parse_arguments(text: str, number: int, line: str) -> frozenset[str]:
    if not text.strip():
        return frozenset()
    arguments = [argument.strip() for argument in text.split(",")]
    for argument in arguments:
        if not _is_identifier(argument):
            raise LineError("not_an_argument", argument, number, line)
    return frozenset(arguments)


def _is_identifier(name: str) -> bool:
    return bool(IDENTIFIER.fullmatch(name)) and not iskeyword(name)
