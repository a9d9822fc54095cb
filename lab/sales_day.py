# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A day's work of a client in sales: what it calls, and the scopes an administrator writes for it.

None of it may be refused. In a step, a text that begins with ``@`` is an external id, and
one that begins with ``$`` is what a step before kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .cases import Rule

CREATE, UPDATE, DELETE = 0, 1, 2
ON_ORDERS = "[('res_model', '=', 'sale.order')]"
MINE = "[('user_id.login', '=', 'integration')]"
MY_LINES = "[('order_id.user_id.login', '=', 'integration')]"


@dataclass(frozen=True)
class Step:
    """A call of the day.

    :param what: the client does, in words
    :param ids: of records, where the method takes any
    :param kwargs: by name
    :param keeps: the name under which later steps find what is taken of the answer
    :param takes: what is taken of the answer: its first id, unless said
    :param shows: whether an answer is as it should be
    :param answers: whether there is an answer: where there is none, XML-RPC fails
    :param limited: whether a scope with limits can grant it: what Odoo does to every field,
        or past its own record rules, needs a rule without
    """

    what: str
    model: str
    method: str
    ids: tuple | None = None
    kwargs: dict = field(default_factory=dict)
    keeps: str = ""
    takes: Callable = lambda answer: answer[0] if isinstance(answer, list) else answer
    shows: Callable = bool
    answers: bool = True
    limited: bool = True


def step(
    what, model, method, ids=None, /, *, keeps="", takes=None, shows=None, **kwargs
):
    chosen = {"takes": takes, "shows": shows}
    chosen = {name: function for name, function in chosen.items() if function}
    return Step(what, model, method, ids, kwargs, keeps, **chosen)


def unlimited(*args, **kwargs):
    return replace(step(*args, **kwargs), limited=False)


def unanswered(what, model, method, ids):
    return Step(what, model, method, ids, shows=anything, answers=False)


def anything(answer):
    """Let every answer do, where none is wrong."""
    return True


def named(name):
    """Expect one record, of that name."""
    return lambda answer: [record["name"] for record in answer] == [name]


CUSTOMERS = (
    step(
        "make a customer with a contact",
        "res.partner",
        "create",
        vals_list=[
            {
                "name": "Lovelace Ltd",
                "is_company": True,
                "email": "info@lovelace.example.com",
                "phone": "+32 2 555 01 23",
                "street": "Main Street 1",
                "city": "Brussels",
                "zip": "1000",
                "vat": "BE0477472701",
                "country_id": "@base.be",
                "category_id": [[6, 0, ["@base.res_partner_category_0"]]],
                "child_ids": [
                    [
                        CREATE,
                        0,
                        {"name": "Ada Lovelace", "email": "ada@lovelace.example.com"},
                    ]
                ],
            }
        ],
        keeps="customer",
    ),
    step(
        "find customers by several terms and paths",
        "res.partner",
        "search_read",
        domain=[
            ["is_company", "=", True],
            "|",
            ["country_id.code", "=", "BE"],
            ["country_id.code", "=", "NL"],
            ["category_id.name", "ilike", "%"],
            ["email", "ilike", "lovelace"],
            ["id", "=", "$customer"],
        ],
        fields=["name", "email", "country_id", "category_id", "child_ids"],
        order="name, id desc",
        limit=5,
        shows=named("Lovelace Ltd"),
    ),
    step(
        "find a customer by the name of a country",
        "res.partner",
        "search",
        domain=[["country_id", "ilike", "belgium"], ["id", "=", "$customer"]],
    ),
    step(
        "find a customer by a contact",
        "res.partner",
        "search_count",
        domain=[["child_ids", "any", [["email", "=", "ada@lovelace.example.com"]]]],
    ),
    step(
        "find a customer and all below it",
        "res.partner",
        "search_count",
        domain=[["id", "child_of", ["$customer"]]],
        shows=lambda answer: answer == 2,
    ),
    step(
        "find a customer as one types",
        "res.partner",
        "name_search",
        name="Lovelace",
        domain=[["is_company", "=", True]],
        limit=8,
    ),
    step(
        "update a customer",
        "res.partner",
        "write",
        ("$customer",),
        vals={"phone": "+32 2 555 99 99", "comment": "Called back."},
    ),
    step(
        "read a customer",
        "res.partner",
        "read",
        ("$customer",),
        fields=["name", "phone", "country_id", "user_id"],
        shows=named("Lovelace Ltd"),
    ),
    step(
        "import customers, with countries by name and by id",
        "res.partner",
        "load",
        fields=["name", "email", "country_id", "child_ids/name", "child_ids/email"],
        data=[
            ["Import Ltd", "info@import.example.com", "Belgium", "One", "1@import.example.com"],
            ["", "", "", "Two", "2@import.example.com"],
        ],
        keeps="imported",
        takes=lambda answer: answer["ids"][0],
        shows=lambda answer: answer["ids"] and not answer["messages"],
    ),
    step(
        "import customers, with the database's ids",
        "res.partner",
        "load",
        fields=["name", "country_id/.id"],
        data=[["By Id Ltd", "@base.be"]],
        shows=lambda answer: answer["ids"] and not answer["messages"],
    ),
    step(
        "update customers by an import",
        "res.partner",
        "load",
        fields=[".id", "phone"],
        data=[["$imported", "+32 2 555 00 00"]],
        shows=lambda answer: answer["ids"] and not answer["messages"],
    ),
    unanswered("archive a customer", "res.partner", "action_archive", ("$imported",)),
    unanswered("and unarchive it", "res.partner", "action_unarchive", ("$imported",)),
    step("ask which fields there are", "res.partner", "fields_get", attributes=["type", "string"]),
    step("ask for defaults", "sale.order", "default_get", fields=["partner_id", "note"], shows=anything),
    step("ask what one may do", "sale.order", "has_access", (), operation="write"),
    step(
        "ask it in the old way",
        "sale.order",
        "check_access_rights",
        operation="create",
        raise_exception=False,
    ),
)  # fmt: skip

