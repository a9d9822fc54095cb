# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reading: arguments that lead on to other records, and to fields that no rule grants."""

from .model import (
    CANARY,
    EMAIL,
    GUESS,
    LOGIN,
    Changes,
    Guesses,
    Rule,
    Runs,
    Section,
    Tells,
    call,
    escape,
)

EMAILS = "the emails of contacts"
LOGINS = "the logins of users"
NAMES_ONLY = (Rule("res.partner", "read", ("name", "type")),)
LEADS = (Rule("crm.lead", "read"),)
CUSTOMERS = (Rule("crm.lead", "read", ("name", "partner_id")),)
LOGINS_OF_USERS = {"user_ids": {"fields": {"login": {}}}}
SHOWN = {
    "partner_id": {"fields": {"display_name": {}}, "context": {"show_email": True}}
}


def exporting(name, reaches, *paths, rules=None, model="res.partner", record="@hidden"):
    return escape(
        name,
        reaches,
        call(model, "export_data", [record], fields_to_export=list(paths)),
        rules=rules,
    )


def web_reading(name, reaches, specification, rules=None, model="res.partner", **more):
    record = more.pop("record", "@hidden")
    return escape(
        name,
        reaches,
        call(model, "web_read", [record], specification=specification),
        rules=rules,
        **more,
    )


def grouping(
    name,
    reaches,
    method="formatted_read_group",
    proof=None,
    rules=NAMES_ONLY,
    on_stock=True,
    **kwargs,
):
    """An escape by grouping contacts, of whom the names may be read."""
    return escape(
        name,
        reaches,
        call("res.partner", method, domain=[["id", "=", "@hidden"]], **kwargs),
        rules=rules,
        proof=proof,
        on_stock=on_stock,
    )


def web_client(name, reaches, method, ids=None, /, proof=None, **kwargs):
    """An escape by a method that was made for the web client."""
    return escape(
        name, reaches, call("res.partner", method, ids, **kwargs), proof=proof
    )


def with_context(key, model, method, ids=None, rules=LEADS, /, **kwargs):
    """An escape by a context key that adds columns to names."""
    return escape(
        f"{key} in the context of {method}",
        "the hidden columns of a contact's name",
        call(model, method, ids, context={key: True}, **kwargs),
        rules=rules,
        proof=Tells(CANARY.upper() if key == "show_vat" else CANARY),
    )


EXPORTS = (
    exporting("an export path", LOGINS, "user_ids/login"),
    exporting(
        "an export path of three steps", LOGINS, "user_ids/partner_id/user_ids/login"
    ),
    exporting(
        "an export path to the same model",
        EMAILS,
        "parent_id/email",
        record="@seen",
        rules=NAMES_ONLY,
    ),
    exporting(
        "an export path to a field of another model",
        EMAILS,
        "partner_id/email",
        model="crm.lead",
        record="@lead",
        rules=LEADS,
    ),
    exporting(
        "exporting a field that may not be read", EMAILS, "email", rules=NAMES_ONLY
    ),
    escape(
        "exporting external ids",
        "rows of ir.model.data, and new ones made",
        call("res.partner", "export_data", ["@hidden"], fields_to_export=["id"]),
        proof=Tells("__export__"),
    ),
    escape(
        "exporting the external id of a related record",
        "rows of ir.model.data, and new ones made",
        call("res.partner", "export_data", ["@seen"], fields_to_export=["user_id/id"]),
        proof=Tells("__export__"),
    ),
    exporting(
        "exporting the texts of messages",
        "the texts of messages",
        "message_ids/body",
        model="sale.order",
        record="@hidden order",
        rules=(Rule("sale.order", "read"),),
    ),
)

