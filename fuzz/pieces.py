# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What calls out of a scope are made of: paths, domains, specifications, values, contexts."""

from .metadata import NUMBERS, RELATIONAL, TEXTS

SETTABLE = (*TEXTS, *NUMBERS, "boolean", "selection", "many2one")
COMMANDS = ("create", "update", "delete", "unlink", "link", "clear", "set")


def any_relation(draft, model, *types):
    names = draft.metadata.filled(model, *types)
    return draft.rng.choice(names) if names else None


def granted_relation(draft, *types):
    """Return a relation of the call's model, a granted one if there is one."""
    model = draft.call.model
    names = draft.metadata.filled(model, *types, names=set(draft.grant.fields))
    if names and draft.rng.random() < 0.85:
        return draft.rng.choice(names)
    return any_relation(draft, model, *types)


def path(draft, model, separator=".", longest=2, types=()):
    """Return a path from a model to a field of another, and that model.

    :param types: of its last field; none: one with a token, where there is one
    """
    links = []
    for _link in range(min(longest, draft.rng.choice((1, 1, 1, 2, 2, 3)))):
        name = (
            granted_relation(draft, *RELATIONAL)
            if not links and model == draft.call.model
            else any_relation(draft, model)
        )
        if name is None:
            break
        links.append(name)
        model = draft.metadata.comodel(model, name)
    if not links:
        return None, None, None
    names = (
        draft.metadata.fields(model, *types)
        if types
        else draft.metadata.planted_fields(model) or ["id"]
    )
    if not names:
        return None, None, None
    last = draft.rng.choice(names)
    return separator.join([*links, last]), model, last


def add_condition(draft, condition):
    """Put a condition somewhere into the domain."""
    domain = draft.call.arguments.setdefault("domain", [])
    shape = draft.rng.random()
    if shape < 0.2:
        domain[:0] = [condition]
    elif shape < 0.3:
        domain[:] = ["!", condition]
    else:
        domain[:] = [condition]
    if "limit" in draft.call.arguments and draft.rng.random() < 0.8:
        del draft.call.arguments["limit"]


def domain_of(draft, model, depth=1):
    """Make a domain on any model."""
    names = draft.metadata.planted_fields(model)
    if names and draft.rng.random() < 0.8:
        name = draft.rng.choice(names)
        return [[name, *draft.guess(model, name)]]
    return [["id", "in", draft.some_ids(draft.metadata.ids(model))]]


def specification_of(draft, model, depth=2):
    """Make a specification on any model, its relations followed."""
    names = draft.metadata.planted_fields(model) or ["id"]
    found = {name: {} for name in draft.sample(names, 3)}
    if depth > 1:
        relation = any_relation(draft, model)
        if relation:
            target = draft.metadata.comodel(model, relation)
            found[relation] = nested(draft, model, relation, target, depth - 1)
    return found


def nested(draft, model, relation, target, depth):
    rng = draft.rng
    found = {"fields": specification_of(draft, target, depth)}
    if draft.metadata.field(model, relation).type != "many2one":
        if rng.random() < 0.3:
            found["order"] = rng.choice(draft.metadata.planted_fields(target) or ["id"])
        if rng.random() < 0.3:
            found["limit"] = rng.choice((1, 5))
    if rng.random() < 0.2:
        found["context"] = nasty_context(draft)
    return found


def values_of(draft, model, depth=1):
    """Make values for a record of any model."""
    names = [
        name
        for name in draft.metadata.fields(model, *SETTABLE, stored=True)
        if not draft.metadata.field(model, name).readonly and name != "id"
    ]
    values = {
        name: draft.value(model, name) for name in draft.sample(names or ["id"], 2)
    }
    values.pop("id", None)
    for name in draft.required(model):
        values.setdefault(name, draft.value(model, name))
    if depth:
        relation = any_relation(draft, model, "one2many", "many2many")
        if relation and draft.rng.random() < 0.3:
            values[relation] = commands(draft, model, relation, depth - 1)
    return values


def commands(draft, model, relation, depth=1):
    """Make commands for a relation: all there are, and plain ids."""
    rng = draft.rng
    target = draft.metadata.comodel(model, relation)
    ids = draft.metadata.ids(target)
    id_ = rng.choice(ids)
    return rng.choice(
        [
            [[0, 0, values_of(draft, target, depth)]],
            [[0, 0, {**values_of(draft, target, 0), "create_uid": 1}]],
            [[1, id_, values_of(draft, target, 0)]],
            [[2, id_, 0]],
            [[3, id_, 0]],
            [[4, id_, 0]],
            [[5, 0, 0]],
            [[6, 0, draft.some_ids(ids)]],
            [[4, id_]],
            [[6, False, [id_]], [0, False, values_of(draft, target, 0)]],
            draft.some_ids(ids),
            [id_],
        ]
    )


def command_name(value):
    """Return the name of the first of some commands."""
    first = value[0] if value else 0
    return COMMANDS[first[0]] if isinstance(first, list) else "ids"


def nasty_context(draft):
    rng, model = draft.rng, draft.call.model
    name = rng.choice(draft.metadata.fields(model, stored=True))
    return rng.choice(
        [
            {"show_email": True, "show_address": True, "show_vat": True},
            {"show_address": 1, "address_inline": 1},
            {"formatted_display_name": True},
            {f"default_{name}": draft.value(model, name)},
            {"tracking_disable": True},
            {"mail_notrack": True, "mail_create_nolog": True},
            {"mail_post_autofollow": True},
            {"_force_unlink": True},
            {"active_model": "res.users", "active_id": 2, "active_ids": [2]},
            {"import_file": True, "name_create_enabled_fields": {"country_id": True}},
            {"sudo": True, "uid": 1, "su": True},
            {"lang": "en_US", "no_reset_password": True, "install_mode": True},
        ]
    )


def values_of_call(draft):
    """Return the values that the call writes, to be added to."""
    arguments = draft.call.arguments
    if draft.call.method == "create":
        return arguments["vals_list"][0]
    if draft.call.method == "copy":
        return arguments.setdefault("default", {})
    return arguments["vals"]
