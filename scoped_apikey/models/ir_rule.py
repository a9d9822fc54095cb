# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class IrRule(models.Model):
    """Record rules, whose domains are code that Odoo runs: out of reach of scoped keys on every way."""

    _name = "ir.rule"
    _inherit = ["ir.rule", "apikey.guarded"]