QUOTATIONS = (
    step(
        "find a product",
        "product.product",
        "search_read",
        domain=[["sale_ok", "=", True], ["type", "=", "service"]],
        fields=["name", "lst_price", "uom_id"],
        limit=1,
        keeps="product",
        takes=lambda answer: answer[0]["id"],
    ),
    step(
        "make a quotation with lines",
        "sale.order",
        "create",
        vals_list=[
            {
                "partner_id": "$customer",
                "client_order_ref": "PO 4711",
                "order_line": [
                    [CREATE, 0, {"product_id": "$product", "product_uom_qty": 2}],
                    [CREATE, 0, {"product_id": "$product", "price_unit": 9.5}],
                    [CREATE, 0, {"display_type": "line_note", "name": "By truck."}],
                ],
            }
        ],
        keeps="order",
    ),
    step(
        "read its lines",
        "sale.order",
        "read",
        ("$order",),
        fields=["order_line"],
        keeps="lines",
        takes=lambda answer: answer[0]["order_line"],
    ),
    step(
        "update a line, add one, and remove one",
        "sale.order",
        "write",
        ("$order",),
        vals={
            "order_line": [
                [UPDATE, "$lines.0", {"product_uom_qty": 3}],
                [CREATE, 0, {"product_id": "$product", "name": "One more"}],
                [DELETE, "$lines.2", 0],
            ]
        },
    ),
    step(
        "read it with all that belongs to it",
        "sale.order",
        "web_read",
        ("$order",),
        specification={
            "name": {},
            "partner_id": {"fields": {"display_name": {}, "email": {}}},
            "order_line": {
                "fields": {
                    "name": {},
                    "product_id": {"fields": {"display_name": {}}},
                    "price_subtotal": {},
                },
                "limit": 40,
                "order": "sequence, id",
            },
        },
        shows=lambda answer: len(answer[0]["order_line"]) == 3,
    ),
    step(
        "search with a specification",
        "sale.order",
        "web_search_read",
        domain=[["partner_id", "=", "$customer"]],
        specification={"name": {}, "amount_total": {}},
        shows=lambda answer: answer["length"] == 1,
    ),
    step(
        "export it",
        "sale.order",
        "export_data",
        ("$order",),
        fields_to_export=[
            ".id",
            "name",
            "partner_id/name",
            "order_line/product_id/name",
            "order_line/price_unit",
        ],
        shows=lambda answer: len(answer["datas"]) == 3,
    ),
    step(
        "find the lines of a customer",
        "sale.order.line",
        "search_read",
        domain=[["order_id.partner_id.country_id.code", "=", "BE"], ["order_id", "=", "$order"]],
        fields=["order_id", "product_id", "product_uom_qty"],
    ),
    step(
        "make a copy",
        "sale.order",
        "copy",
        ("$order",),
        default={"client_order_ref": "A copy"},
        keeps="copy",
    ),
    step("delete the copy", "sale.order", "unlink", ("$copy",)),
    step("confirm the order", "sale.order", "action_confirm", ("$order",)),
    step(
        "see what is to be invoiced",
        "sale.order",
        "search",
        domain=[["invoice_status", "in", ["to invoice", "no"]], ["id", "=", "$order"]],
    ),
    step(
        "count orders by month and state",
        "sale.order",
        "read_group",
        domain=[["partner_id", "=", "$customer"]],
        fields=["amount_total:sum"],
        groupby=["date_order:month", "state"],
        lazy=False,
    ),
    step(
        "count them in the new way",
        "sale.order",
        "formatted_read_group",
        domain=[["partner_id", "=", "$customer"]],
        groupby=["date_order:month", "state", "partner_id"],
        aggregates=["amount_total:sum", "__count"],
        having=[["__count", ">", 0]],
        order="amount_total:sum desc",
    ),
    step(
        "make an invoice",
        "sale.advance.payment.inv",
        "create",
        vals_list=[{"advance_payment_method": "percentage", "amount": 50, "sale_order_ids": [[6, 0, ["$order"]]]}],
        keeps="assistant",
    ),
    unanswered(
        "and post it", "sale.advance.payment.inv", "create_invoices", ("$assistant",)
    ),
    step(
        "read the invoice",
        "account.move",
        "search_read",
        domain=[["invoice_origin", "!=", False], ["partner_id", "=", "$customer"]],
        fields=["name", "state", "amount_total"],
        shows=anything,
    ),
)  # fmt: skip

