# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    apikey_count = fields.Integer(
        "Number of API Keys",
        compute="_compute_apikey_count",
        compute_sudo=True,
        groups="base.group_system",
    )

    @api.depends("api_key_ids")
    def _compute_apikey_count(self):
        for user in self:
            user.apikey_count = len(user.api_key_ids)

    def action_apikeys(self):
        """Open the API keys of a user."""
        self.ensure_one()
        action = self.env["res.users.apikeys"]._action_keys()
        return {
            **action,
            "domain": [("user_id", "=", self.id)],
            "context": {"scoped_apikey_user_id": self.id},
        }
