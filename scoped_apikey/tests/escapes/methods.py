# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Business methods: those that are generic in disguise, or run what they are given."""

from .model import (
    ALL,
    Changes,
    Makes,
    Rule,
    Runs,
    Section,
    Tells,
    call,
    escape,
)
from .writing import AN_ADMINISTRATOR, EVIL, NEW_ADMINISTRATOR

ANYTHING = (Rule(None, ALL, any_method=True),)
POST = (Rule("res.partner", "read", methods="message_post"),)


def method(
    name,
    reaches,
    model,
    called,
    ids=None,
    /,
    proof=None,
    rules=None,
    more=None,
    **kwargs,
):
    """An escape by a method, under a rule for all that is neither protected nor dangerous.

    :param more: what else the escape says
    """
    step = call(model, called, ids, **kwargs)
    return escape(name, reaches, step, proof=proof, rules=rules, **(more or {}))


def posting(name, reaches, proof=None, **kwargs):
    """An escape by an argument of ``message_post``, of which the bare name is granted."""
    return method(
        name,
        reaches,
        "res.partner",
        "message_post",
        ["@seen"],
        rules=POST,
        proof=proof or Makes("mail.message"),
        body="x",
        **kwargs,
    )


POSTS = (
    posting(
        "a message that is mailed to anyone",
        "anybody's mailbox",
        outgoing_email_to=EVIL,
    ),
    posting(
        "a message with any attachment",
        "files of other records",
        attachment_ids=["@attachment"],
    ),
    posting(
        "a message with a file of the caller's",
        "files on records",
        attachments=[["x.html", "PHA+"]],
    ),
    posting(
        "a message in the name of another", "the name of another", author_id="@hidden"
    ),
    posting(
        "a message from any address",
        "the name of another",
        email_from="ceo@example.com",
    ),
    posting(
        "a message to partners of the caller's choice",
        "anybody's mailbox",
        partner_ids=["@hidden"],
    ),
    posting("a message with values for the mail", "mails", mail_auto_delete=False),
    posting(
        "a message by a mail server of the caller's choice",
        "the mail of the company",
        mail_server_id="@mail server",
    ),
    posting(
        "a message under another message", "the trail of a record", parent_id="@message"
    ),
    method(
        "an argument that the rule does not name",
        "what a message looks like",
        "res.partner",
        "message_post",
        ["@seen"],
        rules=(Rule("res.partner", methods="message_post(body)"),),
        proof=Makes("mail.message"),
        body="x",
        subject="x",
    ),
    escape(
        "a default in the context of a method",
        "the values of what a method makes",
        call(
            "res.partner",
            "message_post",
            ["@seen"],
            body="x",
            context={"default_author_id": "@hidden"},
        ),
        rules=POST,
        proof=Makes("mail.message"),
    ),
)

