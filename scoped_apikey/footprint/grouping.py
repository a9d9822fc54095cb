# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods that group and aggregate."""

from ..policy.footprint import READ
from .domains import read_domain
from .errors import malformed, unsupported
from .model_view import Accesses
from .reading import check_plain, read_names

GRANULARITIES = frozenset(
    {
        "hour", "day", "week", "month", "quarter", "year",
        "year_number", "quarter_number", "month_number", "iso_week_number",
        "day_of_year", "day_of_month", "day_of_week",
        "hour_number", "minute_number", "second_number",
    }
)  # fmt: skip
AGGREGATES = frozenset(
    {
        "sum", "avg", "max", "min", "bool_and", "bool_or", "count",
        "count_distinct", "array_agg", "array_agg_distinct", "recordset",
        "sum_currency",
    }
)  # fmt: skip
COUNT = "__count"


def _split(term, functions, argument):
    """Return the field of ``field:function``."""
    name, _colon, function = term.partition(":")
    if function and function not in functions:
        raise malformed(argument)
    return name


def _read_groupby(view, groupby):
    names = [groupby] if isinstance(groupby, str) else read_names(groupby, "groupby")
    names = {_split(name, GRANULARITIES, "groupby") for name in names}
    if "id" in names:
        names.add("display_name")  # which such a group is labelled with
    return view.reads(names)


def _read_aggregates(view, aggregates, argument):
    names = [name for name in read_names(aggregates, argument) if name != COUNT]
    return view.reads(_split(name, AGGREGATES, argument) for name in names)


def _read_order_of_groups(view, order):
    if not order:
        return frozenset()
    if not isinstance(order, str):
        raise malformed("order")
    names = [term.split()[0] for term in order.split(",") if term.split()]
    functions = AGGREGATES | GRANULARITIES
    names = [_split(name, functions, "order") for name in names if name != COUNT]
    for name in names:
        if view.field(name).relational:
            raise unsupported(f"sorting by the related records of {name}")
    return view.reads(names)


def _read_formatted_read_group(view, arguments):
    check_plain(arguments, "offset", "limit", "lazy")
    if arguments.get("having"):
        raise unsupported("having")
    fields = read_domain(view, arguments.get("domain"))
    fields |= _read_groupby(view, arguments.get("groupby") or [])
    fields |= _read_aggregates(view, arguments.get("aggregates") or [], "aggregates")
    fields |= _read_order_of_groups(view, arguments.get("order"))
    return Accesses([view.access(READ, fields)])


def _read_read_group(view, arguments):
    fields = arguments.get("fields") or []
    if any("(" in name for name in read_names(fields, "fields")):
        raise unsupported("an aggregate with a name of its own")
    return _read_formatted_read_group(
        view,
        {
            "domain": arguments.get("domain"),
            "groupby": arguments.get("groupby"),
            "aggregates": fields,
            "offset": arguments.get("offset"),
            "limit": arguments.get("limit"),
            "lazy": arguments.get("lazy"),
            "order": arguments.get("orderby"),
        },
    )


READERS = {
    "formatted_read_group": _read_formatted_read_group,
    "read_group": _read_read_group,
}
