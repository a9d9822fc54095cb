# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The records that a rule covers, as an administrator writes them: a literal domain."""

import ast

from .errors import SettingError

MAX_LENGTH = 10_000  # characters
MAX_TERMS = 200


def parse_domain(text: str) -> list:
    """Read a domain that is written as a list of plain values.

    Nothing in it is computed: neither names such as ``uid`` nor calls are known. Whether
    its fields and operators exist is not known here.

    :param text: such as ``"[('team_id.name', '=', 'Website')]"``; an empty one is ``[]``
    :raise SettingError: ``problem`` is ``long_domain``, or ``not_a_domain``: it is no
        list of plain values
    """
    text = text.strip()
    if not text:
        return []
    if len(text) > MAX_LENGTH:
        raise SettingError("long_domain", text)
    try:
        domain = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise SettingError("not_a_domain", text) from None
    if not isinstance(domain, list):
        raise SettingError("not_a_domain", text)
    if len(domain) > MAX_TERMS:
        raise SettingError("long_domain", text)
    return domain


def named_keys(text: str) -> frozenset[str]:
    """Return the system parameters that a rule's domain names by their exact keys.

    A secret parameter is covered only by a rule that names it, and a rule names keys with
    a domain that says nothing else::

        [('key', '=', 'database.secret')]
        [('key', 'in', ['database.secret', 'database.uuid'])]

    :param text: a domain that was accepted when it was saved
    :return: none, where the domain has other conditions, or several
    """
    match parse_domain(text):
        case [("key", "=", str(key))]:
            return frozenset({key})
        case [("key", "in", [*keys])] if all(isinstance(key, str) for key in keys):
            return frozenset(keys)
    return frozenset()
