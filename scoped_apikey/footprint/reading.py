# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods that read records: search, read, and their like."""

from odoo.models import fix_import_export_id_paths

from ..policy.footprint import READ
from .domains import read_domain, read_order
from .errors import malformed, unsupported
from .model_view import DATA_TYPED, TO_MANY
from .paths import follow_path, read_listed_names, read_names_searched

FIELDS_ARGUMENT = {
    "read": "fields",
    "search_read": "fields",
    "fields_get": "allfields",
}
"""Where a method takes the fields to return; without them, it offers all."""

NESTED_TO_ONE = frozenset({"fields", "context"})
NESTED_TO_MANY = NESTED_TO_ONE | {"limit", "order"}
NAMING = frozenset({"id", "display_name"})
"""What is shown of a related record where nothing else is asked for."""

MAX_DEPTH = 20


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


def _read_search(view, arguments):
    check_plain(arguments, "offset", "limit", "count_limit")
    read_domain(view, arguments.get("domain"))
    read_order(view, arguments.get("order"))


def _read_read(view, arguments):
    check_load(arguments)
    if arguments.get("fields"):
        view.reads(read_names(arguments["fields"], "fields"))
    else:
        view.reads()
        view.touched.offer(view, READ, view.readable)
        view.mention_listed(view.readable)


def _read_search_read(view, arguments):
    _read_search(view, arguments)
    _read_read(view, arguments)


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
    read_domain(view, arguments.get("domain"))
    read_names_searched(view)


def read_specification(view, specification, depth=0):
    """Note what a specification of ``web_read`` and its like reads, however deep.

    :raise Unreadable: it is malformed, or reaches where nothing can be limited
    """
    if not isinstance(specification, dict) or depth > MAX_DEPTH:
        raise malformed("specification")
    view.reads(specification)
    for name, nested in specification.items():
        if nested:
            _read_nested(view, name, nested, depth)
        elif nested not in ({}, None, False):
            raise malformed("specification")


def _read_nested(view, name, nested, depth):
    many = view.field(name).type in TO_MANY
    if not isinstance(nested, dict) or set(nested) - (
        NESTED_TO_MANY if many else NESTED_TO_ONE
    ):
        raise malformed(name)
    target = view.follow(name)
    view.touched.read_nested_context(nested.get("context") or {})
    check_plain(nested, "limit")
    if nested.get("order"):
        target.reads()
        read_order(target, nested["order"])
    fields = nested.get("fields") or {}
    # A many2one is shown by its name, whether that is asked for or not.
    if many or not isinstance(fields, dict) or set(fields) - NAMING:
        read_specification(target, fields, depth + 1)


def _read_web_read(view, arguments):
    read_specification(view, arguments.get("specification"))


def _read_web_search_read(view, arguments):
    _read_search(view, arguments)
    _read_web_read(view, arguments)


def _read_export(view, arguments):
    view.reads()
    for column in read_names(arguments.get("fields_to_export"), "fields_to_export"):
        *links, name = fix_import_export_id_paths(column)
        last = follow_path(view, links)
        # Odoo exports what it has in memory already, whoever brought it there.
        last.reads(unfiltered=bool(links) and last.resource.filtered)
        if name == "id":
            # Odoo gives a record that has no external id a new one.
            raise unsupported(f"exporting external ids ({column})")
        if name != ".id":
            read_listed_names(last, name)
            if links and last.field(name).type in DATA_TYPED:
                raise unsupported(f"what lies beneath {column}")


READERS = {
    "search": _read_search,
    "search_count": _read_search,
    "search_read": _read_search_read,
    "read": _read_read,
    "name_search": _read_name_search,
    "web_read": _read_web_read,
    "web_search_read": _read_web_search_read,
    "export_data": _read_export,
}
