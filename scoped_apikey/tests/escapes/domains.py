# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Domains and sorting: a filter that reaches what may not be read is a guessing oracle."""

from .model import (
    CANARY,
    EMAIL,
    GUESS,
    LOGIN,
    REF,
    Guesses,
    Rule,
    Runs,
    Section,
    call,
    escape,
)

NAMES_ONLY = (Rule("res.partner", "read", ("name",)),)
LEADS = (Rule("crm.lead", "read"),)
BY_LOGIN = ["user_ids.login", "=", GUESS]
EMAIL_GUESSED = ["email", "=", GUESS]


def filtering(
    name, reaches, *domain, right, wrong="4711", model="res.partner", rules=None
):
    """An escape by a search."""
    return escape(
        name,
        reaches,
        call(model, "search_count", domain=list(domain)),
        proof=Guesses(right, wrong),
        rules=rules,
    )


def through(method, **kwargs):
    """An escape by the domain of another method than ``search_count``."""
    return escape(
        f"a path in the domain of {method}",
        "the logins of users",
        call("res.partner", method, domain=[BY_LOGIN], **kwargs),
        proof=Guesses(LOGIN),
    )


PATHS = (
    filtering("a path in a domain", "the logins of users", BY_LOGIN, right=LOGIN),
    filtering(
        "a path of three steps in a domain",
        "the logins of users",
        ["user_id.partner_id.user_ids.login", "=", GUESS],
        right=LOGIN,
    ),
    filtering(
        "a path behind an operator that negates",
        "the logins of users",
        "!",
        BY_LOGIN,
        right=LOGIN,
    ),
    filtering(
        "a path among harmless terms",
        "the logins of users",
        "&",
        ["active", "=", True],
        "|",
        ["id", "=", 0],
        BY_LOGIN,
        right=LOGIN,
    ),
    filtering(
        "a path by a pattern, a letter a call",
        "the logins of users",
        ["user_ids.login", "=like", GUESS],
        right=f"{LOGIN[:5]}%",
    ),
    filtering(
        "a path through messages, whose rights Odoo does not check there",
        "the texts of messages",
        ["message_ids.body", "like", GUESS],
        model="sale.order",
        right=CANARY,
        rules=(Rule("sale.order", "read"),),
    ),
    filtering(
        "a path through activities",
        "the notes of activities",
        ["activity_ids.note", "like", GUESS],
        model="sale.order",
        right=CANARY,
        rules=(Rule("sale.order", "read"),),
    ),
    filtering(
        "a path through the lines of an order, whose rights Odoo does not check there",
        "the lines of orders",
        ["order_line.name", "like", GUESS],
        model="sale.order",
        right=CANARY,
        rules=(Rule("sale.order", "read"),),
    ),
    through("search"),
    through("search_read", fields=["name"]),
    through("read_group", fields=["__count"], groupby=["type"]),
    through("formatted_read_group", groupby=["type"], aggregates=["__count"]),
    through("name_search", name=""),
    through("web_search_read", specification={"name": {}}),
)

SUBDOMAINS = (
    filtering(
        "any",
        "the logins of users",
        ["user_ids", "any", [["login", "=", GUESS]]],
        right=LOGIN,
    ),
    filtering(
        "not any",
        "the logins of users",
        ["user_ids", "not any", [["login", "=", GUESS]]],
        right=LOGIN,
    ),
    filtering(
        "any inside any",
        "the logins of users",
        ["user_id", "any", [["partner_id", "any", [BY_LOGIN]]]],
        right=LOGIN,
    ),
    escape(
        "any!, which skips record rules",
        "the logins of users",
        call(
            "res.partner",
            "search_count",
            domain=[["user_ids", "any!", [["login", "=", LOGIN]]]],
        ),
        proof=Runs(),
        on_stock=False,
    ),
)

