# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class IrModuleModule(models.Model):
    """Modules: out of reach of scoped keys on every way.

    Stock code installs some as superuser, such as the one of a new company's country, and
    loads what all of them say in a new language.
    """

    _name = "ir.module.module"
    _inherit = ["ir.module.module", "apikey.guarded"]

    def _update_translations(self, filter_lang=None, overwrite=False):
        self._refuse_scoped_key()
        return super()._update_translations(filter_lang, overwrite)
