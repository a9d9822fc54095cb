# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .. import seams
from ..call import OUTCOMES, TRANSPORTS, moment_of
from ..policy.arguments import LIMIT


class ApikeyCall(models.Model):
    """The call log: one row a call, readable after its key, scope and user are gone."""

    _name = "apikey.call"
    _inherit = ["apikey.log"]
    _description = "API Call"
    _auto = False
    _table_query = (
        "SELECT id, call_ref, called_at, apikey_ref, apikey_name, user_ref, user_login,"
        " scope_name, transport, model, method, res_ids, remote_addr, outcome, reason,"
        " duration_ms, COALESCE(call_count, 1) AS call_count, arguments FROM apikey_call"
    )
    _time_column = "called_at"
    # A call that commits half-way does not say when that was: let it have run for a day. None
    # takes longer, whatever it says of itself: a row put in could say anything.
    _ended = (
        "called_at + LEAST(COALESCE(duration_ms, 86400000), 86400000) * interval '1 ms'"
    )
    _order = "called_at DESC, id DESC"
    _rec_name = "call_ref"
    # Arguments are cut already, saying so. An address that is none must fit into an index.
    _text_limits = {"arguments": LIMIT, "remote_addr": 100}

    call_ref = fields.Char("Reference", readonly=True)
    called_at = fields.Datetime("Time", readonly=True)
    apikey_ref = fields.Integer("Key ID", readonly=True, aggregator=None)
    apikey_name = fields.Char("Key", readonly=True)
    user_ref = fields.Integer("User ID", readonly=True, aggregator=None)
    user_login = fields.Char("Login", readonly=True)
    user_id = fields.Many2one(
        "res.users", compute="_compute_user_id", search="_search_user_id"
    )
    scope_name = fields.Char("Scope", readonly=True)
    transport = fields.Selection(TRANSPORTS, readonly=True)
    model = fields.Char(readonly=True)
    method = fields.Char(readonly=True)
    res_ids = fields.Text("Record IDs", readonly=True)
    remote_addr = fields.Char("Address", readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    reason = fields.Text(readonly=True)
    reason_brief = fields.Text("What Was Missing", compute="_compute_reason_brief")
    duration_ms = fields.Float("Duration (ms)", readonly=True, aggregator="avg")
    call_count = fields.Integer(
        "Calls",
        readonly=True,
        help="1, or how many refused credentials a row stands for.",
    )
    from_new_address = fields.Boolean(
        "From a New Address",
        search="_search_from_new_address",
        store=False,
        help="Made within a day of the first call of its key from its address, where the"
        " key had been used from another one before.",
    )
    arguments = fields.Text(readonly=True)

    def _register_hook(self):
        """Never serve calls without the seams, however the addon came to be loaded.

        Odoo leaves out ``post_load`` where the addon was imported before, as test
        runners do.
        """
        seams.install()
        return super()._register_hook()

    def init(self):
        self._create_table(
            SQL(
                """
                call_ref varchar NOT NULL,
                called_at timestamp without time zone NOT NULL,
                apikey_ref integer,
                apikey_name varchar,
                user_ref integer,
                user_login varchar,
                scope_name varchar,
                transport varchar,
                model varchar,
                method varchar,
                res_ids text,
                remote_addr varchar,
                outcome varchar NOT NULL,
                reason text,
                duration_ms real,
                call_count integer,
                arguments text
                """
            ),
            apikey_ref_called_at_index=SQL("(apikey_ref, called_at)"),
        )

    @api.depends("reason", "model", "method")
    def _compute_reason_brief(self):
        """Leave out what the other columns of the list say already."""
        for call in self:
            target = ".".join(filter(None, [call.model, call.method]))
            before, mark, brief = (call.reason or "").partition(f"{target}: ")
            said = mark and call.apikey_name and call.apikey_name in before
            call.reason_brief = brief if said else call.reason

    @api.depends("apikey_name", "user_login", "model", "method")
    def _compute_display_name(self):
        for call in self:
            who = call.apikey_name or call.user_login
            what = ".".join(filter(None, [call.model, call.method]))
            call.display_name = ": ".join(filter(None, [who, what])) or call.call_ref

    @api.depends("user_ref")
    def _compute_user_id(self):
        users = self.env["res.users"].with_context(active_test=False).sudo()
        existing = set(users.search([("id", "in", self.mapped("user_ref"))]).ids)
        for call in self:
            call.user_id = call.user_ref if call.user_ref in existing else False

    @api.model
    def _search_user_id(self, operator, value):
        if operator not in ("in", "not in", "any", "not any"):
            return NotImplemented
        if operator.endswith("any"):
            users = self.env["res.users"].with_context(active_test=False)
            operator, value = operator.replace("any", "in"), users._search(value)
        return [("user_ref", operator, value)]

    @api.model
    def _action_calls(self, domain):
        """Return the action that opens some calls, however old.

        :param list domain: of those calls
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "scoped_apikey.apikey_call_action"
        )
        return {**action, "domain": domain, "context": {}}

    @api.model
    def _search_from_new_address(self, operator, value):
        if operator != "in":
            return NotImplemented
        calls = SQL(
            """(
            SELECT call.id
              FROM apikey_usage usage
              JOIN apikey_call call ON call.apikey_ref = usage.apikey_ref
                   AND COALESCE(call.remote_addr, '') = usage.remote_addr
                   AND call.called_at >= usage.first_at
                   AND call.called_at < usage.first_at + interval '1 day'
             WHERE usage.first_at > (
                   SELECT min(other.first_at) FROM apikey_usage other
                    WHERE other.apikey_ref = usage.apikey_ref)
            )"""
        )
        return [("id", "in" if True in value else "not in", calls)]

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Find a call by its reference where its time says that it is."""
        return super()._search(
            Domain(domain).map_conditions(_at_its_time), *args, **kwargs
        )


def _at_its_time(condition):
    """Add the time to a condition on a reference, which begins with it."""
    if condition.field_expr != "call_ref" or condition.operator not in ("=", "in"):
        return condition
    value = condition.value
    refs = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    moments = [moment for ref in refs if (moment := moment_of(ref))]
    if len(moments) != len(refs) or not moments:
        return condition
    # A row that stands for the end of a call has the time of its begin.
    return (
        condition
        & Domain("called_at", ">=", min(moments) - timedelta(seconds=1))
        & Domain("called_at", "<=", max(moments) + timedelta(seconds=1))
    )
