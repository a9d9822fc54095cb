# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which fields does a domain filter by?"""

from odoo.fields import Domain

from .errors import malformed, unsupported

MAX_TERMS = 2000  # parsing takes longer than linear

FLAT_OPERATORS = frozenset(
    {
        "=", "!=", "<", "<=", ">", ">=", "in", "not in",
        "like", "not like", "ilike", "not ilike", "=like", "=ilike",
        "not =like", "not =ilike",
    }
)  # fmt: skip


def read_domain(view, domain) -> frozenset[str]:
    """Return the fields of a flat domain: filtering by a field is reading it.

    Paths, ``any``, hierarchy operators, and texts that search a related record by its
    name reach other models, and are refused for now.

    :param ModelView view: the model it filters
    :param domain: as the caller sent it
    :raise Unreadable: it is malformed, or reaches another model
    """
    if domain is None or domain is False:
        return frozenset()
    if not isinstance(domain, (list, tuple)):
        raise malformed("domain")
    if len(domain) > MAX_TERMS:
        raise unsupported(f"a domain of {len(domain)} terms")
    try:
        conditions = list(Domain(domain).iter_conditions())
    except (ValueError, TypeError, RecursionError) as error:
        raise malformed("domain") from error
    fields = set()
    for condition in conditions:
        fields |= _read_condition(view, condition)
    return frozenset(fields)


def _read_condition(view, condition):
    name, operator, value = condition.field_expr, condition.operator, condition.value
    if operator not in FLAT_OPERATORS:
        raise unsupported(f"the operator {operator} in a domain")
    field = view.field(name)
    if field.type in ("many2one_reference", "reference"):
        raise unsupported(f"filtering by the reference {name}")
    if field.relational and not _is_by_id(operator, value):
        raise unsupported(f"searching {name} by anything but ids")
    if name == "display_name":
        return view.reads_of_name()
    if field.search and not field.store and len((field.related or "").split(".")) != 2:
        # A search method may look anywhere; only Odoo's own for a related field is known.
        raise unsupported(f"filtering by the computed field {name}")
    return view.reads([name])


def _is_by_id(operator, value):
    """Tell whether related records are compared by id, not searched by their name."""
    if operator not in ("=", "!=", "in", "not in"):
        return False
    values = [value] if isinstance(value, (str, bytes)) or value is None else value
    if isinstance(values, (int, bool)):
        return True
    return all(item is None or type(item) in (int, bool) for item in values)


def read_order(view, order) -> frozenset[str]:
    """Return the fields that records are sorted by.

    :param order: such as ``"name desc, id"``
    :raise Unreadable: it is malformed, or sorts by another model's fields
    """
    if not order:
        return frozenset()
    if not isinstance(order, str):
        raise malformed("order")
    names = []
    for term in order.split(","):
        words = term.split()
        if not words:
            raise malformed("order")
        name = words[0]
        if [word.lower() for word in words[1:]] not in (
            [], ["asc"], ["desc"],
            ["nulls", "first"], ["nulls", "last"],
            ["asc", "nulls", "first"], ["asc", "nulls", "last"],
            ["desc", "nulls", "first"], ["desc", "nulls", "last"],
        ):  # fmt: skip
            raise malformed("order")
        if view.field(name).relational:
            raise unsupported(f"sorting by the related records of {name}")
        names.append(name)
    return view.reads(names)
