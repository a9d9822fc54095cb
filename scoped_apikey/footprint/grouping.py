# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods that group and aggregate."""

import re

from odoo.orm.utils import READ_GROUP_ALL_TIME_GRANULARITY

from .domains import read_domain, read_sort_key
from .errors import malformed
from .paths import read_listed_names, search_path
from .reading import check_plain, read_names

GRANULARITIES = frozenset(READ_GROUP_ALL_TIME_GRANULARITY)
AGGREGATES = frozenset(
    {
        "sum", "avg", "max", "min", "bool_and", "bool_or", "count",
        "count_distinct", "array_agg", "array_agg_distinct", "recordset",
        "sum_currency",
    }
)  # fmt: skip
COUNT = "__count"
NAMED_AGGREGATE = re.compile(r"\w+:(\w+)\((\w+)\)", re.ASCII)
COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "in", "not in"})


def _split(term, functions, argument):
    """Return the field of ``field:function``."""
    name, _colon, function = term.partition(":")
    if function and function not in functions:
        raise malformed(argument)
    return name


def _read_groupby(view, groupby):
    names = [groupby] if isinstance(groupby, str) else read_names(groupby, "groupby")
    for term in names:
        _read_group(view, _split(term, GRANULARITIES, "groupby"))


def _read_group(view, path):
    """Note what grouping by a field, or by a path through many2ones, reads."""
    *links, name = path.split(".")
    for link in links:
        if view.field(link).type != "many2one":
            raise malformed("groupby")
        view = search_path(view, [link])
    read_listed_names(view, name)
    if name == "id":
        view.reads(["display_name"])  # which such a group is labelled with


def _read_aggregates(view, aggregates, argument):
    for term in read_names(aggregates, argument):
        if term != COUNT:
            view.reads([_split(term, AGGREGATES, argument)])


def _read_having(view, having):
    if having is None or having is False:
        return
    if not isinstance(having, (list, tuple)):
        raise malformed("having")
    for term in having:
        if term in ("&", "|", "!"):
            continue
        if not (
            isinstance(term, (list, tuple))
            and len(term) == 3
            and isinstance(term[0], str)
            and term[1] in COMPARISONS
        ):
            raise malformed("having")
        _read_aggregates(view, [term[0]], "having")


def _read_order_of_groups(view, order):
    if not order:
        return
    if not isinstance(order, str):
        raise malformed("order")
    for term in order.split(","):
        words = term.split()
        if not words:
            raise malformed("order")
        if words[0] == COUNT:
            continue
        name = _split(words[0], AGGREGATES | GRANULARITIES, "order")
        if ":" in words[0]:
            view.reads([name])
        elif "." in name:
            _read_group(view, name)
        else:
            read_sort_key(view, name)


def _read_formatted_read_group(view, arguments):
    check_plain(arguments, "offset", "limit", "lazy")
    read_domain(view, arguments.get("domain"))
    _read_groupby(view, arguments.get("groupby") or [])
    _read_aggregates(view, arguments.get("aggregates") or [], "aggregates")
    _read_having(view, arguments.get("having"))
    _read_order_of_groups(view, arguments.get("order"))


def _read_read_group(view, arguments):
    aggregates = [
        NAMED_AGGREGATE.sub(r"\2:\1", term)
        for term in read_names(arguments.get("fields") or [], "fields")
    ]
    _read_formatted_read_group(
        view,
        {
            "domain": arguments.get("domain"),
            "groupby": arguments.get("groupby"),
            "aggregates": aggregates,
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