NAMES = (
    filtering(
        "a many2one compared with a text",
        "the emails of contacts",
        ["partner_id", "=", GUESS],
        right=EMAIL,
        model="crm.lead",
        rules=LEADS,
    ),
    filtering(
        "a many2one in a list of texts",
        "the logins of users",
        ["user_id", "in", [GUESS]],
        right=LOGIN,
        model="crm.lead",
        rules=LEADS,
    ),
    filtering(
        "a many2one by a pattern",
        "the logins of users",
        ["user_id", "ilike", GUESS],
        right=LOGIN,
        model="crm.lead",
        rules=LEADS,
    ),
    filtering(
        "a many2one by a pattern that is a number",
        "the references of contacts",
        ["partner_id", "ilike", GUESS],
        right=REF,
        model="crm.lead",
        rules=LEADS,
    ),
    filtering(
        "a many2one not by a pattern",
        "the logins of users",
        ["user_id", "not ilike", GUESS],
        right=LOGIN,
        model="crm.lead",
        rules=LEADS,
    ),
    filtering(
        "a one2many by a pattern",
        "the logins of users",
        ["user_ids", "ilike", GUESS],
        right=LOGIN,
    ),
    filtering(
        "child_of a text",
        "the emails of contacts",
        ["partner_id", "child_of", GUESS],
        right=EMAIL,
        model="crm.lead",
        rules=LEADS,
    ),
    filtering(
        "parent_of a text",
        "the emails of contacts",
        ["partner_id", "parent_of", GUESS],
        right=EMAIL,
        model="crm.lead",
        rules=LEADS,
    ),
    filtering(
        "display_name, which searches more than the name",
        "the emails of contacts",
        ["display_name", "ilike", GUESS],
        right=EMAIL,
        rules=NAMES_ONLY,
    ),
    filtering(
        "the display_name of a related record",
        "the logins of users",
        ["user_id.display_name", "ilike", GUESS],
        right=LOGIN,
        model="crm.lead",
        rules=LEADS,
    ),
    escape(
        "name_search, which searches more than the name",
        "the emails of contacts",
        call("res.partner", "name_search", name=GUESS),
        proof=Guesses(EMAIL),
        rules=NAMES_ONLY,
    ),
)

FIELDS = (
    filtering(
        "filtering by a field that may not be read",
        "the emails of contacts",
        EMAIL_GUESSED,
        right=EMAIL,
        rules=NAMES_ONLY,
    ),
    filtering(
        "filtering by the part of a path that may not be read",
        "the emails of contacts",
        ["parent_id.email", "=", GUESS],
        right=EMAIL,
        rules=(Rule("res.partner", "read", ("name", "parent_id")),),
    ),
    filtering(
        "filtering by a field with a search method",
        "who is to do what",
        ["activity_user_id", "=", GUESS],
        right="@victim",
        wrong=4711,
        model="sale.order",
        rules=(Rule("sale.order", "read", ("name",)),),
    ),
    filtering(
        "filtering by a secret",
        "the token that signs or declines an order",
        ["access_token", "=like", GUESS],
        right=f"{CANARY[:3]}%",
        model="sale.order",
        rules=(Rule("sale.order", "read"),),
    ),
    escape(
        "sorting by a field that may not be read",
        "the emails of contacts, by their order",
        call("res.partner", "search", domain=[], order="email desc"),
        proof=Runs(),
        rules=NAMES_ONLY,
    ),
    escape(
        "sorting by a many2one, in the order of its model",
        "the fields that contacts are sorted by",
        call("crm.lead", "search", domain=[], order="partner_id"),
        proof=Runs(),
        rules=LEADS,
    ),
    escape(
        "sorting by the id of a many2one",
        "a field that may not be read",
        call("crm.lead", "search", domain=[], order="partner_id.id"),
        proof=Runs(),
        rules=(Rule("crm.lead", "read", ("name",)),),
    ),
    escape(
        "sorting by a path",
        "the logins of users",
        call("res.partner", "search", domain=[], order="user_id.login"),
        proof=Runs(),
        on_stock=False,
    ),
    escape(
        "sorting by a secret",
        "the token that signs or declines an order",
        call("sale.order", "search", domain=[], order="access_token"),
        proof=Runs(),
        rules=(Rule("sale.order", "read"),),
    ),
)

DOMAINS = Section(
    "Domains and sorting",
    rules=(Rule("res.partner", "read"),),
    granted=(
        call("res.partner", "search", domain=[["active", "=", True]], order="email"),
        call("res.partner", "search_count", domain=[["email", "like", "seen@"]]),
        call("res.partner", "web_search_read", domain=[], specification={"name": {}}),
    ),
    escapes=(*PATHS, *SUBDOMAINS, *NAMES, *FIELDS),
)