SPECIFICATIONS = (
    web_reading("a nested specification", LOGINS, LOGINS_OF_USERS),
    web_reading(
        "a specification nested three deep",
        LOGINS,
        {"user_ids": {"fields": {"partner_id": {"fields": LOGINS_OF_USERS}}}},
    ),
    web_reading(
        "a nested specification of the same model",
        EMAILS,
        {"parent_id": {"fields": {"email": {}}}},
        rules=NAMES_ONLY,
        record="@seen",
    ),
    web_reading(
        "a nested specification on a many2one",
        EMAILS,
        {"partner_id": {"fields": {"email": {}}}},
        model="crm.lead",
        record="@lead",
        rules=LEADS,
    ),
    web_reading(
        "a context inside a specification",
        "the hidden columns of a contact's name",
        SHOWN,
        model="crm.lead",
        record="@lead",
        rules=LEADS,
    ),
    web_reading(
        "an order inside a specification",
        "the order of fields that may not be read",
        {"child_ids": {"fields": {"name": {}}, "order": "email"}},
        rules=(Rule("res.partner", "read", ("name", "child_ids")),),
        proof=Runs(),
    ),
    web_reading(
        "a specification of a reference",
        "the fields of records of any model",
        {"order_reference": {"fields": {"client_order_ref": {}}}},
        model="sale.report",
        record="@hidden report",
        rules=(Rule("sale.report", "read"),),
    ),
    escape(
        "a nested specification of web_search_read",
        LOGINS,
        call(
            "res.partner",
            "web_search_read",
            domain=[["id", "=", "@hidden"]],
            specification=LOGINS_OF_USERS,
        ),
    ),
    escape(
        "a nested specification of web_save",
        LOGINS,
        call(
            "res.partner",
            "web_save",
            ["@hidden"],
            vals={},
            specification=LOGINS_OF_USERS,
        ),
        rules=(Rule("res.partner", "read write"),),
    ),
    escape(
        "the next record that web_save reads",
        "a record that the domain of the rule excludes",
        call(
            "res.partner",
            "web_save",
            ["@seen"],
            vals={},
            specification={"email": {}},
            next_id="@hidden",
        ),
        rules=(Rule("res.partner", "read write", domain="[('name', '!=', 'Hidden')]"),),
    ),
    web_reading(
        "a specification of messages",
        "the texts of messages",
        {"message_ids": {"fields": {"body": {}}}},
        model="sale.order",
        record="@hidden order",
        rules=(Rule("sale.order", "read"),),
    ),
    web_reading(
        "a specification of a field that may not be read",
        EMAILS,
        {"email": {}},
        rules=NAMES_ONLY,
    ),
)

FIELDS = (
    escape(
        "reading a field that may not be read",
        EMAILS,
        call("res.partner", "read", ["@hidden"], fields=["email"]),
        rules=NAMES_ONLY,
    ),
    escape(
        "a path as the name of a field",
        EMAILS,
        call("res.partner", "read", ["@seen"], fields=["parent_id.email"]),
        on_stock=False,
    ),
    escape(
        "reading without naming fields",
        EMAILS,
        call("res.partner", "read", ["@hidden"]),
        rules=NAMES_ONLY,
    ),
    escape(
        "reading an empty list of fields",
        EMAILS,
        call("res.partner", "read", ["@hidden"], fields=[]),
        rules=NAMES_ONLY,
    ),
    escape(
        "search_read without naming fields",
        EMAILS,
        call("res.partner", "search_read", domain=[["id", "=", "@hidden"]]),
        rules=NAMES_ONLY,
    ),
    escape(
        "a field of the same value under another name",
        EMAILS,
        call("res.partner", "read", ["@hidden"], fields=["email_normalized"]),
        rules=NAMES_ONLY,
    ),
    escape(
        "a computed field that holds another",
        EMAILS,
        call("res.partner", "read", ["@hidden"], fields=["email_formatted"]),
        rules=NAMES_ONLY,
    ),
    escape(
        "one's own row of res.users, which Odoo reads as superuser",
        "fields of a user that no rule names",
        call("res.users", "read", ["@base.user_admin"], fields=["email"]),
        rules=(Rule("res.users", "read", ("name",)),),
        proof=Tells("@example.com"),
    ),
    escape(
        "what fields there are",
        "the names of fields that may not be read",
        call("res.partner", "fields_get"),
        rules=NAMES_ONLY,
        proof=Tells("'email'"),
    ),
    escape(
        "defaults of fields that may not be read",
        "the defaults of a user",
        call("res.partner", "default_get", fields=["name", "lang"]),
        rules=(Rule("res.partner", "read create", ("name",)),),
        proof=Tells("'lang'"),
    ),
    escape(
        "a record that is copied, and read as the copy",
        EMAILS,
        call("res.partner", "copy", ["@hidden"]),
        rules=(Rule("res.partner", "read create", ("name",)),),
        proof=Runs(),
    ),
    escape(
        "who wrote a record, and its external ids",
        "rows of res.users and of ir.model.data",
        call("res.partner", "get_metadata", ["@base.main_partner"]),
        rules=NAMES_ONLY,
        proof=Tells("base.main_partner"),
    ),
    escape(
        "external ids of records",
        "rows of ir.model.data",
        call("res.partner", "get_external_id", ["@base.main_partner"]),
        rules=NAMES_ONLY,
        proof=Tells("base.main_partner"),
    ),
)

