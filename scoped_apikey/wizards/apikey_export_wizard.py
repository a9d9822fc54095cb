# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.exceptions import UserError

COUNTED = 10_000


class ApikeyExportWizard(models.TransientModel):
    """Say what an export will hold, and fetch it."""

    _name = "apikey.export.wizard"
    _description = "Export a Log"

    log = fields.Selection(
        [("apikey.call", "API Call Log"), ("apikey.history", "API Key History")],
        required=True,
        readonly=True,
    )
    domain = fields.Char("Search", required=True, readonly=True)
    row_count = fields.Char("Rows", compute="_compute_row_count")
    kind = fields.Selection(
        [
            ("csv", "CSV: the fastest, for any number of rows"),
            ("xlsx", "Excel: over a minute for a million rows"),
        ],
        "Format",
        required=True,
        default="csv",
    )

    @api.model
    def default_get(self, fields):
        """Take over what the list shows: the web client says so in the context."""
        values = super().default_get(fields)
        context = self.env.context
        if context.get("active_model") in dict(self._fields["log"].selection):
            values["log"] = context["active_model"]
            values["domain"] = json.dumps(context.get("active_domain") or [])
        return values

    @api.depends("log", "domain")
    def _compute_row_count(self):
        """Count as far as a list does: to count millions takes longer than to wait for."""
        for wizard in self:
            if not wizard.log:
                wizard.row_count = False
                continue
            count = self.env[wizard.log].search_count(
                wizard._parsed_domain(), limit=COUNTED + 1
            )
            if count > COUNTED:
                wizard.row_count = self.env._("more than %s", f"{COUNTED:,}")
            else:
                wizard.row_count = f"{count:,}"

    def _parsed_domain(self):
        try:
            return json.loads(self.domain or "[]")
        except ValueError as error:
            raise UserError(self.env._("This search is not understood.")) from error

    def action_export(self):
        """Leave the rest to the controller, which streams."""
        self.ensure_one()
        query = urlencode({"domain": json.dumps(self._parsed_domain())})
        return {
            "type": "ir.actions.client",
            "tag": "scoped_apikey_download",
            "params": {
                "url": f"/scoped_apikey/export/{self.log}.{self.kind}?{query}",
            },
        }
