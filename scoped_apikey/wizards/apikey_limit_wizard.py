# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.addons.base.models.res_users import check_identity


class ApikeyLimitWizard(models.TransientModel):
    """Put keys under a scope, for the first time or instead of another one."""

    _name = "apikey.limit.wizard"
    _description = "Put API Keys Under a Scope"

    key_ids = fields.Many2many("res.users.apikeys", string="Keys", readonly=True)
    scope_id = fields.Many2one("apikey.scope", required=True, ondelete="cascade")
    scope_summary = fields.Html(related="scope_id.summary")
    replaces_scope = fields.Boolean(compute="_compute_replaces_scope")

    @api.depends("key_ids")
    def _compute_replaces_scope(self):
        for wizard in self:
            wizard.replaces_scope = bool(wizard.key_ids.scope_id)

    @check_identity
    def action_limit(self):
        """Put the keys under the scope: from the next call on, it holds."""
        self.ensure_one()
        self.key_ids._limit(self.scope_id)
        return {"type": "ir.actions.act_window_close"}
