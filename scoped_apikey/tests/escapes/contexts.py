# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The context, and the companies of a call."""

from .model import ALL, CANARY, Changes, Makes, Rule, Runs, Section, Tells, call, escape

PARTNERS = (Rule("res.partner", ALL),)
ORDERS = (Rule("sale.order", ALL, methods="action_confirm, action_cancel"),)


def creating(name, reaches, context, proof=None, rules=None):
    return escape(
        name,
        reaches,
        call("res.partner", "create", vals_list=[{"name": "x"}], context=context),
        proof=proof,
        rules=rules,
    )


def key(name, value=True, model="res.partner", record="@seen"):
    """An escape by a key that changes what a method does, or hides that it was done."""
    return escape(
        f"{name} in the context",
        KEYS[name],
        call(model, "write", [record], vals={"active": False}, context={name: value})
        if model == "res.partner"
        else call(model, "unlink", [record], context={name: value}),
        rules=PARTNERS if model == "res.partner" else ORDERS,
        proof=Runs(),
    )


KEYS = {
    "tracking_disable": "a change without a trace",
    "mail_notrack": "a change without a trace",
    "mail_create_nolog": "a change without a trace",
    "mail_post_autofollow": "who is told of a record",
    "mail_notify_force_send": "mail",
    "_force_unlink": "a confirmed order that is deleted",
    "active_model": "records of any model",
    "active_id": "records of any model",
    "active_ids": "records of any model",
    "force_company": "another company",
    "install_mode": "the checks of an installation",
    "import_file": "the checks of an import",
    "no_reset_password": "mail",
    "uid": "another user",
    "su": "the superuser",
    "params": "what a method thinks it was given",
    "prefetch_langs": "the texts of other languages",
    "formatted_display_name": "the hidden columns of a name",
    "__forged": "whatever a module reads from the context",
}

CONTEXTS = Section(
    "The context",
    rules=PARTNERS,
    granted=(
        call(
            "res.partner",
            "create",
            vals_list=[{"name": "x"}],
            context={"lang": "en_US"},
        ),
        call(
            "res.partner", "search", domain=[], limit=1, context={"active_test": False}
        ),
    ),
    escapes=(
        creating(
            "a default of another model's field",
            "users, their groups and passwords",
            {"default_user_ids": [[0, 0, {"name": "x", "login": "evil"}]]},
            Makes("res.users"),
        ),
        creating(
            "a default that links a record",
            "records",
            {"default_child_ids": [[4, "@spare"]]},
            Changes("res.partner", "@spare", "parent_id"),
            (Rule("res.partner", "read create"),),
        ),
        escape(
            "a default of a field that may not be written",
            "the emails of contacts",
            call(
                "res.partner",
                "create",
                vals_list=[{"name": "x"}],
                context={"default_email": "evil@example.com"},
            ),
            rules=(Rule("res.partner", "read create", ("name",)),),
            proof=Makes("res.partner", domain=(("email", "=", "evil@example.com"),)),
        ),
        escape(
            "a default in a context that is a list of pairs",
            "the emails of contacts",
            call(
                "res.partner",
                "create",
                vals_list=[{"name": "x"}],
                context=[["default_email", "evil@example.com"]],
            ),
            rules=(Rule("res.partner", "read create", ("name",)),),
            proof=Makes("res.partner", domain=(("email", "=", "evil@example.com"),)),
        ),
        escape(
            "a default of a token",
            "the token that signs or declines an order",
            call(
                "sale.order",
                "create",
                vals_list=[{"partner_id": "@seen"}],
                context={"default_access_token": "known"},
            ),
            rules=(Rule("sale.order", ALL), Rule("res.partner", "read")),
            proof=Makes("sale.order", domain=(("access_token", "=", "known"),)),
        ),
        escape(
            "a context in the specification of the fields",
            "the hidden columns of a contact's name",
            call(
                "res.partner",
                "web_read",
                ["@seen"],
                specification={
                    "parent_id": {
                        "fields": {"display_name": {}},
                        "context": {"show_email": True},
                    }
                },
            ),
            rules=(Rule("res.partner", "read", ("name", "parent_id")),),
            proof=Tells(CANARY),
        ),
        escape(
            "a confirmed order that is deleted by a word in the context",
            "confirmed orders",
            call("sale.order", "action_confirm", ["@order"]),
            call("sale.order", "unlink", ["@order"], context={"_force_unlink": True}),
            rules=ORDERS,
            proof=Makes("sale.order"),
        ),
        *(key(name) for name in KEYS if name != "_force_unlink"),
    ),
)
