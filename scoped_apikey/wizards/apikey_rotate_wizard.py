# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.base.models.res_users import check_identity


class ApikeyRotateWizard(models.TransientModel):
    """Replace a key by its successor, after an overlap in which both are accepted."""

    _name = "apikey.rotate.wizard"
    _description = "Rotate an API Key"

    key_id = fields.Many2one(
        "res.users.apikeys", required=True, readonly=True, ondelete="cascade"
    )
    overlap_hours = fields.Selection(
        [
            ("0", "Not at all: it stops at once"),
            ("1", "1 hour"),
            ("24", "1 day"),
            ("168", "1 week"),
        ],
        "The old key goes on working for",
        required=True,
        default="24",
    )

    # Not as a constraint: Odoo checks those as superuser, who may read any key.

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards.key_id.check_access("read")
        return wizards

    def write(self, vals):
        result = super().write(vals)
        self.key_id.check_access("read")
        return result

    @check_identity
    def action_rotate(self):
        """Issue the successor, and show its secret once."""
        self.ensure_one()
        key = self.key_id
        secret = key._rotate(timedelta(hours=int(self.overlap_hours)))
        return self.env["res.users.apikeys.show"]._action_show(
            secret, key.sudo().scope_id
        )
