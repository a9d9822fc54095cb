# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class IrModuleModule(models.Model):
    """Modules: out of reach of scoped keys on every way.

    Stock code installs some as superuser, such as the one of a new company's country.
    """

    _name = "ir.module.module"
    _inherit = ["ir.module.module", "apikey.guarded"]