GROUPS = (
    grouping(
        "grouping by a field that may not be read",
        EMAILS,
        groupby=["email"],
        aggregates=["__count"],
    ),
    grouping(
        "grouping by a path",
        EMAILS,
        groupby=["parent_id.email"],
        aggregates=["__count"],
        proof=Runs(),
    ),
    grouping(
        "grouping by id, which shows names",
        "the names of records",
        groupby=["id"],
        aggregates=["__count"],
        proof=Tells("Hidden"),
        rules=(Rule("res.partner", "read", ("type",)),),
    ),
    grouping(
        "all values of a group in an array",
        EMAILS,
        groupby=["type"],
        aggregates=["email:array_agg"],
    ),
    grouping(
        "the greatest value of a group",
        EMAILS,
        groupby=["type"],
        aggregates=["email:max"],
    ),
    grouping(
        "the least value of a group", EMAILS, groupby=["type"], aggregates=["email:min"]
    ),
    grouping(
        "how many values a group has",
        EMAILS,
        groupby=["type"],
        aggregates=["email:count_distinct"],
        proof=Runs(),
    ),
    grouping(
        "groups that have a value",
        EMAILS,
        groupby=["type"],
        aggregates=["__count"],
        having=[["email:max", "=", GUESS]],
        proof=Guesses(EMAIL),
    ),
    grouping(
        "groups in the order of a value",
        EMAILS,
        groupby=["type"],
        aggregates=["__count"],
        order="email:max",
        proof=Runs(),
    ),
    grouping(
        "groups that have a value behind a path",
        EMAILS,
        groupby=["type"],
        aggregates=["__count"],
        having=[["parent_id.email:max", "=", "x"]],
        proof=Runs(),
        on_stock=False,
    ),
    grouping(
        "groups with an aggregate behind a path",
        EMAILS,
        groupby=["type"],
        aggregates=["parent_id.email:max"],
        proof=Runs(),
        on_stock=False,
    ),
    grouping(
        "read_group by a field that may not be read",
        EMAILS,
        method="read_group",
        fields=["name"],
        groupby=["email"],
    ),
    grouping(
        "read_group by one text instead of a list",
        EMAILS,
        method="read_group",
        fields=["name"],
        groupby="email",
    ),
    grouping(
        "read_group with an aggregate",
        EMAILS,
        method="read_group",
        fields=["email:max"],
        groupby=["type"],
    ),
    grouping(
        "read_group with an aggregate under another name",
        EMAILS,
        method="read_group",
        fields=["type_max:max(email)"],
        groupby=["type"],
    ),
    grouping(
        "read_group in the order of a value",
        EMAILS,
        method="read_group",
        fields=["email:max"],
        groupby=["type"],
        orderby="email",
    ),
)

CONTEXTS = tuple(
    escape
    for key in ("show_email", "show_address", "show_vat")
    for escape in (
        with_context(key, "crm.lead", "read", ["@lead"], fields=["partner_id"]),
        with_context(
            key,
            "res.partner",
            "name_search",
            None,
            (Rule("res.partner", "read"),),
            name="Hidden",
        ),
    )
)

