# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Leaks that are made up, and effects that are none: what the oracle must say is known.

Each is made for real, by stock Odoo or by SQL, as though the addon had let the call pass; the
oracle of a scope judges what changed, and all is undone.
"""

from typing import NamedTuple

from odoo import SUPERUSER_ID, api
from odoo.service.model import call_kw

from . import changes
from .entrance import ALLOWED, Answer
from .generate import Call
from .inside import look_inside
from .oracle import CHANGED, LINKED, UNGRANTED, Oracle
from .scopes import Rule, Scope

OPPORTUNITIES = Scope(
    "opportunities",
    (
        Rule(
            "crm.lead",
            "read write create",
            domain="[('type', '=', 'opportunity')]",
            methods="message_post(body)",
        ),
        Rule("mail.activity", "read write create"),
    ),
)
"""A scope for what no other limits: what is made, noted and called on some records only."""

MADE_UP = []


class MadeUp(NamedTuple):
    """What a call came to.

    :param kind: of the finding that there must be; ``None``: there must be none
    :param scope: the name of the scope whose key called
    :param make: takes a superuser's environment, prepares what there must be, and returns a
        call, and perhaps SQL: what came of it, if not what stock Odoo does
    """

    kind: str | None
    scope: str
    make: object

    @property
    def name(self):
        return self.make.__name__.strip("_").replace("_", " ")


def leak(kind, scope):
    """Register what the oracle must find."""
    return lambda make: MADE_UP.append(MadeUp(kind, scope, make))


def effect(scope):
    """Register what the oracle must let be, for stock Odoo does it for what is granted."""
    return leak(None, scope)


def judge(fuzz) -> list[str]:
    """Let the oracle judge all that is made up.

    :param run.Fuzz fuzz: a prepared database
    :return: where it errs, and how
    """
    oracles = {
        scope.name: (scope.caller, oracle)
        for scope, _key, _inside, oracle, _generator in fuzz.prepared
    }
    env = fuzz.env
    user_env = env(user=env.ref(OPPORTUNITIES.caller).id, su=False)
    inside = look_inside(user_env, OPPORTUNITIES)
    oracle = Oracle(env, fuzz.columns, inside)
    oracles[OPPORTUNITIES.name] = OPPORTUNITIES.caller, oracle
    wrong = []
    for made_up in MADE_UP:
        caller, oracle = oracles[made_up.scope]
        findings = oracle.judge(*_made(fuzz, made_up, caller))
        kinds = {finding.kind for finding in findings}
        if made_up.kind is None and findings:
            details = [finding.detail for finding in findings]
            wrong.append(f"{made_up.name}: took for a leak {details}")
        elif made_up.kind and made_up.kind not in kinds:
            wrong.append(f"{made_up.name}: {made_up.kind} was not found, only {kinds}")
    return wrong


def _made(fuzz, made_up, caller):
    """Return a call, and what came of it."""
    cr = fuzz.entrance.cr
    env = api.Environment(cr, SUPERUSER_ID, {})
    try:
        call, *sql = made_up.make(env)
        env.flush_all()
        mark = changes.mark(cr)
        if sql:
            for statement in sql:
                cr.execute(statement)
        else:
            _call_stock(env(user=env.ref(caller).id, su=False), call)
        changed = changes.since(cr, mark)
    finally:
        cr.rollback()
        cr.transaction = None
        fuzz.registry.reset_changes()
    return call, Answer(ALLOWED, "null", "{}", changed)


def _call_stock(env, call):
    args, kwargs = call.for_rpc()
    call_kw(env[call.model], call.method, args, kwargs)
    env.flush_all()


def _first(env, model, *domain):
    return env[model].search([*domain], limit=1, order="id")


def _write(record, values):
    return Call(record._name, "write", record.ids, {"vals": values})


def _create(model, values):
    return Call(model, "create", None, {"vals_list": [values]}, positional=1)


def _lead(env):
    return _first(env, "crm.lead")


def _message(env):
    return _first(env, "mail.message", ("model", "=", "crm.lead"))


# What belongs to a record


@leak(CHANGED, "any model")
def _a_comment_on_what_may_only_be_read(env):
    ids = _first(env, "res.partner").ids
    return [Call("res.partner", "message_post", ids, {"body": "x"})]


@leak(CHANGED, "some records")
def _a_comment_on_a_record_outside(env):
    ids = _first(env, "crm.lead", ("type", "=", "lead")).ids
    return [Call("crm.lead", "message_post", ids, {"body": "x"})]


@leak(CHANGED, "one model")
def _an_activity_deleted(env):
    activity = _first(env, "mail.activity", ("res_model", "=", "crm.lead"))
    return [Call("mail.activity", "unlink", activity.ids)]


@leak(CHANGED, "opportunities")
def _an_activity_made_on_a_lead_outside(env):
    values = {"res_model_id": env["ir.model"]._get_id("crm.lead"), "summary": "new 1"}
    lead = _first(env, "crm.lead", ("type", "=", "lead"))
    return [_create("mail.activity", values | {"res_id": lead.id})]


@leak(CHANGED, "documents")
def _an_activity_of_an_order_deleted(env):
    activity = _first(env, "mail.activity", ("res_model", "=", "sale.order"))
    return [Call("mail.activity", "unlink", activity.ids)]


@leak(CHANGED, "documents")
def _an_activity_made_on_an_order(env):
    values = {"res_model_id": env["ir.model"]._get_id("sale.order")}
    values |= {"res_id": _first(env, "sale.order").id, "summary": "new 1"}
    return [_create("mail.activity", values)]


@leak(CHANGED, "one model")
def _a_message_of_no_document(env):
    values = {"body": "new 1", "partner_ids": [[4, 3]]}
    return [_create("mail.message", values)]


@leak(CHANGED, "one model")
def _history_deleted_by_a_command(env):
    message = _message(env)
    lead = env["crm.lead"].browse(message.res_id)
    values = {"name": "new 1", "message_ids": [[2, message.id, 0]]}
    return [_write(lead, values)]


@leak(CHANGED, "one model")
def _a_message_forged_by_a_command(env):
    lead = _lead(env)
    message = {"body": "new 1", "author_id": 3, "reply_to": "a@example.com"}
    return [_write(lead, {"name": "new 2", "message_ids": [[0, 0, message]]})]


@leak(CHANGED, "one model")
def _a_follower_made_by_a_command(env):
    follower = [0, 0, {"res_model": "crm.lead", "partner_id": 1}]
    return [_write(_lead(env), {"name": "new 2", "message_follower_ids": [follower]})]


@leak(CHANGED, "one model")
def _history_deleted_for_another_cause(env):
    message = _message(env)
    call = _write(env["crm.lead"].browse(message.res_id), {"name": "new 1"})
    return [
        call,
        f"UPDATE crm_lead SET name = 'new 1' WHERE id = {message.res_id}",
        f"DELETE FROM mail_message WHERE id = {message.id}",
    ]


@leak(CHANGED, "documents")
def _a_tracked_value_forged(env):
    call = _create("mail.tracking.value", {"mail_message_id": _message(env).id})
    sql = "INSERT INTO mail_tracking_value (mail_message_id) VALUES (%d)"
    return [call, sql % _message(env).id]


@leak(CHANGED, "documents")
def _an_old_message_sent(env):
    values = {"mail_message_id": _message(env).id, "email_to": "a@example.com"}
    return [_create("mail.mail", values)]


# Contacts


@leak(CHANGED, "two rules")
def _the_city_of_a_company_outside(env):
    company = _first(env, "res.partner", ("is_company", "=", True), ("id", ">", 1))
    return [_write(company, {"city": "new 1"})]


@leak(CHANGED, "some fields")
def _ungranted_parts_of_an_address(env):
    partner = _first(env, "res.partner", ("parent_id", "=", False))
    return [_write(partner, {"street": "new 1", "company_registry": "new 2"})]


@leak(CHANGED, "one model")
def _a_contact_whose_id_is_that_of_a_lead(env):
    lead = _lead(env)
    street = f"UPDATE res_partner SET street = 'new 2' WHERE id = {lead.id}"
    return [_write(lead, {"priority": "1"}), street]


# Columns


@leak(CHANGED, "create only")
def _ungranted_numbers_and_links_of_a_new_record(env):
    values = {"name": "new 1", "user_id": env.ref("base.user_demo").id}
    return [_create("crm.lead", values | {"probability": 45, "active": False})]


@leak(CHANGED, "create only")
def _an_ungranted_default_of_a_new_record(env):
    call = _create("crm.lead", {"name": "new 1"})
    call.context = {"default_priority": "2"}
    return [call]


@leak(CHANGED, "create only")
def _an_ungranted_text_behind_markup(env):
    call = _create("crm.lead", {"name": "new 1", "x": "new 2"})
    columns, values = "name, type, referred", "'new 1', 'lead', '<p>new 2</p>'"
    return [call, f"INSERT INTO crm_lead ({columns}) VALUES ({values})"]


@leak(CHANGED, "opportunities")
def _a_new_record_outside(env):
    return [_create("crm.lead", {"name": "new 1", "type": "lead"})]


@leak(CHANGED, "write some")
def _ungranted_hours_of_a_task(env):
    return [_write(_first(env, "project.task"), {"allocated_hours": 55})]


@leak(CHANGED, "write some")
def _ungranted_repetition_of_a_task(env):
    recurrence = _first(env, "project.task.recurrence")
    task = _first(env, "project.task", ("recurrence_id", "=", recurrence.id))
    return [_write(task, {"repeat_interval": 55})]


@leak(CHANGED, "write some")
def _who_made_a_task(env):
    task = _first(env, "project.task")
    sql = f"UPDATE project_task SET create_uid = 5 WHERE id = {task.id}"
    return [_write(task, {"name": "new 1"}), sql]


@leak(CHANGED, "one model")
def _what_numbers_begin_with(env):
    return [_write(_first(env, "ir.sequence"), {"prefix": "new 1"})]


@leak(CHANGED, "one model")
def _what_referred_to_a_deleted_record_changed(env):
    order, lead = _order_of_a_lead(env)
    return [
        Call("crm.lead", "unlink", lead.ids),
        f"UPDATE sale_order SET note = 'x' WHERE id = {order.id}",
        f"DELETE FROM crm_lead WHERE id = {lead.id}",
    ]


@leak(CHANGED, "one model")
def _what_referred_to_a_deleted_record_deleted(env):
    order, lead = _order_of_a_lead(env)
    return [
        Call("crm.lead", "unlink", lead.ids),
        f"DELETE FROM sale_order WHERE id = {order.id}",
        f"DELETE FROM crm_lead WHERE id = {lead.id}",
    ]


def _order_of_a_lead(env):
    lead = _lead(env)
    order = env["sale.order"].create({"partner_id": 3})
    order.opportunity_id = lead
    return order, lead


# Links, methods, the log


@leak(LINKED, "some records")
def _a_hidden_record_set(env):
    lead = _first(env, "crm.lead", ("type", "=", "opportunity"))
    return [_write(lead, {"campaign_id": _first(env, "utm.campaign").id})]


@leak(LINKED, "one model")
def _a_hidden_record_linked(env):
    return [_write(_lead(env), {"tag_ids": [[4, _first(env, "crm.tag").id]]})]


@leak(LINKED, "one model")
def _a_hidden_record_of_a_new_record(env):
    campaign = _first(env, "utm.campaign").id
    return [_create("crm.lead", {"name": "new 1", "campaign_id": campaign})]


@leak(UNGRANTED, "methods")
def _an_ungranted_argument_of_a_method(env):
    arguments = {"body": "x", "outgoing_email_to": "a@example.com"}
    return [Call("crm.lead", "message_post", _lead(env).ids, arguments)]


@leak(UNGRANTED, "opportunities")
def _a_method_on_a_record_outside(env):
    lead = _first(env, "crm.lead", ("type", "=", "lead"))
    return [Call("crm.lead", "message_post", lead.ids, {"body": "x"})]


@leak(UNGRANTED, "methods")
def _a_method_on_a_record_that_is_not_there(env):
    return [Call("crm.lead", "action_set_won", [10**6]), "SELECT"]


UNGUARD = "; ".join(
    f"ALTER TABLE {log} DISABLE TRIGGER apikey_log_refuses_changes"
    for log in changes.LOGS
)
"""What the owner of the database does first, whom the logs would refuse otherwise."""


@leak(CHANGED, "one model")
def _the_log_of_calls_altered(env):
    env.cr.execute(
        "INSERT INTO apikey_call (call_ref, called_at, outcome)"
        " VALUES ('x', now() AT TIME ZONE 'UTC', 'denied')"
    )
    return [_write(_lead(env), {}), f"{UNGUARD}; UPDATE apikey_call SET outcome = 'x'"]


@leak(CHANGED, "one model")
def _the_history_of_keys_erased(env):
    return [_write(_lead(env), {}), f"{UNGUARD}; DELETE FROM apikey_history"]


# What stock Odoo does


@effect("one model")
def _a_change_is_noted(env):
    stage = env["crm.stage"].search([], order="id desc", limit=1)
    lead = _first(env, "crm.lead", ("stage_id", "!=", stage.id))
    lead.message_subscribe([3])
    return [_write(lead, {"name": "new 1", "priority": "3", "expected_revenue": 77})]


@effect("one model")
def _what_belongs_to_a_record_goes_with_it(env):
    _order, lead = _order_of_a_lead(env)
    lead.activity_schedule("mail.mail_activity_data_todo")
    lead.message_post(body="x")
    return [Call("crm.lead", "unlink", lead.ids)]


@effect("create only")
def _a_new_record_is_followed(env):
    values = {"name": "new 1", "contact_name": "new 2", "description": "new 3"}
    return [_create("crm.lead", values)]


@effect("two rules")
def _a_company_has_the_address_of_its_contact(env):
    contact = _first(
        env,
        "res.partner",
        ("is_company", "=", False),
        ("parent_id.is_company", "=", True),
        ("type", "=", "contact"),
    )
    return [_write(contact, {"city": "new 1"})]


@effect("orders and lines")
def _the_task_of_a_line_is_planned(env):
    line = _first(env, "sale.order.line", ("task_id", "!=", False))
    return [_write(line, {"product_uom_qty": 55})]


@effect("write some")
def _what_a_description_was_is_kept(env):
    task = _first(env, "project.task")
    task.description = "<p>x</p>"
    return [_write(task, {"description": "new 1"})]


@effect("write some")
def _a_rating_keeps_the_name_of_its_task(env):
    task = _first(env, "project.task", ("rating_ids", "!=", False))
    return [_write(task, {"name": "new 1"})]


@effect("opportunities")
def _an_activity_is_made_on_a_granted_record(env):
    values = {"res_model_id": env["ir.model"]._get_id("crm.lead"), "summary": "new 1"}
    lead = _first(env, "crm.lead", ("type", "=", "opportunity"))
    return [_create("mail.activity", values | {"res_id": lead.id})]


@effect("opportunities")
def _a_record_is_made_inside(env):
    return [_create("crm.lead", {"name": "new 1", "type": "opportunity"})]


@effect("methods")
def _a_granted_method_does_what_it_does(env):
    return [Call("crm.lead", "message_post", _lead(env).ids, {"body": "x"})]