DISGUISED = (
    method(
        "message_update, which writes any values",
        "a new administrator",
        "res.partner",
        "message_update",
        ["@seen"],
        msg_dict={},
        update_vals=NEW_ADMINISTRATOR,
        proof=AN_ADMINISTRATOR,
    ),
    method(
        "message_new, which creates any values",
        "a new administrator",
        "res.partner",
        "message_new",
        msg_dict={"subject": "x", "from": EVIL},
        custom_values=NEW_ADMINISTRATOR,
        proof=AN_ADMINISTRATOR,
    ),
    method(
        "message_process, which routes a mail to any model",
        "records of any model",
        "mail.thread",
        "message_process",
        model="res.partner",
        message=f"From: {EVIL}\nTo: x@example.com\nMessage-Id: <1@example.com>\nSubject: forged\n\nx",
        proof=Makes("res.partner"),
    ),
    method(
        "action_set_lost, which writes any values",
        "any field of a lead",
        "crm.lead",
        "action_set_lost",
        ["@lead"],
        expected_revenue=7,
        proof=Changes("crm.lead", "@lead", "expected_revenue"),
    ),
    method(
        "action_set_lost by its name, with a field of the caller's",
        "any field of a lead",
        "crm.lead",
        "action_set_lost",
        ["@lead"],
        expected_revenue=7,
        proof=Changes("crm.lead", "@lead", "expected_revenue"),
        rules=(Rule("crm.lead", methods="action_set_lost"),),
    ),
    method(
        "a template of a project, with values of the caller's",
        "projects with any values",
        "project.project",
        "action_create_from_template",
        ["@project"],
        values={"name": "forged", "description": "forged"},
        proof=Makes("project.project"),
    ),
    method(
        "activity_schedule, for any record",
        "activities on records of any model",
        "res.partner",
        "activity_schedule",
        ["@seen"],
        act_type_xmlid="mail.mail_activity_data_todo",
        summary="forged",
        proof=Makes("mail.activity"),
    ),
    method(
        "activity_search, with a domain of the caller's",
        "a guess at anything",
        "res.partner",
        "activity_search",
        ["@seen"],
        act_type_xmlids=["mail.mail_activity_data_todo"],
        additional_domain=[["user_id.login", "=", "x"]],
        proof=Runs(),
    ),
    method(
        "activity_send_mail, which renders a template",
        "mail",
        "sale.order",
        "activity_send_mail",
        ["@order"],
        template_id="@template",
        proof=Makes("mail.message"),
    ),
    method(
        "find_or_create_record, of any model",
        "records of any model",
        "crm.lead",
        "find_or_create_record",
        model_name="utm.tag",
        name="forged",
        proof=Makes("utm.tag"),
    ),
    method(
        "message_subscribe, which adds followers",
        "who is told of a record",
        "sale.order",
        "message_subscribe",
        ["@order"],
        partner_ids=["@spare"],
        proof=Makes("mail.followers"),
    ),
    method(
        "message_notify, which mails anyone",
        "anybody's mailbox",
        "res.partner",
        "message_notify",
        ["@seen"],
        partner_ids=["@hidden"],
        body="x",
        proof=Makes("mail.message"),
    ),
    method(
        "get_mention_suggestions, which shows emails and tokens",
        "emails of contacts",
        "res.partner",
        "get_mention_suggestions",
        search="Hidden",
        proof=Tells("access_token"),
    ),
    method(
        "search_for_channel_invite, which shows emails and tokens",
        "emails of contacts",
        "res.partner",
        "search_for_channel_invite",
        search_term="Hidden",
        proof=Tells("access_token"),
    ),
    method(
        "get_avatar_card_data, which reads any fields",
        "fields of people",
        "resource.resource",
        "get_avatar_card_data",
        ["@resource"],
        fields=["name"],
        proof=Tells("Hidden"),
    ),
    method(
        "rating_get_stats, with a domain of the caller's",
        "a guess at anything",
        "project.task",
        "rating_get_stats",
        ["@task"],
        domain=[["create_uid.login", "=", "x"]],
        proof=Runs(),
    ),
    method(
        "install_lang, which installs",
        "the languages of the database",
        "res.lang",
        "install_lang",
        proof=Runs(),
    ),
    method(
        "display_name_for, of any model",
        "the names of models",
        "ir.model",
        "display_name_for",
        models=["res.users"],
        proof=Tells("res.users"),
    ),
    method(
        "defaults for all users",
        "the values of new records",
        "ir.default",
        "set",
        model_name="res.partner",
        field_name="email",
        value=EVIL,
        proof=Makes("ir.default"),
    ),
    method(
        "running the settings",
        "the settings of the database",
        "res.config.settings",
        "create",
        vals_list=[{}],
        proof=Makes("res.config.settings"),
    ),
    method(
        "merging contacts",
        "contacts",
        "base.partner.merge.automatic.wizard",
        "create",
        vals_list=[{}],
        proof=Makes("base.partner.merge.automatic.wizard"),
    ),
    method(
        "importing a file",
        "any model that may be imported",
        "base_import.import",
        "create",
        vals_list=[{"res_model": "res.partner", "file": "bmFtZQp4Cg=="}],
        proof=Makes("base_import.import"),
    ),
    method(
        "composing a mail",
        "a template of the caller's, which runs as superuser",
        "mail.compose.message",
        "create",
        vals_list=[{"subject": "x"}],
        proof=Makes("mail.compose.message"),
    ),
    method(
        "scheduling activities for any record",
        "activities on records of any model",
        "mail.activity.schedule",
        "create",
        vals_list=[{"res_model": "sale.order", "res_ids": "[1]"}],
        proof=Makes("mail.activity.schedule"),
    ),
    method(
        "editing followers of any record",
        "who is told of a record",
        "mail.followers.edit",
        "create",
        vals_list=[{"res_model": "sale.order", "res_ids": "[1]"}],
        proof=Makes("mail.followers.edit"),
    ),
    method(
        "giving a contact access to the portal",
        "accounts",
        "portal.wizard",
        "create",
        vals_list=[{}],
        proof=Makes("portal.wizard"),
    ),
    method(
        "a collaborator of a project, who gets rights",
        "the rights of portal users",
        "project.collaborator",
        "create",
        vals_list=[{"project_id": "@project", "partner_id": "@seen"}],
        proof=Makes("project.collaborator"),
    ),
    method(
        "a path in a form of a quotation",
        "what its printer may read",
        "sale.pdf.form.field",
        "create",
        vals_list=[
            {
                "name": "forged",
                "document_type": "quotation_document",
                "path": "user_id.partner_id.signup_type",
            }
        ],
        proof=Makes("sale.pdf.form.field"),
    ),
    method(
        "a template that is sent",
        "mail to anyone",
        "mail.template",
        "send_mail",
        ["@template"],
        res_id="@order",
        proof=Runs(),
    ),
    method(
        "a private method",
        "anything",
        "res.partner",
        "_compute_display_name",
        ["@seen"],
        proof=Runs(),
        more={"on_stock": False},
    ),
)

