# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What does a domain filter by? Filtering by a field is reading it."""

from odoo.fields import Domain
from odoo.orm.utils import READ_GROUP_NUMBER_GRANULARITY

from .errors import malformed, unsupported
from .model_view import TO_MANY
from .paths import read_names_searched, search_path

MAX_TERMS = 2000  # parsing takes longer than linear

COMPARISONS = frozenset(
    {"=", "!=", "<>", "==", "=?", "<", "<=", ">", ">=", "in", "not in"}
)
PATTERNS = frozenset(
    {
        "like", "not like", "ilike", "not ilike",
        "=like", "not =like", "=ilike", "not =ilike",
    }
)  # fmt: skip
HIERARCHIES = frozenset({"child_of", "parent_of"})
SUBDOMAINS = frozenset({"any", "not any"})


def read_domain(view, domain):
    """Note what a domain reads, however deep.

    :param ModelView view: the model it filters
    :param domain: as the caller sent it
    :raise Unreadable: it is malformed, or reaches where nothing can be limited
    """
    view.reads()
    if domain is None or domain is False:
        return
    if not isinstance(domain, (list, tuple)):
        raise malformed("domain")
    if len(domain) > MAX_TERMS:
        raise unsupported(f"a domain of {len(domain)} terms")
    try:
        conditions = list(Domain(domain).iter_conditions())
    except (ValueError, TypeError, RecursionError) as error:
        raise malformed("domain") from error
    for condition in conditions:
        _read_condition(view, condition.field_expr, condition.operator, condition.value)


def _read_condition(view, path, operator, value):
    first, _dot, part = path.partition(".")
    if part in READ_GROUP_NUMBER_GRANULARITY and _is_temporal(view.field(first)):
        path = first
    *links, name = path.split(".")
    view = search_path(view, links)
    field = view.field(name)
    _read_behind(view, field)
    if operator in SUBDOMAINS:
        read_domain(view if name == "id" else search_path(view, [name]), value)
    elif operator in HIERARCHIES:
        _read_hierarchy(view, name, value)
    elif operator not in COMPARISONS | PATTERNS:
        raise unsupported(f"the operator {operator} in a domain")
    elif name == "display_name":
        read_names_searched(view)
    elif field.relational and (operator in PATTERNS or _has_text(value)):
        read_names_searched(search_path(view, [name]))
    elif field.relational:
        _read_ids(view, name, value)
    elif field.type == "json" and field.search:
        raise unsupported(f"{name} in a domain")  # it may search by names of others
    view.reads([name])


def _read_behind(view, field):
    """Note that a field which shows one of many records is searched in all of them."""
    if field.store or not (field.related or field.search):
        return
    for path in (field.related,) if field.related else view.depends(field):
        *links, name = path.split(".")
        if _fans_out(view.model, links):
            search_path(view, links).reads([name])


def _fans_out(model, links) -> bool:
    for link in links:
        field = model._fields[link]
        if field.type in TO_MANY:
            return True
        model = model.env[field.comodel_name]
    return False


def _read_ids(view, name, value):
    """Comparing with ids of records that are not shown would tell who is related to them."""
    if not _is_ids(value):
        raise malformed(name)
    if view.field(name).type in TO_MANY:
        ids = [item for item in _listed(value) if type(item) is int]
        view.touched.mention(view.follow(name), ids)


def _is_temporal(field):
    return field.type in ("date", "datetime")


def _has_text(value):
    """Tell whether related records are searched by their name, not compared by id."""
    return any(isinstance(item, (str, bytes)) for item in _listed(value))


def _is_ids(value):
    return all(item is None or type(item) in (int, bool) for item in _listed(value))


def _listed(value):
    return value if isinstance(value, (list, tuple)) else [value]


def _read_hierarchy(view, name, value):
    """Odoo walks up or down a hierarchy without asking who may see what is on the way."""
    target = view if name == "id" else search_path(view, [name])
    link = target.model._parent_name
    if target is view and name != "id":
        link = name
    if not isinstance(value, (list, tuple, int, str)):
        raise malformed(name)
    target.reads([link], unfiltered=True)
    if _has_text(value):
        read_names_searched(target)
    elif not _is_ids(value):
        raise malformed(name)


def read_order(view, order):
    """Note the fields that records are sorted by.

    :param order: such as ``"name desc, id"``
    :raise Unreadable: it is malformed
    """
    if not order:
        return
    if not isinstance(order, str):
        raise malformed("order")
    for term in order.split(","):
        words = term.lower().split()
        if not words or words[1:] not in (
            [], ["asc"], ["desc"],
            ["nulls", "first"], ["nulls", "last"],
            ["asc", "nulls", "first"], ["asc", "nulls", "last"],
            ["desc", "nulls", "first"], ["desc", "nulls", "last"],
        ):  # fmt: skip
            raise malformed("order")
        read_sort_key(view, term.split()[0])


def read_sort_key(view, name, seen=frozenset()):
    """Note what sorting by a field reads.

    A many2one sorts by the order of its model, and Odoo joins that without asking who may
    see it; ``partner_id.id`` sorts by the id alone.

    :raise Unreadable: there is no such field, or it cannot be sorted by
    """
    name, _dot, part = name.partition(".")
    field = view.field(name)
    view.reads([name])
    if part and (part != "id" or field.type != "many2one"):
        raise malformed("order")
    if field.type != "many2one" or part or field in seen:
        return
    target = view.follow(name)
    for term in (target.model._order or "id").split(","):
        key = term.split()[0]
        if key != "id":
            target.reads(unfiltered=True)
            read_sort_key(target, key, seen | {field})
