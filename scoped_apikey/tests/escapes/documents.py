# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Fields whose model is data, and models that speak of records of any model."""

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

ORDER = {"res_model": "sale.order", "res_id": "@hidden order"}


def reading(name, model, field, record=None, reaches=None):
    """An escape by a rule for a model whose rows belong to orders, and none for orders."""
    domain = [["id", "=", record]] if record else [["res_id", "=", "@hidden order"]]
    return escape(
        name,
        reaches or "what belongs to records of any model",
        call(model, "search_read", domain=domain, fields=[field]),
        rules=(Rule(model, "read"),),
    )


DOCUMENTS = Section(
    "Records that belong to records of any model",
    rules=(
        Rule("sale.order", "read write"),
        Rule("mail.message", "read"),
        Rule("mail.activity", "read create", methods="action_feedback"),
        Rule("ir.attachment", "read create"),
    ),
    granted=(
        call("mail.message", "read", ["@message"], fields=["body"]),
        call("mail.message", "search_count", domain=[["body", "like", CANARY]]),
        call("mail.activity", "read", ["@activity"], fields=["note"]),
        call("mail.activity", "action_feedback", ["@activity"]),
        call("ir.attachment", "read", ["@attachment"], fields=["raw"]),
        call("ir.attachment", "create", vals_list=[{"name": "x", **ORDER}]),
    ),
    escapes=(
        reading("messages", "mail.message", "body", "@message"),
        reading("activities", "mail.activity", "note", "@activity"),
        reading("followers", "mail.followers", "email", "@follower"),
        reading("attachments", "ir.attachment", "name", "@attachment"),
        reading("the content of attachments", "ir.attachment", "raw", "@attachment"),
        escape(
            "a guess at the texts of messages",
            "the texts of messages",
            call("mail.message", "search_count", domain=[["body", "like", GUESS]]),
            rules=(Rule("mail.message", "read"),),
            proof=Guesses(CANARY),
        ),
        escape(
            "a group of messages",
            "the texts of messages",
            call(
                "mail.message",
                "formatted_read_group",
                domain=[["id", "=", "@message"]],
                groupby=["model"],
                aggregates=["body:max"],
            ),
            rules=(Rule("mail.message", "read"),),
        ),
        escape(
            "an export of messages",
            "the texts of messages",
            call(
                "mail.message", "export_data", ["@message"], fields_to_export=["body"]
            ),
            rules=(Rule("mail.message", "read"),),
        ),
        escape(
            "a tracked value that is rewritten",
            "the trail of a record",
            call(
                "mail.tracking.value",
                "write",
                ["@tracking"],
                vals={"new_value_char": "forged"},
            ),
            rules=(Rule("mail.tracking.value", "read write"),),
            proof=Changes("mail.tracking.value", "@tracking", "new_value_char"),
        ),
        escape(
            "a message that is rewritten",
            "the trail of a record",
            call("mail.message", "write", ["@message"], vals={"body": "forged"}),
            rules=(Rule("mail.message", "read write"),),
            proof=Changes("mail.message", "@message", "body"),
        ),
        escape(
            "a message that is put on a record of another model",
            "the trail of a record",
            call(
                "mail.message",
                "create",
                vals_list=[
                    {"model": "sale.order", "res_id": "@hidden order", "body": "forged"}
                ],
            ),
            rules=(Rule("mail.message", "read create"),),
            proof=Makes("mail.message"),
        ),
        escape(
            "an attachment that is put on a record of another model",
            "the files of a record",
            call("ir.attachment", "create", vals_list=[{"name": "forged", **ORDER}]),
            rules=(Rule("ir.attachment", "read create"),),
            proof=Makes("ir.attachment"),
        ),
        escape(
            "an attachment that is moved to a record of another model",
            "the files of a record",
            call(
                "ir.attachment",
                "create",
                vals_list=[
                    {"name": "x", "res_model": "res.partner", "res_id": "@seen"}
                ],
            ),
            call("ir.attachment", "write", "<the last answer>", vals=ORDER),
            rules=(Rule("ir.attachment", ALL), Rule("res.partner", ALL)),
            proof=Makes("ir.attachment", domain=(("res_id", "=", "@hidden order"),)),
        ),
        escape(
            "an attachment that is a binary field of another model",
            "the pictures and files in fields",
            call(
                "ir.attachment",
                "search_read",
                domain=[
                    ["res_field", "=", "image_1920"],
                    ["res_model", "=", "res.partner"],
                    ["res_id", "=", "@hidden"],
                ],
                fields=["res_name", "checksum"],
            ),
            rules=(Rule("ir.attachment", "read"),),
            proof=Tells("checksum"),
        ),
        escape(
            "an attachment that becomes a field which may not be written",
            "the signature of an order",
            call(
                "ir.attachment",
                "create",
                vals_list=[
                    {
                        "name": "x",
                        "res_model": "sale.order",
                        "res_id": "@order",
                        "res_field": "signature",
                        "raw": "x",
                    }
                ],
            ),
            rules=(
                Rule("ir.attachment", "read create"),
                Rule("sale.order", "read write", ("name",)),
            ),
            proof=Makes("ir.attachment", domain=(("res_field", "=", "signature"),)),
        ),
        escape(
            "an attachment that becomes a field by a default in the context",
            "the signature of an order",
            call(
                "ir.attachment",
                "create",
                vals_list=[
                    {
                        "name": "x",
                        "res_model": "sale.order",
                        "res_id": "@order",
                        "raw": "x",
                    }
                ],
                context={"default_res_field": "signature"},
            ),
            rules=(
                Rule("ir.attachment", "read create"),
                Rule("sale.order", "read write", ("name",)),
            ),
            proof=Makes("ir.attachment", domain=(("res_field", "=", "signature"),)),
        ),
        escape(
            "a script of the web client, which is an attachment",
            "the sessions of all users",
            call("ir.attachment", "write", ["@script"], vals={"datas": "Zm9yZ2Vk"}),
            rules=(
                Rule("ir.attachment", ALL),
                Rule("sale.order", ALL),
            ),
            proof=Changes("ir.attachment", "@script", "checksum"),
        ),
        escape(
            "an attachment whose address serves script from our origin",
            "the sessions of those who open it",
            call(
                "ir.attachment",
                "create",
                vals_list=[
                    {
                        "name": "x.js",
                        "type": "binary",
                        "url": "/forged.js",
                        "mimetype": "text/javascript",
                    }
                ],
            ),
            rules=(Rule("res.partner", ALL), Rule("ir.attachment", "read create")),
            proof=Makes("ir.attachment", domain=(("url", "=", "/forged.js"),)),
        ),
        escape(
            "an activity that is put on a record of another model",
            "the activities of a record",
            call(
                "mail.activity",
                "create",
                vals_list=[
                    {
                        "res_model_id": "@orders",
                        "res_id": "@hidden order",
                        "summary": "forged",
                        "user_id": "@victim",
                    }
                ],
            ),
            rules=(Rule("mail.activity", "read create"),),
            proof=Makes("mail.activity"),
        ),
        escape(
            "an activity that is marked as done",
            "the activities of a record",
            call("mail.activity", "action_feedback", ["@activity"]),
            rules=(Rule("mail.activity", methods="action_feedback"),),
            proof=Changes("mail.activity", "@activity", "active"),
        ),
        escape(
            "a follower that is put on a record of another model",
            "who is told of a record",
            call(
                "mail.followers",
                "create",
                vals_list=[{**ORDER, "partner_id": "@seen"}],
            ),
            rules=(Rule("mail.followers", "read create"),),
            proof=Makes("mail.followers"),
        ),
        escape(
            "a report on messages",
            "the texts of messages on leads",
            call("crm.activity.report", "search_count", domain=[]),
            rules=(Rule(None, "read"),),
            proof=Runs(),
        ),
        escape(
            "onchange of an attachment, whose res_id is a record of any model",
            "the secret that signs links and sessions",
            call(
                "ir.attachment",
                "onchange",
                [],
                values={"res_model": "ir.config_parameter", "res_id": "@parameter"},
                field_names=[],
                fields_spec={"res_id": {"fields": {"value": {}}}},
            ),
            rules=(Rule("ir.attachment", "read"),),
        ),
        escape(
            "web_read of an attachment, whose res_id is a record of any model",
            "the fields of records of any model",
            call(
                "ir.attachment",
                "web_read",
                ["@attachment"],
                specification={"res_id": {"fields": {"client_order_ref": {}}}},
            ),
            rules=(
                Rule("ir.attachment", "read"),
                Rule("sale.order", "read", ("name",)),
            ),
        ),
        escape(
            "web_read of a message, whose res_id is a record of any model",
            "the fields of records of any model",
            call(
                "mail.message",
                "web_read",
                ["@message"],
                specification={"res_id": {"fields": {"client_order_ref": {}}}},
            ),
            rules=(Rule("mail.message", "read"), Rule("sale.order", "read", ("name",))),
        ),
        escape(
            "any model, which would be messages, too",
            "the texts of messages",
            call("mail.message", "read", ["@message"], fields=["body"]),
            rules=(Rule(None, ALL, any_method=True),),
        ),
        escape(
            "any model, which would be tracking values, too",
            "the history of records",
            call("mail.tracking.value", "search_count", domain=[]),
            rules=(Rule(None, ALL, any_method=True),),
            proof=Runs(),
        ),
        escape(
            "any model, which would be ratings, too",
            "the ratings of records",
            call("rating.rating", "search_count", domain=[]),
            rules=(Rule(None, ALL, any_method=True),),
            proof=Runs(),
        ),
    ),
)
