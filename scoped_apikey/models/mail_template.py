# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class MailTemplate(models.Model):
    """Templates, whose expressions are code that Odoo runs: out of reach of scoped keys on every way."""

    _name = "mail.template"
    _inherit = ["mail.template", "apikey.guarded"]