WEB_CLIENT = (
    web_client(
        "onchange, with a specification of its own",
        LOGINS,
        "onchange",
        [],
        values={"parent_id": "@hidden"},
        field_names=[],
        fields_spec={"parent_id": {"fields": LOGINS_OF_USERS}},
    ),
    web_client(
        "web_read_group, with a specification of the groups",
        LOGINS,
        "web_read_group",
        domain=[["id", "=", "@seen"]],
        groupby=["parent_id"],
        groupby_read_specification={"parent_id": LOGINS_OF_USERS},
    ),
    web_client(
        "web_read_group, with a specification of the records",
        LOGINS,
        "web_read_group",
        domain=[["id", "=", "@hidden"]],
        groupby=["type"],
        auto_unfold=True,
        unfold_read_specification=LOGINS_OF_USERS,
    ),
    web_client(
        "web_name_search, with a specification",
        LOGINS,
        "web_name_search",
        name="Hidden",
        specification={"display_name": {}, **LOGINS_OF_USERS},
    ),
    web_client(
        "search_panel_select_range, with a domain for related records",
        LOGINS,
        "search_panel_select_range",
        field_name="parent_id",
        comodel_domain=[["user_ids.login", "=", GUESS]],
        proof=Guesses(LOGIN),
    ),
    web_client(
        "search_panel_select_multi_range, with groups of related records",
        "the names of related records' groups",
        "search_panel_select_multi_range",
        field_name="user_id",
        group_by="company_id",
        proof=Runs(),
    ),
    web_client(
        "formatted_read_grouping_sets",
        EMAILS,
        "formatted_read_grouping_sets",
        domain=[["id", "=", "@hidden"]],
        grouping_sets=[["email"]],
        aggregates=["__count"],
    ),
    web_client(
        "read_progress_bar",
        "the logins of users, by its domain",
        "read_progress_bar",
        domain=[["user_ids.login", "=", GUESS]],
        group_by="type",
        progress_bar={"field": "type", "colors": {"contact": "x"}},
        proof=Guesses(LOGIN),
    ),
    web_client(
        "copy_data, which reads all that a copy would hold",
        EMAILS,
        "copy_data",
        ["@hidden"],
    ),
    web_client(
        "get_view, which shows any view of any model",
        "views of other models",
        "get_view",
        view_id="@view",
    ),
    web_client(
        "get_views, which describes related models",
        "the fields of other models",
        "get_views",
        views=[["@view", "form"]],
    ),
    web_client(
        "get_formview_action",
        "what the web client may open",
        "get_formview_action",
        ["@hidden"],
        proof=Runs(),
    ),
    web_client(
        "get_field_translations, which reads a field",
        "fields of records",
        "get_field_translations",
        ["@hidden"],
        field_name="name",
        proof=Runs(),
    ),
    web_client(
        "web_save_multi, with a specification",
        LOGINS,
        "web_save_multi",
        ["@hidden"],
        vals_list=[{}],
        specification=LOGINS_OF_USERS,
    ),
    web_client(
        "web_resequence, which writes any number",
        "any integer field of any record",
        "web_resequence",
        ["@hidden"],
        specification={},
        field_name="color",
        offset=7,
        proof=Changes("res.partner", "@hidden", "color"),
    ),
)

READING = Section(
    "Reading",
    rules=(Rule("res.partner", "read"),),
    granted=(
        call("res.partner", "read", ["@hidden"], fields=["email"]),
        call("res.partner", "read", ["@hidden"]),
        call("res.partner", "export_data", ["@hidden"], fields_to_export=["email"]),
        call("res.partner", "web_read", ["@hidden"], specification={"email": {}}),
        call(
            "res.partner",
            "formatted_read_group",
            domain=[],
            groupby=["email"],
            aggregates=["__count"],
        ),
        call(
            "res.partner", "read_group", domain=[], fields=["type"], groupby=["email"]
        ),
        call("res.partner", "name_search", name="Hidden"),
    ),
    escapes=(
        *EXPORTS,
        *SPECIFICATIONS,
        *FIELDS,
        *GROUPS,
        *CONTEXTS,
        *WEB_CLIENT,
    ),
)
