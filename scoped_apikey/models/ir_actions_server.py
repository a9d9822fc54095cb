# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class IrActionsServer(models.Model):
    """Code that Odoo runs as it is written: out of reach of scoped keys on every way."""

    _name = "ir.actions.server"
    _inherit = ["ir.actions.server", "apikey.guarded"]
