# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Companies: those that a scope leaves out, though its user may act in them."""

from .model import (
    ALL,
    CANARY,
    GUESS,
    Changes,
    Guesses,
    Makes,
    Rule,
    Section,
    call,
    escape,
)

COMPANIES = ["@base.main_company", "@other company"]
ONLY_MAIN = {"company_ids": [[6, 0, ["@base.main_company"]]]}
HIDDEN = "the records of a company that the scope leaves out"
BOTH = {"allowed_company_ids": COMPANIES}
OTHER = {"allowed_company_ids": ["@other company"]}


def of_other(name, method, ids=None, /, proof=None, **kwargs):
    return escape(
        name,
        HIDDEN,
        call("sale.order", method, ids, **kwargs),
        proof=proof,
        scope=ONLY_MAIN,
    )


COMPANY = Section(
    "Companies",
    rules=(
        Rule("sale.order", ALL, methods="action_confirm"),
        Rule("res.partner", "read"),
        Rule("res.company", "read"),
    ),
    granted=(
        call("sale.order", "read", ["@order"], fields=["name"]),
        call("sale.order", "read", ["@other quotation"], fields=["name"], context=BOTH),
    ),
    escapes=(
        of_other(
            "reading, with the companies in the context",
            "read",
            ["@other quotation"],
            fields=["client_order_ref"],
            context=BOTH,
        ),
        of_other(
            "reading, with another company alone in the context",
            "read",
            ["@other quotation"],
            fields=["client_order_ref"],
            context=OTHER,
        ),
        of_other(
            "searching, with the companies in the context",
            "search_read",
            domain=[["id", "=", "@other quotation"]],
            fields=["client_order_ref"],
            context=BOTH,
        ),
        of_other(
            "guessing, with the companies in the context",
            "search_count",
            domain=[["id", "=", "@other quotation"], ["client_order_ref", "=", GUESS]],
            context=BOTH,
            proof=Guesses(CANARY),
        ),
        of_other(
            "writing, with the companies in the context",
            "write",
            ["@other quotation"],
            vals={"client_order_ref": "forged"},
            context=BOTH,
            proof=Changes("sale.order", "@other quotation", "client_order_ref"),
        ),
        of_other(
            "deleting, with the companies in the context",
            "unlink",
            ["@other quotation"],
            context=BOTH,
            proof=Makes("sale.order"),
        ),
        of_other(
            "creating for another company",
            "create",
            vals_list=[{"partner_id": "@seen", "company_id": "@other company"}],
            context=BOTH,
            proof=Makes("sale.order", domain=(("company_id", "=", "@other company"),)),
        ),
        of_other(
            "a business method, with the companies in the context",
            "action_confirm",
            ["@other quotation"],
            context=BOTH,
            proof=Changes("sale.order", "@other quotation", "state"),
        ),
        escape(
            "a company that is not the user's",
            "the records of any company",
            call(
                "sale.order",
                "search",
                domain=[],
                context={"allowed_company_ids": [4711]},
            ),
            on_stock=False,
        ),
    ),
)
