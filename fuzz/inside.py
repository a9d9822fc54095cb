# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is inside a scope: found by plainly reading, with Odoo, all that its rules grant.

What such a read shows is granted: values, what a granted field computes or relates, and the
display names of related records. Every other cell of the database is outside.
"""

import re
from dataclasses import dataclass, field

from odoo.tools.safe_eval import safe_eval

from .canaries import cells_in

DOCUMENTS = {
    "mail.message": ("model", "res_id"),
    "mail.activity": ("res_model", "res_id"),
    "ir.attachment": ("res_model", "res_id"),
    "mail.followers": ("res_model", "res_id"),
    "rating.rating": ("res_model", "res_id"),
}
"""Models whose rows belong to a record of any model, and the fields that say to which."""
SHOWING = ("char", "text", "html", "json")
NAMING = ("many2one", "one2many", "many2many", "reference")
METHOD = re.compile(r"(\w+)\s*(\(([^)]*)\))?")
SAFE = {
    "message_post": frozenset(
        {
            "body",
            "body_is_html",
            "message_type",
            "subject",
            "subtype_id",
            "subtype_xmlid",
        }
    ),
}
"""What the bare name of a method grants, where other arguments act as somebody else."""
SHOWN_BY_NAME = 1000  # related records whose names a set field may show


@dataclass
class Grant:
    """One rule on one model, as a caller may use it.

    :param fields: names, in order
    :param ids: the records of the rule's domain, before any call
    :param methods: the arguments that business methods may be given, by name; ``None`` is
        any
    """

    model: str
    operations: frozenset
    fields: tuple
    ids: frozenset
    limited: bool = False
    methods: dict = field(default_factory=dict)
    domain: list = field(default_factory=list)

    def may_hold(self, row) -> bool:
        """Tell whether a new row can lie in the domain, as far as it asks for values.

        :param row: by column
        """
        if any(isinstance(condition, str) for condition in self.domain):
            return True  # not all of them must hold
        return all(
            row[name] == value
            for name, operator, value in self.domain
            if operator == "=" and name in row
        )


@dataclass
class Inside:
    """All that a scope grants.

    :param cells: whose tokens may be shown
    :param any_method: whether business methods are granted that no rule names
    """

    grants: list[Grant]
    cells: set = field(default_factory=set)
    any_method: bool = False
    choices: list | None = None  # what a generator makes of the grants

    def of(self, model, *operations):
        """Return the grants on a model for any of some operations."""
        return [
            grant
            for grant in self.grants
            if grant.model == model and grant.operations.intersection(operations)
        ]

    @property
    def models(self) -> set[str]:
        return {grant.model for grant in self.grants}


def look_inside(env, scope, names=None) -> Inside:
    """Read what a scope grants.

    :param env: the caller's environment
    :param scopes.Scope scope: the scope
    :param names: every model that a rule for any model covers
    """
    cells = set()
    if scope.company:
        company = env.ref(scope.company)
        env = env(context={**env.context, "allowed_company_ids": company.ids})
        cells = cells_in(company.sudo().name)  # Odoo complains of what is not of it
    grants = []
    for rule in scope.rules:
        models = [rule.model] if rule.model else names or any_models(env)
        grants += [_grant(env[model], rule) for model in models]
    inside = Inside([grant for grant in grants if grant], cells)
    inside.any_method = any(rule.any_method for rule in scope.rules)
    for grant in inside.grants:
        if grant.model in DOCUMENTS:
            grant.ids = frozenset(_of_granted_documents(env, inside, grant))
    for grant in inside.grants:
        if "read" in grant.operations:
            inside.cells |= _shown(env, grant)
        sets = grant.operations & {"write", "create"}
        if sets and "read" in grant.operations and grant.limited:
            inside.cells |= _names_of_targets(env, grant)
    return inside


def any_models(env) -> list[str]:
    """Return the models that a rule for any model covers."""
    names = env["apikey.catalogue"]._unprotected_models()
    models = [env[name] for name in sorted(names)]
    return [
        model._name
        for model in models
        if not model._abstract and not model._transient and model._auto
    ]


def _grant(model, rule):
    domain = safe_eval(rule.domain) if rule.domain else []
    try:
        ids = model.with_context(active_test=False).search(domain).ids
    except Exception:
        model.env.cr.rollback()
        return None
    secrets = model.env["apikey.catalogue"]._secrets_of(model._name)
    names = rule.fields or [
        name
        for name, field_ in model._fields.items()
        if name not in secrets and model._has_field_access(field_, "read")
    ]
    return Grant(
        model._name,
        rule.operations,
        tuple(names),
        frozenset(ids),
        bool(rule.fields),
        _methods(rule.methods),
        domain,
    )


def _methods(text):
    """Read what a rule says of business methods."""
    methods = {}
    for name, parentheses, arguments in METHOD.findall(text):
        methods[name] = SAFE.get(name)
        if parentheses:
            methods[name] = frozenset(re.findall(r"\w+", arguments))
    return methods


def _of_granted_documents(env, inside, grant):
    """Return the rows whose document the scope grants to read, or that the caller made."""
    model_name, id_name = DOCUMENTS[grant.model]
    readable = {}
    for other in inside.grants:
        if "read" in other.operations:
            readable.setdefault(other.model, set()).update(other.ids)
    for row in env[grant.model].sudo().browse(sorted(grant.ids)):
        model, id_ = row[model_name], row[id_name]
        own = not id_ and row.create_uid.id == env.uid
        if own or id_ in readable.get(model, ()):
            yield row.id


def _shown(env, grant) -> set:
    records = env[grant.model].browse(sorted(grant.ids))
    cells = set()
    for name in grant.fields:
        kind = records._fields[name].type
        made = kind == "binary" and not records._fields[name].store  # of anything
        if made or kind in SHOWING:
            cells |= _attempt(env, lambda name=name: repr(records.read([name])))
        elif kind in NAMING:
            cells |= _attempt(env, lambda name=name: _names(records, name))
    return cells


def _names_of_targets(env, grant) -> set:
    cells = set()
    for name in grant.fields:
        field_ = env[grant.model]._fields[name]
        if field_.relational and field_.comodel_name in env:
            targets = env[field_.comodel_name].with_context(active_test=False)
            cells |= _attempt(
                env,
                lambda targets=targets: repr(
                    targets.search([], limit=SHOWN_BY_NAME).mapped("display_name")
                ),
            )
    return cells


def _names(records, name):
    targets = [
        record[name].sudo() for record in records.with_context(active_test=False)
    ]
    return repr([target.mapped("display_name") for target in targets if target])


def _attempt(env, read) -> set:
    """Return the cells in a text, or none where Odoo cannot make it."""
    try:
        return cells_in(read())
    except Exception:
        env.cr.rollback()
        env.transaction.clear()
        return set()
