# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The scopes whose keys call: each kind of limit that a rule can hold."""

from dataclasses import dataclass

from odoo.fields import Command

ALL = "read write create unlink"


@dataclass(frozen=True)
class Rule:
    """A line of a scope, as an administrator thinks of it.

    :param model: ``None`` for any model
    :param perms: operations, such as ``"read write"``
    :param fields: the only ones; empty: every field
    :param any_method: every business method that is not dangerous
    """

    model: str | None
    perms: str = ""
    fields: tuple = ()
    domain: str = ""
    methods: str = ""
    any_method: bool = False

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(self.perms.split())

    def values(self, env) -> dict:
        values = {f"perm_{operation}": True for operation in self.operations}
        values |= {"methods": self.methods, "domain": self.domain}
        values["any_method"] = self.any_method
        if self.model is None:
            return values | {"any_model": True}
        values["model_id"] = env["ir.model"]._get_id(self.model)
        if self.fields:
            ids = env["ir.model.fields"]._get_ids(self.model)
            values["field_ids"] = [Command.set([ids[name] for name in self.fields])]
        return values


@dataclass(frozen=True)
class Scope:
    """A scope, and who calls with a key of it.

    :param caller: an external id
    :param company: the external id of the only one to act in, if it is limited
    """

    name: str
    rules: tuple[Rule, ...]
    caller: str = "base.user_admin"
    company: str | None = None

    def create(self, env):
        """Create it. :param env: a superuser's environment"""
        rules = [Command.create(rule.values(env)) for rule in self.rules]
        values = {"name": self.name, "tz": "UTC", "rule_ids": rules}
        if self.company:
            values["company_ids"] = [Command.set(env.ref(self.company).ids)]
        return env["apikey.scope"].create(values)


SCOPES = (
    Scope("one model", (Rule("crm.lead", ALL),)),
    Scope(
        "some fields",
        (
            Rule(
                "res.partner",
                "read",
                ("name", "email", "city", "country_id", "category_id", "child_ids"),
            ),
            Rule("res.partner", "write", ("city", "function")),
        ),
    ),
    Scope(
        "some records",
        (
            Rule("crm.lead", "read write", domain="[('type', '=', 'opportunity')]"),
            Rule("res.country", "read"),
        ),
    ),
    Scope(
        "create only",
        (Rule("crm.lead", "create", ("name", "contact_name", "description")),),
    ),
    Scope(
        "write some",
        (
            Rule("project.task", "read"),
            Rule("project.task", "write", ("name", "description", "priority")),
        ),
    ),
    Scope(
        "two rules",
        (
            Rule(
                "res.partner",
                "read",
                ("name", "email", "is_company"),
                domain="[('is_company', '=', True)]",
            ),
            Rule(
                "res.partner",
                "read write",
                ("name", "phone", "city"),
                domain="[('is_company', '=', False)]",
            ),
        ),
    ),
    Scope("any model", (Rule(None, "read"),)),
    Scope(
        "methods",
        (
            Rule("sale.order", "read", methods="action_confirm, message_post(body)"),
            Rule("crm.lead", methods="action_set_won, message_post(body)"),
        ),
    ),
    Scope(
        "documents",
        (
            Rule("mail.message", "read"),
            Rule("ir.attachment", "read create"),
            Rule("mail.activity", "read write create"),
            Rule("crm.lead", "read write"),
        ),
    ),
    Scope(
        "orders and lines",
        (
            Rule("sale.order", ALL),
            Rule("sale.order.line", ALL),
            Rule("res.partner", "read"),
            Rule("product.product", "read"),
        ),
    ),
    Scope(
        "an employee",
        (Rule("project.task", "read write create"), Rule("project.project", "read")),
        caller="base.user_demo",
    ),
    Scope(
        "protected by name",
        (
            Rule("res.users", "read", ("name", "login", "partner_id", "company_id")),
            Rule("ir.config_parameter", "read"),
        ),
    ),
    Scope(
        "opportunities",
        (
            Rule(
                "crm.lead",
                "read write create",
                domain="[('type', '=', 'opportunity')]",
                methods="message_post(body)",
            ),
            Rule("mail.activity", "read write create"),
        ),
    ),
    Scope(
        "links of a company",
        (Rule("crm.lead", "read write create", ("name", "partner_id", "tag_ids")),),
        company="l10n_us.demo_company_us",
    ),
    Scope(
        "any method",
        (
            Rule(None, methods="message_post(body)", any_method=True),
            Rule("res.country", "read"),
        ),
    ),
)
