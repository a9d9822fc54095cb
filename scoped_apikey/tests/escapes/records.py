# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records: those that the domain of a rule excludes, on every way to them."""

from .model import (
    ALL,
    CANARY,
    EMAIL,
    GUESS,
    Changes,
    Guesses,
    Makes,
    Rule,
    Runs,
    Section,
    Tells,
    call,
    escape,
)

NOT_HIDDEN = "[('name', '!=', 'Hidden')]"
PARTNERS = (Rule("res.partner", ALL, methods="message_post", domain=NOT_HIDDEN),)
ABOUT_HIDDEN = [["id", "=", "@hidden"]]
HIDDEN = "a record that the domain of the rule excludes"


def of(method, ids=None, /, name="", model="res.partner", proof=None, rules=None, **kw):
    """An escape to the record that the rules of the section exclude."""
    return escape(
        name or f"{method} of a record outside the domain",
        HIDDEN,
        call(model, method, ids, **kw),
        proof=proof,
        rules=rules,
    )


READ = (
    of("read", ["@hidden"], fields=["email"]),
    of(
        "read",
        ["@seen", "@hidden"],
        fields=["email"],
        name="read of two records, one of them outside the domain",
    ),
    of("web_read", ["@hidden"], specification={"email": {}}),
    of("export_data", ["@hidden"], fields_to_export=["email"]),
    of("search_read", domain=ABOUT_HIDDEN, fields=["email"]),
    of("web_search_read", domain=ABOUT_HIDDEN, specification={"email": {}}),
    of(
        "search_count",
        domain=[["email", "=", GUESS]],
        proof=Guesses(EMAIL),
        name="counting records outside the domain",
    ),
    of(
        "formatted_read_group",
        domain=ABOUT_HIDDEN,
        groupby=["email"],
        aggregates=["__count"],
    ),
    of("read_group", domain=ABOUT_HIDDEN, fields=["email"], groupby=["email"]),
    of("get_metadata", ["@hidden"], proof=Tells("create_uid")),
    of("get_external_id", ["@hidden"], proof=Runs()),
    of("copy", ["@hidden"], proof=Makes("res.partner")),
    of("has_access", ["@hidden"], operation="read", proof=Tells("True")),
    of(
        "read",
        ["@seen"],
        fields=["parent_id"],
        name="the name of a related record outside the domain, with more columns",
        context={"show_email": True},
    ),
    of(
        "search_count",
        domain=[["id", "parent_of", "@seen"], ["email", "=", GUESS]],
        proof=Guesses(EMAIL),
        name="parent_of, which reaches records outside the domain",
    ),
    of(
        "search_count",
        domain=[["parent_id.email", "=", GUESS]],
        proof=Guesses(EMAIL),
        name="a path through a record outside the domain",
    ),
    of(
        "search_count",
        domain=[["parent_id", "any", [["email", "=", GUESS]]]],
        proof=Guesses(EMAIL),
        name="any, through a record outside the domain",
    ),
    of(
        "search_count",
        domain=[["parent_id", "=", GUESS]],
        proof=Guesses(EMAIL),
        name="a many2one that finds a record outside the domain by its email",
    ),
    of(
        "web_read",
        ["@seen"],
        specification={"parent_id": {"fields": {"email": {}}}},
        name="a nested specification of a record outside the domain",
    ),
    of(
        "export_data",
        ["@seen"],
        fields_to_export=["parent_id/email"],
        name="an export path through a record outside the domain",
    ),
    of(
        "formatted_read_group",
        domain=[["id", "=", "@seen"]],
        groupby=["parent_id.email"],
        aggregates=["__count"],
        name="groups by the field of a record outside the domain",
        proof=Tells(),
    ),
)

WRITE = (
    of(
        "write",
        ["@hidden"],
        vals={"street": "forged"},
        proof=Changes("res.partner", "@hidden", "street"),
    ),
    of(
        "web_save",
        ["@hidden"],
        vals={"street": "forged"},
        specification={},
        proof=Changes("res.partner", "@hidden", "street"),
    ),
    of(
        "unlink",
        ["@hidden task"],
        model="project.task",
        rules=(Rule("project.task", ALL, domain=NOT_HIDDEN),),
        proof=Makes("project.task"),
    ),
    of(
        "action_archive",
        ["@hidden project"],
        model="project.project",
        rules=(Rule("project.project", ALL, domain=NOT_HIDDEN),),
        proof=Changes("project.project", "@hidden project", "active"),
    ),
    of(
        "create",
        vals_list=[{"name": "Hidden"}],
        name="a record that is created outside the domain",
        proof=Makes("res.partner"),
    ),
    of(
        "load",
        fields=["name"],
        data=[["Hidden"]],
        name="a record that is imported outside the domain",
        proof=Makes("res.partner"),
    ),
    of(
        "load",
        fields=[".id", "street"],
        data=[["@hidden", "forged"]],
        name="an import that writes outside the domain",
        proof=Changes("res.partner", "@hidden", "street"),
    ),
    of(
        "write",
        ["@seen"],
        vals={"child_ids": [[1, "@hidden", {"street": "forged"}]]},
        name="a command that writes outside the domain",
        proof=Changes("res.partner", "@hidden", "street"),
    ),
    of(
        "write",
        ["@spare"],
        vals={"child_ids": [[4, "@seen", 0]], "parent_id": "@hidden"},
        name="a link to a record outside the domain",
        proof=Changes("res.partner", "@spare", "parent_id"),
    ),
    of(
        "create",
        model="crm.lead",
        vals_list=[{"name": "x", "partner_id": "@hidden"}],
        rules=(Rule("crm.lead", ALL), *PARTNERS),
        name="a new record with a link to one outside the domain",
        proof=Makes("crm.lead"),
    ),
)

