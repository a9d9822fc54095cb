# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ways to lead a call out of its scope: each is a way that stock Odoo has been seen to go.

A way takes a draft, changes its call in one place, and says ``False`` where it does not fit;
where it goes one of several ways, it returns which. ``lead_out`` notes its name on the call,
and the variant, so that a leak can be told by the way it took.
"""

from collections.abc import Callable
from typing import NamedTuple

from .metadata import DATES, NUMBERS, TEXTS
from .methods import disguised_calls, message_calls, web_client_calls
from .pieces import (
    add_condition,
    any_relation,
    command_name,
    commands,
    domain_of,
    granted_relation,
    nasty_context,
    nested,
    path,
    specification_of,
    values_of,
    values_of_call,
)

WAYS = []


class Way(NamedTuple):
    """One way out of a scope.

    :param methods: those that it fits; none: all
    :param take: changes a draft
    """

    name: str
    methods: tuple
    weight: int
    take: Callable


SEARCHING = (
    "search", "search_count", "search_read", "name_search", "formatted_read_group",
    "read_group", "web_search_read",
)  # fmt: skip
SORTING = ("search", "search_read", "web_search_read")
SPECIFYING = ("web_read", "web_search_read", "web_save")
READING = ("read", "search_read", "search", "web_read")
WRITING = ("create", "write", "web_save", "copy")
HIERARCHY = ("child_of", "parent_of")
DOCUMENTS = {
    "mail.message": ("model", "res_id"),
    "mail.activity": ("res_model_id", "res_id"),
    "ir.attachment": ("res_model", "res_id"),
}
"""How a caller says to which record a row belongs."""


def way(name, *methods, weight=1):
    """Register a way.

    :param name: what a leak that takes it is called
    :param methods: the methods it fits; none: every method
    """

    def register(function):
        WAYS.append(Way(name, methods, weight, function))
        return function

    return register


def choose(rng, methods):
    """Choose a way, whatever the methods that it fits are.

    :param methods: those that the scope grants
    """
    fitting = [one for one in WAYS if not one.methods or methods & set(one.methods)]
    return rng.choices(fitting, [one.weight for one in fitting])[0]


def lead_out(draft, way_out=None):
    """Take a way that fits, that one if it does.

    :param Way way_out: as chosen
    """
    call, rng = draft.call, draft.rng
    fitting = [one for one in WAYS if not one.methods or call.method in one.methods]
    for _try in range(6):
        if draft.is_another:
            return
        one = way_out or rng.choices(fitting, [each.weight for each in fitting])[0]
        way_out = None
        variant = one.take(draft)
        if variant is not False:
            call.steps.append(f"{one.name}: {variant}" if variant else one.name)
            return


# Filtering


@way("a path in a domain", *SEARCHING, weight=2)
def _path_in_domain(draft):
    name, model, last = path(draft, draft.call.model)
    if name is None:
        return False
    add_condition(draft, [name, *draft.condition(model, last)[1:]])


@way("any in a domain", *SEARCHING, weight=3)
def _any_in_domain(draft):
    model = draft.call.model
    relation = granted_relation(draft)
    if relation is None:
        return False
    target = draft.metadata.comodel(model, relation)
    inner = domain_of(draft, target)
    if draft.rng.random() < 0.3:
        deeper = any_relation(draft, target)
        if deeper:
            beyond = draft.metadata.comodel(target, deeper)
            inner = [[deeper, "any", domain_of(draft, beyond)]]
    operator = draft.rng.choice(("any", "any", "not any", "any!", "ANY", "not any!"))
    add_condition(draft, [relation, operator, inner])


@way("a text on a many2one", *SEARCHING, weight=2)
def _text_on_many2one(draft):
    model = draft.call.model
    relation = granted_relation(draft)
    if relation is None:
        return False
    target = draft.metadata.comodel(model, relation)
    searched = draft.metadata.env[target]._rec_names_search or ["display_name"]
    planted = draft.metadata.planted_fields(target)
    names = [name for name in searched if name in planted] or planted
    if not names:
        return False
    operator, value = draft.guess(target, draft.rng.choice(names))
    operator = draft.rng.choice(
        (operator, "=", "ilike", "=ilike", "=like", "not ilike", "!=", "like")
    )
    if draft.rng.random() < 0.2:
        operator, value = draft.rng.choice(("in", "not in")), [value]
    add_condition(draft, [relation, operator, value])


@way("a hierarchy operator", *SEARCHING, weight=3)
def _hierarchy(draft):
    model = draft.call.model
    relation = draft.rng.choice(["id", granted_relation(draft) or "id"])
    target = model if relation == "id" else draft.metadata.comodel(model, relation)
    ids = draft.metadata.ids(target)
    value = draft.rng.choice([draft.rng.choice(ids), draft.some_ids(ids), "zq1", "a"])
    if isinstance(value, str):
        names = draft.metadata.planted_fields(target)
        if names:
            value = draft.guess(target, draft.rng.choice(names))[1]
    add_condition(draft, [relation, draft.rng.choice(HIERARCHY), value])


@way("a search by display name", *SEARCHING)
def _display_name(draft):
    if draft.call.method == "name_search" and draft.rng.random() < 0.5:
        draft.call.arguments["name"] = f"zq{draft.rng.choice('0123456789abcdef')}"
        return None
    name = draft.rng.choice(("display_name", granted_relation(draft) or "display_name"))
    name = name if name == "display_name" else f"{name}.display_name"
    digit = draft.rng.choice("0123456789abcdef")
    add_condition(draft, [name, "ilike", f"zq{digit}"])


@way("an ungranted field in a domain", *SEARCHING)
def _ungranted_field(draft):
    model = draft.call.model
    names = set(draft.metadata.planted_fields(model)) - set(draft.grant.fields)
    if not names:
        return False
    name = draft.rng.choice(sorted(names))
    add_condition(draft, [name, *draft.guess(model, name)])


@way("a part of a date", *SEARCHING)
def _part_of_date(draft):
    model = draft.call.model
    names = draft.metadata.fields(model, *DATES)
    names = sorted(set(names) - set(draft.grant.fields)) or names
    if not names:
        return False
    part = draft.rng.choice(("month_number", "year_number", "day_of_week", "x"))
    add_condition(draft, [f"{draft.rng.choice(names)}.{part}", "=", 3])


@way("a reference or properties in a domain", *SEARCHING)
def _data_typed(draft):
    model = draft.call.model
    names = draft.metadata.fields(
        model, "reference", "many2one_reference", "properties", "properties_definition"
    )
    if not names:
        return False
    name = draft.rng.choice(names)
    name += draft.rng.choice(("", ".x", ".name", ".email"))
    add_condition(draft, [name, draft.rng.choice(("=", "ilike", "any", "in")), "zq1"])


@way("an odd operator", *SEARCHING)
def _odd_operator(draft):
    model = draft.call.model
    names = draft.metadata.fields(model, stored=True)
    planted = draft.metadata.planted_fields(model)
    ungranted = sorted(set(planted) - set(draft.grant.fields))
    name = draft.rng.choice(ungranted or names)
    operator = draft.rng.choice(
        ("==", "<>", "=?", "inselect", "not inselect", "IN", "=LIKE", "is", "@>", "~")
    )
    value = draft.rng.choice([1, ["zq1"], True, None, {"a": 1}, "SELECT 1"])
    if draft.rng.random() < 0.6:
        token = draft.metadata.token(
            model, name, draft.rng.choice(draft.metadata.ids(model))
        )
        value = draft.rng.choice(["zq%", token, [token]])
    add_condition(draft, [name, operator, value])


# Sorting


@way("sorting by a many2one", *SORTING, weight=2)
def _order_by_many2one(draft):
    relation = granted_relation(draft, "many2one")
    if relation is None:
        return False
    draft.call.arguments["order"] = relation + draft.rng.choice(
        ("", ".id", " desc", " ASC nulls first", ".name", ", id")
    )
    draft.call.arguments.pop("limit", None)


@way("sorting by an ungranted field", *SORTING)
def _order_by_ungranted(draft):
    model = draft.call.model
    names = set(draft.metadata.planted_fields(model)) - set(draft.grant.fields)
    if not names:
        return False
    draft.call.arguments["order"] = draft.rng.choice(sorted(names))


@way("sorting groups", "formatted_read_group", "read_group", weight=2)
def _order_groups(draft):
    model, arguments = draft.call.model, draft.call.arguments
    names = sorted(set(draft.metadata.planted_fields(model)) - set(draft.grant.fields))
    if not names:
        return False
    name = draft.rng.choice(names)
    if draft.call.method == "read_group":
        arguments["fields"] = [
            draft.rng.choice((f"{name}:max", f"x:array_agg({name})"))
        ]
        arguments["orderby"] = f"{name}:max"
        return "read_group"
    arguments["order"] = name + draft.rng.choice((":max", ":min desc", ":max, id:min"))
    return "formatted_read_group"


# Reading


@way("an ungranted field read", "read", "search_read")
def _ungranted_read(draft):
    model = draft.call.model
    names = set(draft.metadata.fields(model)) - set(draft.grant.fields)
    if not names:
        return False
    chosen = draft.sample(sorted(names), 3)
    draft.call.arguments["fields"] = draft.call.arguments.get("fields", []) + chosen


@way("a secret read", "read", "search_read", "web_read", "export_data")
def _secret_read(draft):
    names = draft.metadata.secrets(draft.call.model)
    if not names:
        return False
    name = draft.rng.choice(names)
    arguments = draft.call.arguments
    if "specification" in arguments:
        arguments["specification"][name] = {}
    elif draft.call.method == "export_data":
        arguments["fields_to_export"].append(name)
    else:
        arguments["fields"] = [*arguments.get("fields", []), name]


@way("a nested specification", *SPECIFYING)
def _nested_specification(draft):
    model = draft.call.model
    relation = granted_relation(draft)
    if relation is None:
        return False
    target = draft.metadata.comodel(model, relation)
    draft.call.arguments["specification"][relation] = nested(
        draft, model, relation, target, draft.rng.randint(1, 3)
    )


@way("a reference in a specification", "web_read", "web_save", weight=6)
def _reference_specification(draft):
    """Follow a reference to what the record does refer to, or else to anything."""
    model, metadata = draft.call.model, draft.metadata
    names = metadata.fields(model, "reference", "many2one_reference")
    if not names or not draft.grant.ids:
        return False
    name = draft.rng.choice(names)
    field = metadata.field(model, name)
    draft.call.ids = [draft.rng.choice(sorted(draft.grant.ids))]
    holder = field.model_field if field.type == "many2one_reference" else name
    value = metadata.env[model].browse(draft.call.ids).exists()[holder]
    target = value if isinstance(value, str) else value and value._name
    if target not in metadata.env:
        target = draft.rng.choice(metadata.preferred)
    draft.call.arguments["specification"][name] = {
        "fields": specification_of(draft, target)
    }


@way("an export path", "export_data", weight=2)
def _export_path(draft):
    name, _model, _last = path(draft, draft.call.model, separator="/", longest=3)
    if name is None:
        return False
    relation = name.split("/")[0]
    draft.call.arguments["fields_to_export"].append(
        draft.rng.choice((name, name, name, f"{relation}/.id", f"{relation}/id", "id"))
    )


@way("a path to group by", "formatted_read_group", "read_group", weight=3)
def _groupby_path(draft):
    name, _model, _last = path(draft, draft.call.model, longest=2)
    properties = draft.metadata.fields(draft.call.model, "properties")
    if properties and draft.rng.random() < 0.2:
        name = f"{draft.rng.choice(properties)}.aa"
    if name is None:
        return False
    draft.call.arguments["groupby"] = [name]


@way("an ungranted field to group by", "formatted_read_group", "read_group")
def _groupby_ungranted(draft):
    model = draft.call.model
    names = set(draft.metadata.planted_fields(model)) - set(draft.grant.fields)
    if not names:
        return False
    draft.call.arguments["groupby"] = [draft.rng.choice(sorted(names))]


@way("an aggregate", "formatted_read_group")
def _aggregate(draft):
    model = draft.call.model
    names = set(draft.metadata.planted_fields(model)) - set(draft.grant.fields)
    name = draft.rng.choice(sorted(names) or ["id"])
    function = draft.rng.choice(
        ("array_agg", "max", "min", "array_agg_distinct", "count_distinct", "recordset")
    )
    if draft.rng.random() < 0.2:
        name = path(draft, model)[0] or name
    draft.call.arguments.setdefault("aggregates", []).append(f"{name}:{function}")


@way("having", "formatted_read_group")
def _having(draft):
    model = draft.call.model
    names = set(draft.metadata.planted_fields(model)) - set(draft.grant.fields)
    name = draft.rng.choice(sorted(names) or ["id"])
    digit = draft.rng.choice("0123456789abcdef")
    draft.call.arguments["having"] = [
        [f"{name}:max", draft.rng.choice((">", "<", ">=")), f"zq{digit}"]
    ]


# Writing


@way("commands", *WRITING, weight=4)
def _commands(draft):
    relation = granted_relation(draft, "one2many", "many2many")
    if relation is None:
        return False
    value = values_of_call(draft)[relation] = commands(
        draft, draft.call.model, relation
    )
    return command_name(value)


@way("an ungranted field written", *WRITING, weight=2)
def _ungranted_write(draft):
    model = draft.call.model
    names = [
        name
        for name in draft.metadata.fields(
            model, *TEXTS, *NUMBERS, "boolean", "selection"
        )
        if name not in draft.grant.fields and name != "id"
    ]
    if not names:
        return False
    name = draft.rng.choice(names)
    values_of_call(draft)[name] = draft.value(model, name)


@way("a related field written", *WRITING)
def _related_write(draft):
    model = draft.call.model
    names = [
        name
        for name in draft.metadata.fields(model)
        if draft.metadata.field(model, name).inverse
        and draft.metadata.field(model, name).type in (*TEXTS, *NUMBERS, "boolean")
    ]
    if not names:
        return False
    name = draft.rng.choice(names)
    values_of_call(draft)[name] = draft.value(model, name)


@way("a hidden record set", *WRITING)
def _hidden_record(draft):
    relation = granted_relation(draft, "many2one")
    if relation is None:
        return False
    model = draft.call.model
    values_of_call(draft)[relation] = draft.value(model, relation)
    if draft.call.method == "web_save":
        names = draft.metadata.planted_fields(model)
        draft.call.arguments["specification"] |= {
            name: {} for name in draft.sample(names or ["id"], 5)
        }


@way("a reference or properties written", *WRITING, weight=2)
def _data_typed_write(draft):
    model = draft.call.model
    names = draft.metadata.fields(
        model, "reference", "many2one_reference", "properties", "properties_definition"
    )
    if not names:
        return False
    definition = {
        "name": "aa", "type": "many2one", "string": "A", "comodel": "res.users",
        "definition_changed": True, "value": 2,
    }  # fmt: skip
    values_of_call(draft)[draft.rng.choice(names)] = draft.rng.choice(
        [[definition], "res.users,2", 2, {"aa": 1}]
    )


@way("a document of another", "create", "write", weight=4)
def _other_document(draft):
    """Hang a row on a record of any model, or show a file where it does not belong."""
    call, metadata, rng = draft.call, draft.metadata, draft.rng
    grants = [
        grant
        for model in DOCUMENTS
        for grant in draft.inside.of(model, call.method)
        if grant.ids
    ]
    if not grants:
        return False
    draft.grant = rng.choice(grants)
    call.model = draft.grant.model
    if call.method == "create":
        call.arguments["vals_list"] = [draft.values_inside("create")]
    else:
        call.ids = draft.some_ids(sorted(draft.grant.ids))
        call.arguments["vals"] = {}
    model = rng.choice(metadata.preferred)
    id_ = rng.choice(metadata.ids(model))
    if call.model == "mail.activity":
        model = metadata.env["ir.model"]._get_id(model)
    values = values_of_call(draft)
    values |= dict(zip(DOCUMENTS[call.model], (model, id_), strict=True))
    if call.model == "ir.attachment" and rng.random() < 0.5:
        values |= rng.choice(
            [{"res_field": "image_1920"}, {"url": "/x.js"}, {"public": True}]
        )
    return f"{call.method} {call.model}"


@way("an integrity error", "create", "write", "web_save")
def _integrity_error(draft):
    """Make the database complain: what it says may hold the whole row."""
    names = {*draft.required(draft.call.model), "name"} & set(draft.grant.fields)
    if not names:
        return False
    values_of_call(draft)[draft.rng.choice(sorted(names))] = False


@way("a row outside", "read", "write", "unlink", "web_read", "export_data", "copy",
     "web_save", "action_archive", "message_post", "action_confirm", "get_metadata")  # fmt: skip
def _row_outside(draft):
    outside = sorted(set(draft.metadata.ids(draft.call.model)) - draft.grant.ids)
    if not outside:
        return False
    draft.call.ids = [*draft.some_ids(outside), *(draft.call.ids or [])[:1]]


@way("an import path", "load", weight=4)
def _import_path(draft):
    relation = granted_relation(draft)
    if relation is None:
        return False
    target = draft.metadata.comodel(draft.call.model, relation)
    names = draft.metadata.fields(target, *TEXTS, stored=True) or ["id"]
    arguments = draft.call.arguments
    column, value = draft.rng.choice(
        [
            (f"{relation}/{draft.rng.choice(names)}", "new"),
            (f"{relation}/.id", str(draft.rng.choice(draft.metadata.ids(target)))),
            (f"{relation}/id", "base.main_company"),
            (relation, f"zq{draft.rng.choice('0123456789abcdef')}"),
            (relation, "Something new"),
        ]
    )
    arguments["fields"] = [*arguments["fields"], column]
    arguments["data"] = [[*row, value] for row in arguments["data"]]
    if draft.rng.random() < 0.3:
        draft.call.context = {"name_create_enabled_fields": {relation: True}}


@way("an import by id", "load", weight=3)
def _import_by_id(draft):
    arguments = draft.call.arguments
    ids = draft.metadata.ids(draft.call.model)
    column, value = draft.rng.choice(
        [
            ("id", "base.user_admin"),
            ("id", "x.new"),
            (".id", str(draft.rng.choice(ids))),
        ]
    )
    arguments["fields"] = [*arguments["fields"], column]
    arguments["data"] = [[*row, value] for row in arguments["data"]]


@way("an external id", *READING)
def _external_id(draft):
    draft.call.method = draft.rng.choice(("get_external_id", "get_metadata"))
    draft.call.ids = draft.some_ids(draft.metadata.ids(draft.call.model))
    draft.call.arguments = {}
    draft.is_another = True


@way("a web_save that goes on", "web_save", weight=5)
def _next_id(draft):
    ids = draft.metadata.ids(draft.call.model)
    outside = sorted(set(ids) - draft.grant.ids)
    draft.call.arguments["next_id"] = draft.rng.choice(outside or ids)


# What goes with any method


@way("a context", weight=2)
def _context(draft):
    draft.call.context = nasty_context(draft)
    first = next(iter(draft.call.context))
    if draft.rng.random() < 0.15:
        draft.call.context = [list(pair) for pair in draft.call.context.items()]
    return "default" if first.startswith("default_") else first


@way("ids of another shape", "read", "web_read", "export_data")
def _odd_ids(draft):
    if not draft.call.ids:
        return False
    draft.is_another = True
    id_ = draft.call.ids[0]
    draft.call.ids = draft.rng.choice([id_, str(id_), [str(id_)], [[id_]], [id_, None]])


@way("an argument twice", *SEARCHING, "read")
def _twice(draft):
    draft.call.twice = True


@way("names that tell more", "read", "search_read", "web_read", "name_search")
def _telling_names(draft):
    model, metadata = draft.call.model, draft.metadata
    contacts = [
        name
        for name in metadata.filled(model, "many2one", names=set(draft.grant.fields))
        if metadata.comodel(model, name) == "res.partner"
    ]
    relation = granted_relation(draft, "many2one")
    if contacts and draft.rng.random() < 0.6:
        relation = draft.rng.choice(contacts)
    arguments = draft.call.arguments
    if draft.call.method == "web_read" and relation:
        arguments["specification"][relation] = {"fields": {"display_name": {}}}
    elif relation and draft.call.method != "name_search":
        arguments["fields"] = [*arguments.get("fields", []), relation]
    draft.call.context = {"show_email": True, "show_address": True, "show_vat": True}
    if draft.rng.random() < 0.2:
        draft.call.context = [list(pair) for pair in draft.call.context.items()]


@way("a default in the context", "create", "default_get", "name_create", "load",
     "write", "web_save", "copy", weight=3)  # fmt: skip
def _default(draft):
    model = draft.call.model
    name = draft.rng.choice(draft.metadata.fields(model, stored=True))
    field = draft.metadata.field(model, name)
    value = draft.value(model, name)
    if field.type in ("one2many", "many2many") and draft.metadata.comodel(model, name):
        value = commands(draft, model, name)
    if draft.call.method == "default_get":
        draft.call.arguments["fields"] = [*draft.call.arguments["fields"], name]
    draft.call.context = {f"default_{name}": value}
    return draft.call.method


@way("another model", weight=2)
def _another_model(draft):
    draft.is_another = True
    metadata, call = draft.metadata, draft.call
    kind = draft.rng.choice(("preferred", "preferred", "models", "without_tables"))
    call.model = model = draft.rng.choice(getattr(metadata, kind))
    if call.ids:
        call.ids = draft.some_ids(metadata.ids(model))
    names = metadata.planted_fields(model) or ["id"]
    if "fields" in call.arguments and call.method in ("read", "search_read"):
        call.arguments["fields"] = draft.sample(names)
    for name in ("domain", "order", "groupby"):
        call.arguments.pop(name, None)
    if "specification" in call.arguments:
        call.arguments["specification"] = {one: {} for one in draft.sample(names)}
    if kind == "without_tables" and draft.rng.random() < 0.5:
        call.method, call.ids, call.arguments = "create", None, {"vals_list": []}
    if "vals_list" in call.arguments:
        call.arguments["vals_list"] = [values_of(draft, model, 0)]
    return kind.replace("_", " ")


@way("a store of secrets", "read", "search_read", "export_data")
def _store_of_secrets(draft):
    call = draft.call
    call.model = draft.rng.choice(draft.metadata.stores)
    names = draft.metadata.planted_fields(call.model) or ["id", "display_name"]
    if call.ids:
        call.ids = draft.metadata.ids(call.model)[:30]
    name = "fields_to_export" if call.method == "export_data" else "fields"
    call.arguments = {name: draft.sample(names)}
    draft.is_another = True


@way("a method for the web client", weight=3)
def _web_client(draft):
    return take_call(draft, web_client_calls(draft))


@way("a business method", weight=3)
def _business(draft):
    call, rng = draft.call, draft.rng
    if not draft.tame and rng.random() < 0.4:
        call.method = rng.choice(draft.metadata.any_method(call.model))
        call.ids = draft.some_ids(draft.metadata.ids(call.model))
        call.arguments = {}
        draft.is_another = True
        return "any"
    calls = message_calls(draft) if rng.random() < 0.2 else disguised_calls(draft)
    return take_call(draft, calls)


def take_call(draft, calls):
    """Make the draft's call one of some, and say which."""
    call = draft.call
    draft.is_another = True
    calls = [each for each in calls if each[0] in draft.metadata.env]
    call.model, call.method, call.ids, call.arguments = draft.rng.choice(calls)
    return call.method


@way("nonsense", weight=1)
def _nonsense(draft):
    call, rng = draft.call, draft.rng
    draft.is_another = True
    rubbish = rng.choice(
        [None, True, 0, -1, 10**20, "", "zq1", "a.b", [], [[]], {}, {"a": {}}, [None],
         [["a"]], {"fields": "x"}, "%(a)s", "\x00", [1, [2, [3]]], 1.5]
    )  # fmt: skip
    if call.arguments and rng.random() < 0.8:
        name = rng.choice(sorted(call.arguments))
        call.arguments[name] = rubbish
    elif rng.random() < 0.5:
        call.ids = rubbish
    else:
        call.arguments[rng.choice(("x", "domain", "self", "context"))] = rubbish


__all__ = ["WAYS", "choose", "lead_out"]
