# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Secrets: never under "every field" or "every record", only by name."""

from .model import (
    ALL,
    CANARY,
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

PARAMETERS = (Rule("ir.config_parameter", ALL),)
USERS = (Rule("res.users", ALL),)
SERVERS = (Rule("ir.mail_server", ALL),)
TOKEN = "the token that signs or declines an order"
SECRET = "the secret that signs sessions and links"
ABOUT_SECRET = [["key", "=", "database.secret"]]


def of_order(name, method, ids=None, /, proof=None, **kwargs):
    return escape(
        name,
        TOKEN,
        call("sale.order", method, ids, **kwargs),
        rules=(Rule("sale.order", ALL),),
        proof=proof,
    )


def of_parameters(name, method, ids=None, /, proof=None, **kwargs):
    return escape(
        name,
        SECRET,
        call("ir.config_parameter", method, ids, **kwargs),
        rules=PARAMETERS,
        proof=proof,
    )


TOKENS = (
    of_order("reading a token", "read", ["@order"], fields=["access_token"]),
    of_order("reading all fields", "read", ["@order"], proof=Tells(f"{CANARY}-token")),
    of_order(
        "searching for all fields",
        "search_read",
        domain=[["id", "=", "@order"]],
        proof=Tells(f"{CANARY}-token"),
    ),
    of_order(
        "exporting a token",
        "export_data",
        ["@order"],
        fields_to_export=["access_token"],
    ),
    of_order(
        "the address of an order's page",
        "export_data",
        ["@order"],
        fields_to_export=["access_url"],
        proof=Runs(),
    ),
    of_order(
        "a specification with a token",
        "web_read",
        ["@order"],
        specification={"access_token": {}},
    ),
    of_order(
        "grouping by a token",
        "formatted_read_group",
        domain=[["id", "=", "@order"]],
        groupby=["access_token"],
    ),
    of_order(
        "the greatest token of a group",
        "formatted_read_group",
        domain=[["id", "=", "@order"]],
        groupby=[],
        aggregates=["access_token:max"],
    ),
    of_order(
        "setting a token that one knows",
        "write",
        ["@order"],
        vals={"access_token": "known"},
        proof=Changes("sale.order", "@order", "access_token"),
    ),
    of_order(
        "creating with a token that one knows",
        "create",
        vals_list=[{"partner_id": "@seen", "access_token": "known"}],
        proof=Makes("sale.order"),
    ),
    of_order(
        "importing a token that one knows",
        "load",
        fields=["partner_id/.id", "access_token"],
        data=[["@seen", "known"]],
        proof=Runs(),
    ),
    of_order("what secrets there are", "fields_get", proof=Tells("'access_token'")),
    escape(
        "a method that makes a signed link",
        TOKEN,
        call("sale.order", "get_portal_url", ["@order"]),
        rules=(Rule("sale.order", ALL, any_method=True),),
        proof=Tells(),
    ),
    escape(
        "a token that is made for a contact to sign up",
        "the portal account of a contact",
        call("res.partner", "signup_get_auth_param", ["@hidden"]),
        rules=(Rule("res.partner", ALL, any_method=True),),
        proof=Runs(),
    ),
    escape(
        "the address of a video call, which lets anyone join",
        "a meeting",
        call("calendar.event", "fields_get", attributes=["type"]),
        rules=(Rule("calendar.event", "read"),),
        proof=Tells("videocall_location"),
    ),
)

PARAMETER_ROWS = (
    of_parameters(
        "searching for a parameter that is a secret",
        "search_read",
        domain=ABOUT_SECRET,
        fields=["value"],
    ),
    of_parameters(
        "reading a parameter that is a secret", "read", ["@parameter"], fields=["value"]
    ),
    of_parameters(
        "guessing a parameter that is a secret",
        "search_count",
        domain=[["value", "like", GUESS]],
        proof=Guesses(CANARY),
    ),
    of_parameters(
        "grouping parameters",
        "formatted_read_group",
        domain=ABOUT_SECRET,
        groupby=["value"],
        aggregates=["__count"],
    ),
    of_parameters(
        "exporting a parameter",
        "export_data",
        ["@parameter"],
        fields_to_export=["value"],
    ),
    of_parameters(
        "writing to a parameter that is a secret",
        "write",
        ["@parameter"],
        vals={"value": "known"},
        proof=Changes("ir.config_parameter", "@parameter", "value"),
    ),
    of_parameters(
        "deleting a parameter that is a secret",
        "unlink",
        ["@parameter"],
        proof=Makes("ir.config_parameter"),
    ),
    of_parameters(
        "creating a parameter that is a secret",
        "create",
        vals_list=[{"key": "x.secret", "value": "known"}],
        proof=Makes("ir.config_parameter"),
    ),
    of_parameters(
        "renaming a parameter into one that is none",
        "write",
        ["@parameter"],
        vals={"key": "innocent"},
        proof=Changes("ir.config_parameter", "@parameter", "key"),
    ),
    of_parameters(
        "copying a parameter under a harmless key",
        "copy",
        ["@parameter"],
        default={"key": "innocent"},
        proof=Makes("ir.config_parameter"),
    ),
    of_parameters(
        "asking for a parameter by its method", "get_param", key="database.secret"
    ),
    of_parameters(
        "setting a parameter by its method",
        "set_param",
        key="web.base.url",
        value="https://evil.example.com",
        proof=Runs(),
    ),
    escape(
        "any model, which would be parameters, too",
        SECRET,
        call(
            "ir.config_parameter", "search_read", domain=ABOUT_SECRET, fields=["value"]
        ),
        rules=(Rule(None, ALL, any_method=True),),
    ),
)

CREDENTIALS = (
    escape(
        "the password of a mail server",
        "the mail of the company",
        call("ir.mail_server", "read", ["@mail server"], fields=["smtp_pass"]),
        rules=SERVERS,
    ),
    escape(
        "all fields of a mail server",
        "the mail of the company",
        call("ir.mail_server", "read", ["@mail server"]),
        rules=SERVERS,
    ),
    escape(
        "setting the password of a user",
        "the account of a user",
        call("res.users", "write", ["@victim"], vals={"password": "known-to-all"}),
        rules=USERS,
        proof=Runs(),
    ),
    escape(
        "creating a user with a password",
        "an account",
        call(
            "res.users",
            "create",
            vals_list=[{"name": "x", "login": "evil", "password": "known-to-all"}],
        ),
        rules=USERS,
        proof=Makes("res.users"),
    ),
    escape(
        "setting one's own password",
        "a session without a scope",
        call("res.users", "change_password", old_passwd="admin", new_passwd="x" * 12),
        rules=(Rule("res.users", ALL, any_method=True),),
        proof=Runs(),
    ),
    escape(
        "the assistant that changes passwords",
        "the account of a user",
        call(
            "change.password.wizard",
            "create",
            vals_list=[
                {"user_ids": [[0, 0, {"user_id": "@victim", "new_passwd": "x" * 12}]]}
            ],
        ),
        rules=(Rule(None, ALL, any_method=True),),
        proof=Makes("change.password.user"),
    ),
    escape(
        "the rows of keys",
        "the keys of a user",
        call("res.users.apikeys", "search_read", domain=[], fields=["name"]),
        rules=(Rule(None, ALL, any_method=True),),
        proof=Tells("n8n"),
    ),
    escape(
        "the keys of a user, as a field",
        "the keys of a user",
        call("res.users", "read", ["@base.user_admin"], fields=["api_key_ids"]),
        rules=(Rule("res.users", "read", ("name",)),),
        proof=Runs(),
    ),
    escape(
        "the second factors of a user",
        "the trusted devices of a user",
        call("auth_totp.device", "search", domain=[]),
        rules=(Rule(None, ALL, any_method=True),),
        proof=Runs(),
    ),
)

SECRETS = Section(
    "Secrets",
    rules=(Rule("sale.order", ALL), *PARAMETERS),
    granted=(
        call("sale.order", "read", ["@order"], fields=["name"]),
        call("sale.order", "write", ["@order"], vals={"client_order_ref": "x"}),
        call("ir.config_parameter", "search_read", domain=[], fields=["key", "value"]),
        call(
            "ir.config_parameter",
            "search_count",
            domain=[["key", "=", "base.login_cooldown_after"]],
        ),
    ),
    escapes=(*TOKENS, *PARAMETER_ROWS, *CREDENTIALS),
)
