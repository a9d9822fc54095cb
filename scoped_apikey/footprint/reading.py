# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods that read records: search, read, and their like."""

from ..policy.footprint import READ
from .domains import read_domain, read_order
from .errors import malformed, unsupported
from .model_view import Accesses

FIELDS_ARGUMENT = {
    "read": "fields",
    "search_read": "fields",
    "fields_get": "allfields",
}
"""Where a method takes the fields to return; without them, it offers all."""


def read_names(value, argument) -> list[str]:
    """Return a list of names that a caller sent.

    :raise Unreadable: it is anything else
    """
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(name, str) for name in value
    ):
        raise malformed(argument)
    return list(value)


def check_plain(arguments, *names):
    """Accept nothing but numbers, flags and nothing for arguments such as ``limit``.

    :raise Unreadable: one holds anything else
    """
    for name in names:
        if not isinstance(arguments.get(name), (int, bool, type(None))):
            raise malformed(name)


def _search(view, arguments):
    check_plain(arguments, "offset", "limit", "count_limit")
    filtered = read_domain(view, arguments.get("domain"))
    return filtered | read_order(view, arguments.get("order"))


def _read_search(view, arguments):
    return Accesses([view.access(READ, _search(view, arguments))])


def _read_fields(view, arguments):
    check_load(arguments)
    searched = _search(view, arguments)
    if not arguments.get("fields"):
        return Accesses([view.access(READ, searched, offered=view.readable)])
    names = view.reads(read_names(arguments["fields"], "fields"))
    return Accesses([view.access(READ, searched | names)])


def check_load(arguments):
    if arguments.get("load", "_classic_read") not in ("_classic_read", "", None, False):
        raise malformed("load")


def _read_name_search(view, arguments):
    check_plain(arguments, "limit")
    if not isinstance(arguments.get("name", ""), (str, bool, type(None))):
        raise malformed("name")
    if arguments.get("operator", "ilike") not in (
        "=", "like", "ilike", "=like", "=ilike", "not ilike", "not like", "!=",
    ):  # fmt: skip
        raise malformed("operator")
    filtered = read_domain(view, arguments.get("domain"))
    return Accesses([view.access(READ, filtered | view.reads_of_name())])


def read_specification(view, specification):
    """Return the fields of a flat specification of ``web_read`` and its like.

    :raise Unreadable: it is malformed, or asks for related records' fields
    """
    if not isinstance(specification, dict):
        raise malformed("specification")
    for name, nested in specification.items():
        if nested:
            raise unsupported(f"the specification of {name}")
    return view.reads(specification)


def _read_web(view, arguments):
    names = read_specification(view, arguments.get("specification"))
    return Accesses([view.access(READ, _search(view, arguments) | names)])


def _read_export(view, arguments):
    names = read_names(arguments.get("fields_to_export"), "fields_to_export")
    if "id" in names:
        raise unsupported("exporting external ids")
    names = ["id" if name == ".id" else name for name in names]
    for name in names:
        if view.field(name).type in ("one2many", "many2many"):
            raise unsupported(f"exporting the related records of {name}")
    return Accesses([view.access(READ, view.reads(names))])


READERS = {
    "search": _read_search,
    "search_count": _read_search,
    "search_read": _read_fields,
    "read": _read_fields,
    "name_search": _read_name_search,
    "web_read": _read_web,
    "web_search_read": _read_web,
    "export_data": _read_export,
}