CONVERSATIONS = (
    step(
        "find the kind of an activity",
        "mail.activity.type",
        "search",
        domain=[["category", "=", "default"]],
        limit=1,
        keeps="kind",
    ),
    step(
        "plan an activity",
        "mail.activity",
        "create",
        vals_list=[
            {
                "res_model_id": "@sale.model_sale_order",
                "res_id": "$order",
                "activity_type_id": "$kind",
                "summary": "Call the customer",
            }
        ],
        keeps="activity",
    ),
    step(
        "see what is to do",
        "mail.activity",
        "search_read",
        domain=[["res_model", "=", "sale.order"], ["res_id", "=", "$order"]],
        fields=["summary", "date_deadline", "activity_type_id"],
        shows=lambda answer: len(answer) == 1,
    ),
    step(
        "say that it is done",
        "mail.activity",
        "action_feedback",
        ("$activity",),
        feedback="They like it.",
        shows=anything,
    ),
    step(
        "attach a file to the order",
        "ir.attachment",
        "create",
        vals_list=[
            {
                "name": "terms.txt",
                "datas": "VGVybXM=",
                "res_model": "sale.order",
                "res_id": "$order",
            }
        ],
        keeps="file",
    ),
    step(
        "send it with a message",
        "sale.order",
        "message_post",
        ("$order",),
        body="The terms are attached.",
        attachment_ids=["$file"],
        keeps="message",
    ),
    step(
        "read the messages of the order",
        "mail.message",
        "search_read",
        domain=[["model", "=", "sale.order"], ["res_id", "=", "$order"]],
        fields=["body", "date", "author_id"],
        limit=5,
    ),
    step(
        "read the files of the order",
        "ir.attachment",
        "search_read",
        domain=[["res_model", "=", "sale.order"], ["res_id", "=", "$order"]],
        fields=["name", "mimetype"],
        shows=lambda answer: "terms.txt" in [file["name"] for file in answer],
    ),
    step("take note of a customer", "res.partner", "message_post", ("$customer",), body="Nice."),
)  # fmt: skip