CODE = (
    method(
        "a server action that holds code",
        "the whole database",
        "ir.actions.server",
        "create",
        vals_list=[
            {"name": "x", "model_id": "@partners", "state": "code", "code": "1"}
        ],
        proof=Makes("ir.actions.server"),
        rules=(Rule("ir.actions.server", "read"), *ANYTHING),
    ),
    method(
        "a record rule, whose domain is code",
        "the whole database",
        "ir.rule",
        "create",
        vals_list=[
            {"name": "x", "model_id": "@partners", "domain_force": "[(1, '=', 1)]"}
        ],
        proof=Makes("ir.rule"),
        rules=(Rule("ir.rule", "read"), *ANYTHING),
    ),
    method(
        "a template, which is rendered as superuser",
        "the whole database",
        "mail.template",
        "create",
        vals_list=[
            {
                "name": "x",
                "model_id": "@orders",
                "body_html": "<t t-out='object.name'/>",
            }
        ],
        proof=Makes("mail.template"),
        rules=(Rule("mail.template", "read"), *ANYTHING),
    ),
    method(
        "a tip of a digest, which is rendered as superuser",
        "the whole database",
        "digest.tip",
        "create",
        vals_list=[{"name": "x", "tip_description": "<t t-out='1'/>"}],
        proof=Makes("digest.tip"),
        rules=(Rule("digest.tip", "read"), *ANYTHING),
    ),
    method(
        "a view, which is code in the browser of others",
        "the sessions of others",
        "ir.ui.view",
        "create",
        vals_list=[{"name": "x", "type": "qweb", "arch": "<t/>"}],
        proof=Makes("ir.ui.view"),
        rules=(Rule("ir.ui.view", "read"), *ANYTHING),
    ),
    method(
        "a scheduled action that is changed",
        "the whole database",
        "ir.cron",
        "write",
        ["@mail.ir_cron_mail_scheduler_action"],
        vals={"code": "1"},
        proof=Changes("ir.cron", "@mail.ir_cron_mail_scheduler_action", "code"),
        rules=(Rule("ir.cron", "read"), *ANYTHING),
    ),
    method(
        "a module that is installed",
        "the whole database",
        "ir.module.module",
        "button_install",
        ["@base.module_crm"],
        proof=Runs(),
        rules=(Rule("ir.module.module", "read"), *ANYTHING),
    ),
    method(
        "access rights of everybody",
        "every model",
        "ir.model.access",
        "create",
        vals_list=[{"name": "x", "model_id": "@partners", "perm_read": True}],
        proof=Makes("ir.model.access"),
    ),
    method(
        "an external id that names another record",
        "what modules refer to",
        "ir.model.data",
        "create",
        vals_list=[
            {"module": "forged", "name": "x", "model": "res.partner", "res_id": "@seen"}
        ],
        proof=Makes("ir.model.data"),
    ),
    method(
        "a group that implies another",
        "the rights of everybody",
        "res.groups",
        "write",
        ["@base.group_user"],
        vals={"implied_ids": [[4, "@base.group_no_one"]]},
        proof=Runs(),
    ),
    method(
        "a server action, while the scope only observes",
        "the whole database",
        "ir.actions.server",
        "create",
        vals_list=[
            {"name": "x", "model_id": "@partners", "state": "code", "code": "1"}
        ],
        proof=Makes("ir.actions.server"),
        more={"scope": {"mode": "observe"}},
    ),
)

OWN = (
    method(
        "a scope that is widened",
        "whatever its user may do",
        "apikey.scope",
        "write",
        ["@scope"],
        vals={"mode": "observe"},
        proof=Changes("apikey.scope", "@scope", "mode"),
    ),
    method(
        "a rule that is added to a scope",
        "whatever its user may do",
        "apikey.scope.rule",
        "create",
        vals_list=[{"scope_id": "@scope", "any_model": True, "perm_read": True}],
        proof=Makes("apikey.scope.rule"),
    ),
    method(
        "a key that is made by its assistant",
        "a key without a scope",
        "res.users.apikeys.description",
        "create",
        vals_list=[{"name": "x", "duration": "1"}],
        proof=Makes("res.users.apikeys.description"),
    ),
    method(
        "the keys of a user that are deleted through the user",
        "keys",
        "res.users",
        "write",
        ["@base.user_admin"],
        vals={"api_key_ids": [[5]]},
        proof=Runs(),
        rules=(Rule("res.users", ALL), *ANYTHING),
    ),
    method(
        "a row of the log that is read",
        "what others did",
        "apikey.call",
        "search_count",
        domain=[],
        proof=Runs(),
    ),
    method(
        "a setting that is turned off",
        "the whole log",
        "ir.config_parameter",
        "create",
        vals_list=[{"key": "scoped_apikey.forged", "value": "1"}],
        proof=Makes("ir.config_parameter"),
        rules=(Rule("ir.config_parameter", ALL), *ANYTHING),
    ),
    method(
        "the history of scopes",
        "who changed which scope",
        "apikey.history",
        "search_count",
        domain=[],
        proof=Runs(),
    ),
)

METHODS = Section(
    "Business methods, and what runs code",
    rules=ANYTHING,
    granted=(
        call("crm.lead", "action_set_lost", ["@lead"]),
        call("sale.order", "action_confirm", ["@order"]),
        call("res.partner", "message_post", ["@seen"], body="x", subject="x"),
    ),
    escapes=(*POSTS, *DISGUISED, *CODE, *OWN),
)
