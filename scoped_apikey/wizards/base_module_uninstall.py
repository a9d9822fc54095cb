# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config

from .. import leaving


class BaseModuleUninstall(models.TransientModel):
    """Say beforehand what uninstalling does to keys, and ask what to do with the logs."""

    _inherit = "base.module.uninstall"

    scoped_key_count = fields.Integer(compute="_compute_scoped_key_count")
    removes_scoped_apikey = fields.Boolean(compute="_compute_scoped_key_count")
    loaded_server_wide = fields.Boolean(compute="_compute_scoped_key_count")
    apikey_logs = fields.Selection(
        [
            (leaving.KEEP, "Keep the logs in this database, as tables"),
            (leaving.MOVE, "Keep them, and move the tables to a schema of their own"),
            (leaving.DELETE, "Delete the logs"),
        ],
        "The call log and the history",
        default=leaving.KEEP,
    )
    apikey_logs_schema = fields.Char("Schema", default="apikey_archive")
    apikey_logs_confirmed = fields.Boolean(
        "I understand that this destroys evidence: nobody can say any more which key did"
        " what."
    )
    apikey_log_tables = fields.Char(compute="_compute_scoped_key_count")

    @api.depends("module_ids")
    def _compute_scoped_key_count(self):
        keys = self.env["res.users.apikeys"].sudo()
        tables = ", ".join(leaving.roots(self.env))
        for wizard in self:
            wizard.removes_scoped_apikey = (
                "scoped_apikey" in wizard._get_modules().mapped("name")
            )
            wizard.loaded_server_wide = "scoped_apikey" in config["server_wide_modules"]
            wizard.scoped_key_count = keys.search_count([("scope_id", "!=", False)])
            wizard.apikey_log_tables = tables

    def action_uninstall(self):
        """Leave word for the hook, unless the logs stay as they are.

        :raise UserError: the logs cannot be moved there, or their deletion is not confirmed
        """
        for wizard in self.filtered("removes_scoped_apikey"):
            wizard._choose_for_logs()
        return super().action_uninstall()

    def _choose_for_logs(self):
        choice, schema = self.apikey_logs or leaving.KEEP, None
        if choice == leaving.DELETE and not self.apikey_logs_confirmed:
            raise UserError(
                self.env._(
                    "Deleting the logs destroys evidence: tick the box to confirm it, or keep"
                    " them."
                )
            )
        if choice == leaving.MOVE:
            schema = (self.apikey_logs_schema or "").strip()
            if hindrance := leaving.what_hinders(self.env, schema):
                raise UserError(hindrance)
        leaving.choose(self.env, choice, schema)
