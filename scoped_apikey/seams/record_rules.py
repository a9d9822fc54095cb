# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a scope adds to Odoo's record rules while a generic method runs.

Relies on: ``ir.rule._compute_domain(model_name, mode)``, which every search and every check
of records outside sudo asks. Stock's answer is cached by user; this one, which holds for a
single call, is made of it anew each time and cached nowhere.
"""

from odoo import api, models
from odoo.fields import Domain

from ..policy.catalogue import SECRET_PARAMETERS
from .requests import current_call


class IrRule(models.Model):
    _inherit = "ir.rule"

    @api.model
    def _compute_domain(self, model_name, mode="read"):
        domain = super()._compute_domain(model_name, mode)
        if model_name != "ir.config_parameter" or self.env.su:
            return domain
        call = current_call(self.env.cr.dbname)
        if call is None or call.scoped_key is None:
            return domain
        secrets = Domain.OR(Domain("key", "ilike", part) for part in SECRET_PARAMETERS)
        return Domain(domain) & ~secrets
