# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import SQL

from .. import seams
from ..call import OUTCOMES, TRANSPORTS
from ..policy.arguments import LIMIT


class ApikeyCall(models.Model):
    """The call log: one row a call, readable after its key, scope and user are gone."""

    _name = "apikey.call"
    _inherit = ["apikey.log"]
    _description = "API Call"
    _auto = False
    _table_query = "SELECT * FROM apikey_call"
    _time_column = "called_at"
    _order = "called_at DESC, id DESC"
    _rec_name = "call_ref"
    _text_limit = LIMIT  # what arguments are cut to already, saying so

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
                arguments text
                """
            )
        )
        self._create_index("apikey_ref", "called_at")

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
