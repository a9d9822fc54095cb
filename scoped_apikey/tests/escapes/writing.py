# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Writing: values that write other records than those the method is called on."""

from .model import (
    ALL,
    LAST,
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

EVIL = "evil@example.com"
CREATE, UPDATE, DELETE, UNLINK, LINK, CLEAR, SET = range(7)
ADMINISTRATOR = {
    "name": "Evil",
    "login": EVIL,
    "password": "evil-and-known",
    "group_ids": [[LINK, "@base.group_system"]],
}
NEW_ADMINISTRATOR = {"user_ids": [[CREATE, 0, ADMINISTRATOR]]}
AN_ADMINISTRATOR = Makes("res.users", domain=(("login", "=", EVIL),))
PARTNERS = (Rule("res.partner", ALL),)
ORDERS = (Rule("sale.order", ALL),)
PRODUCTS = (Rule("product.product", ALL),)
PROJECTS = (Rule("project.project", ALL),)
TASKS = (Rule("project.task", ALL),)
LEADS = (Rule("crm.lead", ALL),)
NAMES = (Rule("res.partner", ALL, ("name",)),)


def commanding(name, *command, proof, rules=ORDERS):
    """An escape by a command on the lines of an order."""
    return escape(
        name,
        "the lines of orders",
        call("sale.order", "write", ["@order"], vals={"order_line": [list(command)]}),
        proof=proof,
        rules=rules,
    )


def writing(name, reaches, model, record, vals, proof, rules=None):
    return escape(
        name,
        reaches,
        call(model, "write", [record], vals=vals),
        proof=proof,
        rules=rules or (Rule(model, ALL),),
    )


def importing(name, reaches, fields, row, proof, rules=None, **context):
    more = {"context": context} if context else {}
    return escape(
        name,
        reaches,
        call("res.partner", "load", fields=fields, data=[row], **more),
        proof=proof,
        rules=rules,
    )


COMMANDS = (
    escape(
        "a command in create",
        "a new administrator",
        call("res.partner", "create", vals_list=[{"name": "x", **NEW_ADMINISTRATOR}]),
        proof=AN_ADMINISTRATOR,
    ),
    writing(
        "a command in write",
        "a new administrator",
        "res.partner",
        "@seen",
        NEW_ADMINISTRATOR,
        AN_ADMINISTRATOR,
    ),
    escape(
        "a command in web_save",
        "a new administrator",
        call(
            "res.partner",
            "web_save",
            ["@seen"],
            vals=NEW_ADMINISTRATOR,
            specification={},
        ),
        proof=AN_ADMINISTRATOR,
    ),
    escape(
        "a command in the values of a copy",
        "a new administrator",
        call("res.partner", "copy", ["@seen"], default=NEW_ADMINISTRATOR),
        proof=AN_ADMINISTRATOR,
    ),
    writing(
        "a command inside a command",
        "a new administrator",
        "res.partner",
        "@seen",
        {"child_ids": [[CREATE, 0, {"name": "x", **NEW_ADMINISTRATOR}]]},
        AN_ADMINISTRATOR,
    ),
    writing(
        "a command that makes an existing user an administrator",
        "the groups of a user",
        "res.partner",
        "@hidden",
        {
            "user_ids": [
                [UPDATE, "@victim", {"group_ids": [[LINK, "@base.group_system"]]}]
            ]
        },
        Changes("res.users", "@victim", "group_ids"),
    ),
    commanding(
        "a command that makes a record",
        CREATE,
        0,
        {"product_id": "@product"},
        proof=Makes("sale.order.line"),
    ),
    commanding(
        "a command that writes to a record",
        UPDATE,
        "@line",
        {"name": "forged"},
        proof=Changes("sale.order.line", "@line", "name"),
    ),
    commanding(
        "a command that deletes a record",
        DELETE,
        "@line",
        proof=Makes("sale.order.line"),
    ),
    commanding(
        "a command that takes a record away",
        UNLINK,
        "@line",
        proof=Makes("sale.order.line"),
    ),
    commanding(
        "a command that steals the record of another",
        LINK,
        "@hidden line",
        proof=Changes("sale.order.line", "@hidden line", "order_id"),
    ),
    commanding("a command that clears", CLEAR, proof=Makes("sale.order.line")),
    commanding("a command that replaces", SET, 0, [], proof=Makes("sale.order.line")),
    writing(
        "a many2many that is written from its other side",
        "the companies of users",
        "res.company",
        "@base.main_company",
        {"user_ids": [[LINK, "@victim"]], "name": "Renamed"},
        Runs(),
    ),
    writing(
        "a many2many that makes its target",
        "tags",
        "project.task",
        "@task",
        {"tag_ids": [[CREATE, 0, {"name": "forged"}]]},
        Makes("project.tags"),
    ),
    writing(
        "members of a group, from the user's side",
        "the groups of users",
        "res.users",
        "@victim",
        {"group_ids": [[LINK, "@base.group_system"]]},
        Changes("res.users", "@victim", "group_ids"),
        (Rule("res.users", "read write", ("name",)),),
    ),
)

IMPORTS = (
    importing(
        "an import of columns of related records",
        "a new user",
        ["name", "user_ids/name", "user_ids/login"],
        ["x", "Evil", EVIL],
        AN_ADMINISTRATOR,
    ),
    importing(
        "an import with external ids",
        "rows of ir.model.data",
        ["id", "name"],
        ["__import__.forged", "x"],
        Makes("ir.model.data"),
    ),
    importing(
        "an import that overwrites the record of an external id",
        "records that a module owns",
        ["id", "name"],
        ["base.main_partner", "forged"],
        Changes("res.partner", "@base.main_partner", "name"),
        (Rule("res.partner", "create"),),
    ),
    importing(
        "an import that writes by id",
        "records, with a rule to create only",
        [".id", "name"],
        ["@hidden", "forged"],
        Changes("res.partner", "@hidden", "name"),
        (Rule("res.partner", "create"),),
    ),
    importing(
        "an import that finds a related record by its name",
        "the logins of users",
        ["name", "user_id"],
        ["x", "<a guess>"],
        Guesses("zanzibar-login"),
    ),
    importing(
        "an import that finds a related record by its external id",
        "rows of ir.model.data",
        ["name", "user_id/id"],
        ["x", "base.user_admin"],
        Makes("res.partner"),
    ),
    importing(
        "an import that makes what it does not find",
        "records of other models",
        ["name", "category_id"],
        ["x", "forged"],
        Makes("res.partner.category"),
        None,
        name_create_enabled_fields={"category_id": True},
    ),
    importing(
        "an import of a field that may not be written",
        "the emails of contacts",
        ["name", "email"],
        ["x", EVIL],
        Makes("res.partner"),
        NAMES,
    ),
)

FIELDS = (
    escape(
        "a value for a field that may not be written",
        "the emails of contacts",
        call("res.partner", "write", ["@hidden"], vals={"email": EVIL}),
        proof=Changes("res.partner", "@hidden", "email"),
        rules=NAMES,
    ),
    escape(
        "name_create, which writes more than the name",
        "the emails of contacts",
        call("res.partner", "name_create", name=f"x <{EVIL}>"),
        proof=Makes("res.partner", domain=(("email", "=", EVIL),)),
        rules=NAMES,
    ),
    writing(
        "a field that writes the contact of a lead",
        "the email of a user, to whom a new password is mailed",
        "crm.lead",
        "@lead",
        {"email_from": EVIL},
        Changes("res.partner", "@hidden", "email"),
    ),
    writing(
        "the email of a contact that is a user",
        "the mail with which a user's password is reset",
        "res.partner",
        "@hidden",
        {"email": EVIL},
        Changes("res.partner", "@hidden", "email"),
    ),
    writing(
        "a field that writes an activity",
        "activities",
        "sale.order",
        "@order",
        {"activity_summary": "forged"},
        Changes("sale.order", "@order", "activity_ids.summary"),
    ),
    writing(
        "the email of a contact that is a user, by a command",
        "the mail with which a user's password is reset",
        "res.partner",
        "@seen",
        {"child_ids": [[UPDATE, "@hidden", {"email": EVIL}]]},
        Changes("res.partner", "@hidden", "email"),
    ),
    writing(
        "the email of a contact that is a user, by a field that is named",
        "the mail with which a user's password is reset",
        "crm.lead",
        "@lead",
        {"email_from": EVIL},
        Changes("res.partner", "@hidden", "email"),
        (Rule("crm.lead", ALL, ("name", "email_from")),),
    ),
    importing(
        "the email of a contact that is a user, by an import",
        "the mail with which a user's password is reset",
        [".id", "email"],
        ["@hidden", EVIL],
        Changes("res.partner", "@hidden", "email"),
    ),
    writing(
        "messages of a record, by a command",
        "the trail of a record",
        "sale.order",
        "@order",
        {"message_ids": [[CREATE, 0, {"body": "forged", "model": "sale.order"}]]},
        Makes("mail.message"),
    ),
    writing(
        "followers of a record, by a command",
        "who is told of a record",
        "sale.order",
        "@order",
        {
            "message_follower_ids": [
                [CREATE, 0, {"res_model": "sale.order", "partner_id": "@spare"}]
            ]
        },
        Makes("mail.followers"),
    ),
    writing(
        "activities of a record, by a command",
        "the activities of a record",
        "sale.order",
        "@hidden order",
        {"activity_ids": [[DELETE, "@activity"]]},
        Makes("mail.activity"),
    ),
    writing(
        "an inherited field, which writes the parent",
        "products",
        "product.product",
        "@product",
        {"list_price": 7},
        Changes("product.product", "@product", "product_tmpl_id.list_price"),
    ),
    writing(
        "a computed field, which writes the parent",
        "products",
        "product.product",
        "@product",
        {"lst_price": 861},
        Changes("product.product", "@product", "product_tmpl_id.list_price"),
    ),
    writing(
        "a display name, which is parsed",
        "tags",
        "project.task",
        "@task",
        {"display_name": "Hello #forged"},
        Makes("project.tags"),
    ),
    writing(
        "a setting of a record, which changes groups",
        "the groups of everybody",
        "project.project",
        "@project",
        {"allow_recurring_tasks": True},
        Changes("res.groups", "@base.group_user", "implied_ids"),
    ),
    writing(
        "a related field, which makes a mail alias",
        "mail aliases",
        "account.journal",
        "@journal",
        {"alias_name": "evil-alias"},
        Makes("mail.alias", domain=(("alias_name", "=", "evil-alias"),)),
    ),
    writing(
        "a collaborator, who gets rights",
        "the rights of portal users",
        "project.project",
        "@project",
        {"collaborator_ids": [[CREATE, 0, {"partner_id": "@seen"}]]},
        Makes("project.collaborator"),
    ),
    writing(
        "the company of a user",
        "what a user may see",
        "res.users",
        "@victim",
        {"company_ids": [[LINK, "@base.main_company"]], "name": "x"},
        Runs(),
        (Rule("res.users", "read write", ("name",)),),
    ),
)

COPIES = (
    escape(
        "a record of one's own that is linked to a hidden one, whose email it copies",
        "the emails of contacts",
        call("crm.lead", "create", vals_list=[{"name": "x", "partner_id": "@hidden"}]),
        call("crm.lead", "read", LAST, fields=["email_from"]),
        rules=LEADS,
        proof=Tells(),
    ),
    escape(
        "a record that is linked to a hidden one by its default in the context",
        "the emails of contacts",
        call(
            "crm.lead",
            "create",
            vals_list=[{"name": "x"}],
            context={"default_partner_id": "@hidden"},
        ),
        call("crm.lead", "read", LAST, fields=["email_from"]),
        rules=LEADS,
        proof=Tells(),
    ),
    escape(
        "a copy of a record, which copies its lines",
        "the lines of orders",
        call("sale.order", "copy", ["@order"]),
        rules=ORDERS,
        proof=Makes("sale.order.line"),
    ),
    escape(
        "a copy with another value of a field that may not be written",
        "the emails of contacts",
        call("res.partner", "copy", ["@seen"], default={"email": EVIL}),
        rules=NAMES,
        proof=Makes("res.partner", domain=(("email", "=", EVIL),)),
    ),
    escape(
        "archiving without a rule to write",
        "records",
        call("res.partner", "action_archive", ["@seen"]),
        rules=(Rule("res.partner", "read unlink"),),
        proof=Changes("res.partner", "@seen", "active"),
    ),
    escape(
        "archiving by its old name",
        "records",
        call("res.partner", "toggle_active", ["@seen"]),
        rules=PARTNERS,
        proof=Changes("res.partner", "@seen", "active"),
    ),
    escape(
        "web_save without ids, which creates",
        "records, with a rule to write only",
        call(
            "res.partner",
            "web_save",
            [],
            vals={"name": "x"},
            specification={},
        ),
        rules=(Rule("res.partner", "read write"),),
        proof=Makes("res.partner"),
    ),
)

PROPERTIES = (
    escape(
        "properties whose definition is changed along",
        "a many2one to any model, made by the caller",
        call(
            "project.task",
            "write",
            ["@task"],
            vals={
                "task_properties": [
                    {
                        "name": "forged",
                        "type": "many2one",
                        "comodel": "res.users",
                        "value": "@victim",
                        "string": "x",
                        "definition_changed": True,
                    }
                ]
            },
        ),
        rules=TASKS,
        proof=Changes("project.project", "@project", "task_properties_definition"),
    ),
    escape(
        "an export path through properties",
        "the logins of users",
        call(
            "project.project",
            "write",
            ["@project"],
            vals={
                "task_properties_definition": [
                    {
                        "name": "forged",
                        "type": "many2one",
                        "comodel": "res.users",
                        "string": "x",
                    }
                ]
            },
        ),
        call(
            "project.task",
            "write",
            ["@task"],
            vals={"task_properties": {"forged": "@victim"}},
        ),
        call(
            "project.task",
            "export_data",
            ["@task"],
            fields_to_export=["task_properties.forged/login"],
        ),
        rules=(*TASKS, *PROJECTS),
        proof=Tells(),
    ),
    escape(
        "properties that are read",
        "fields whose model is data",
        call("project.task", "read", ["@task"], fields=["task_properties"]),
        rules=TASKS,
        proof=Runs(),
    ),
)

WRITING = Section(
    "Writing",
    rules=PARTNERS,
    granted=(
        call("res.partner", "create", vals_list=[{"name": "x", "email": EVIL}]),
        call("res.partner", "write", ["@seen"], vals={"email": EVIL}),
        call("res.partner", "load", fields=["name"], data=[["x"]]),
        call("res.partner", "action_archive", ["@seen"]),
        call("res.partner", "name_create", name="x"),
        call("res.partner", "copy", ["@seen"], default={"name": "y"}),
        call("res.partner", "unlink", ["@spare"]),
    ),
    escapes=(*COMMANDS, *IMPORTS, *FIELDS, *COPIES, *PROPERTIES),
)