EVERYDAY = (
    step(
        "read without saying which fields",
        "res.partner",
        "read",
        ("$customer",),
        shows=named("Lovelace Ltd"),
    ),
    step(
        "search without saying which fields",
        "sale.order",
        "search_read",
        domain=[["id", "=", "$order"]],
        limit=1,
        shows=lambda answer: answer[0]["client_order_ref"] == "PO 4711",
    ),
    step(
        "work in a language, a time zone and a company",
        "sale.order",
        "search_read",
        domain=[["id", "=", "$order"]],
        fields=["name", "state", "date_order"],
        context={
            "lang": "en_US",
            "tz": "Europe/Brussels",
            "allowed_company_ids": ["@base.main_company"],
            "active_test": False,
        },
    ),
    unlimited(
        "find orders of a period, by the names of those in them",
        "sale.order",
        "search_count",
        domain=[
            "&",
            ["date_order", ">=", "2020-01-01 00:00:00"],
            "|",
            ["partner_id.name", "ilike", "lovelace"],
            ["partner_id", "ilike", "lovelace"],
            ["order_line.product_id", "=", "$product"],
            ["order_line", "any", [["product_uom_qty", ">", 1]]],
        ],
    ),
    step(
        "find orders of a customer and all below it",
        "sale.order",
        "search",
        domain=[["partner_id", "=", "$customer"]],
        order="date_order desc, id desc",
        limit=3,
    ),
    step(
        "save and read in one call",
        "sale.order",
        "web_save",
        ("$order",),
        vals={"client_order_ref": "PO 4712"},
        specification={"client_order_ref": {}},
        shows=lambda answer: answer[0]["client_order_ref"] == "PO 4712",
    ),
    step(
        "import a quotation with its lines",
        "sale.order",
        "load",
        fields=[
            "partner_id/.id",
            "order_line/product_id/.id",
            "order_line/product_uom_qty",
        ],
        data=[["$customer", "$product", "4"], ["", "$product", "5"]],
        shows=lambda answer: answer["ids"] and not answer["messages"],
    ),
    step(
        "make three customers at once",
        "res.partner",
        "create",
        vals_list=[{"name": f"Number {number}"} for number in range(3)],
        shows=lambda answer: len(answer) == 3,
    ),
    unlimited(
        "make a customer by its name",
        "res.partner",
        "name_create",
        name="Grace Hopper",
        keeps="grace",
    ),
    unlimited(
        "copy a customer",
        "res.partner",
        "copy",
        ("$customer",),
        default={"name": "Lovelace Too"},
    ),
    step(
        "group customers by their country",
        "res.partner",
        "formatted_read_group",
        domain=[["is_company", "=", True]],
        groupby=["country_id"],
        aggregates=["__count"],
    ),
    step(
        "write a lead down",
        "crm.lead",
        "create",
        vals_list=[
            {"name": "A question", "contact_name": "Ada", "partner_id": "$customer"}
        ],
        keeps="lead",
    ),
    step(
        "move it on", "crm.lead", "write", ("$lead",), vals={"expected_revenue": 1000.0}
    ),
    step("win it", "crm.lead", "action_set_won", ("$lead",)),
    step(
        "list the models, as tools that connect anything do",
        "ir.model",
        "search_read",
        domain=[["transient", "=", False]],
        fields=["model", "name"],
        limit=500,
    ),
    step(
        "download a file of the order",
        "ir.attachment",
        "read",
        ("$file",),
        fields=["name", "datas"],
        shows=lambda answer: answer[0]["datas"] == "VGVybXM=",
    ),
    step(
        "count what is left to do",
        "mail.activity",
        "search_count",
        domain=[["res_model", "=", "sale.order"]],
        shows=anything,
    ),
    step(
        "make a quotation that is not wanted",
        "sale.order",
        "create",
        vals_list=[{"partner_id": "$customer"}],
        keeps="unwanted",
    ),
    step("and delete it", "sale.order", "unlink", ("$unwanted",)),
)

DAY = (*CUSTOMERS, *QUOTATIONS, *CONVERSATIONS, *EVERYDAY)

LOOKED_UP = (
    Rule("res.country", "r"),
    Rule("res.country.state", "r"),
    Rule("res.partner.category", "r"),
    Rule("product.product", "r"),
    Rule("uom.uom", "r"),
    Rule("account.tax", "r"),
    Rule("crm.team", "r"),
    Rule("mail.activity.type", "r"),
    Rule("ir.model", "r"),
    Rule("account.move", "r"),
)
"""What every client in sales looks up."""

WHOLE_RECORDS = (
    *LOOKED_UP,
    Rule("res.partner", "rwc", methods="message_post(body)"),
    Rule(
        "sale.order",
        "rwcd",
        methods="action_confirm, message_post(body, attachment_ids)",
    ),
    Rule("sale.order.line", "rwcd"),
    Rule("sale.advance.payment.inv", "rc", methods="create_invoices"),
    Rule("mail.activity", "rwc", methods="action_feedback"),
    Rule("mail.message", "r"),
    Rule("ir.attachment", "rc"),
    Rule("crm.lead", "rwc", methods="action_set_won"),
)
"""A scope by models alone."""

CUSTOMER_FIELDS = (
    "active",
    "category_id",
    "child_ids",
    "city",
    "comment",
    "company_registry",
    "complete_name",
    "country_id",
    "display_name",
    "email",
    "is_company",
    "name",
    "parent_id",
    "phone",
    "ref",
    "street",
    "user_id",
    "vat",
    "zip",
)

MY_RECORDS = (
    *LOOKED_UP,
    Rule("res.partner", "r", fields=CUSTOMER_FIELDS),
    Rule(
        "res.partner",
        "wc",
        methods="message_post(body)",
        domain="[('user_ids', '=', False)]",
        fields=CUSTOMER_FIELDS,
    ),
    Rule(
        "sale.order",
        "rwcd",
        methods="action_confirm, message_post(body, attachment_ids)",
        domain=MINE,
    ),
    Rule("sale.order.line", "rwcd", domain=MY_LINES),
    Rule("sale.advance.payment.inv", "rc", methods="create_invoices"),
    Rule("mail.activity", "rwc", methods="action_feedback", domain=ON_ORDERS),
    Rule("mail.message", "r"),
    Rule("ir.attachment", "rc"),
    Rule("crm.lead", "rwc", methods="action_set_won"),
)
"""A scope of the salesman's own orders, and of the fields that the client needs."""
