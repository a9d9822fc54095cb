# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import config


class BaseModuleUninstall(models.TransientModel):
    """Say beforehand what uninstalling does to keys, and to the log."""

    _inherit = "base.module.uninstall"

    scoped_key_count = fields.Integer(compute="_compute_scoped_key_count")
    removes_scoped_apikey = fields.Boolean(compute="_compute_scoped_key_count")
    loaded_server_wide = fields.Boolean(compute="_compute_scoped_key_count")

    @api.depends("module_ids")
    def _compute_scoped_key_count(self):
        keys = self.env["res.users.apikeys"].sudo()
        for wizard in self:
            wizard.removes_scoped_apikey = (
                "scoped_apikey" in wizard._get_modules().mapped("name")
            )
            wizard.loaded_server_wide = "scoped_apikey" in config["server_wide_modules"]
            wizard.scoped_key_count = keys.search_count([("scope_id", "!=", False)])
