# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a scope adds to Odoo's record rules while a generic method runs.

Relies on: ``ir.rule._compute_domain(model_name, mode)``, which every search and every check
of records outside sudo asks. Stock's answer is cached by user, and asks this very method
for the models that a model inherits from: what is added must not get into that cache, so
it is left out while stock computes, and is cached nowhere.
"""

from contextvars import ContextVar

from odoo import api, models
from odoo.fields import Domain

from ..rooms.domains import PARAMETERS, SECRETS
from .requests import current_call

_stock_computes = ContextVar("scoped_apikey_stock_computes", default=False)


class IrRule(models.Model):
    _inherit = "ir.rule"

    @api.model
    def _compute_domain(self, model_name, mode="read"):
        if self.env.su or _stock_computes.get():
            return super()._compute_domain(model_name, mode)
        token = _stock_computes.set(True)
        try:
            domain = super()._compute_domain(model_name, mode)
        finally:
            _stock_computes.reset(token)
        return domain & self._domain_of_scope(model_name, mode)

    @api.model
    def _domain_of_scope(self, model_name, mode) -> Domain:
        """Return what the scope of the key being served leaves of a model's records."""
        call = current_call(self.env.cr.dbname)
        if call is None or call.scoped_key is None:
            return Domain.TRUE
        if call.running and call.granted and call.granted.knows(model_name, mode):
            return call.granted.domain(self.env, model_name, mode)
        return ~SECRETS if model_name == PARAMETERS else Domain.TRUE