METHOD = (
    of(
        "message_post",
        ["@hidden"],
        body="x",
        name="a business method of a record outside the domain",
        proof=Makes("mail.message"),
    ),
    of(
        "action_confirm",
        ["@hidden order"],
        model="sale.order",
        rules=(
            Rule(
                "sale.order",
                "read",
                methods="action_confirm",
                domain="[('client_order_ref', '=', False)]",
            ),
        ),
        name="confirming an order outside the domain",
        proof=Changes("sale.order", "@hidden order", "state"),
    ),
    of(
        "action_confirm",
        ["@order", "@hidden order"],
        model="sale.order",
        rules=(
            Rule(
                "sale.order",
                "read",
                methods="action_confirm",
                domain="[('client_order_ref', '=', False)]",
            ),
        ),
        name="confirming two orders, one of them outside the domain",
        proof=Changes("sale.order", "@hidden order", "state"),
    ),
    of(
        "get_import_templates",
        name="a method without records, under a rule with a domain",
        proof=Runs(),
    ),
    of(
        "find_or_create",
        email="x <x@example.com>",
        name="a business method without records, under a rule with a domain",
        rules=(
            Rule("res.partner", "read", methods="find_or_create", domain=NOT_HIDDEN),
        ),
        proof=Makes("res.partner"),
    ),
)

COMBINED = (
    of(
        "read",
        ["@hidden"],
        fields=["email"],
        name="a field through one rule, and a record through another",
        rules=(
            Rule("res.partner", "read", ("name",)),
            Rule("res.partner", "read", ("name", "email"), domain=NOT_HIDDEN),
        ),
    ),
    of(
        "search_count",
        domain=[["email", "=", GUESS]],
        name="a guess at a field through one rule, at a record through another",
        rules=(
            Rule("res.partner", "read", ("name",)),
            Rule("res.partner", "read", ("name", "email"), domain=NOT_HIDDEN),
        ),
        proof=Guesses(EMAIL),
    ),
    of(
        "write",
        ["@hidden"],
        vals={"street": "forged"},
        name="a record that may be read, and not written",
        rules=(
            Rule("res.partner", "read"),
            Rule("res.partner", "write", domain=NOT_HIDDEN),
        ),
        proof=Changes("res.partner", "@hidden", "street"),
    ),
    of(
        "message_post",
        ["@hidden"],
        body="x",
        name="a method through one rule, a record through another",
        rules=(
            Rule("res.partner", ALL),
            Rule("res.partner", methods="message_post", domain=NOT_HIDDEN),
        ),
        proof=Makes("mail.message"),
    ),
)

LOOKUPS = (
    escape(
        "a field that looks for contacts with the same tax number",
        "who has a tax number",
        call("res.partner", "write", ["@spare"], vals={"vat": GUESS}),
        call("res.partner", "read", ["@spare"], fields=["same_vat_partner_id"]),
        proof=Guesses(CANARY.upper()),
    ),
    escape(
        "the same field, where all are asked for",
        "who has a tax number",
        call("res.partner", "write", ["@spare"], vals={"vat": CANARY.upper()}),
        call("res.partner", "read", ["@spare"]),
        proof=Tells("Hidden"),
    ),
    escape(
        "a field that looks for contacts of a name",
        "whether there is a company of a name",
        call("crm.lead", "write", ["@lead"], vals={"partner_id": False}),
        call("crm.lead", "write", ["@lead"], vals={"partner_name": GUESS}),
        call("crm.lead", "read", ["@lead"], fields=["commercial_partner_id"]),
        rules=(Rule("crm.lead", "read write"),),
        proof=Guesses("Hidden"),
    ),
)

RECORDS = Section(
    "Records",
    rules=PARTNERS,
    granted=(
        call("res.partner", "read", ["@seen"], fields=["email"]),
        call("res.partner", "write", ["@seen"], vals={"street": "x"}),
        call("res.partner", "create", vals_list=[{"name": "x"}]),
        call("res.partner", "search_count", domain=[["email", "like", "seen@"]]),
        call("res.partner", "message_post", ["@seen"], body="x"),
        call("res.partner", "action_archive", ["@seen"]),
    ),
    escapes=(*READ, *WRITE, *METHOD, *COMBINED, *LOOKUPS),
)
