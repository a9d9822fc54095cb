# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..rooms.decide import check_entailed
from ..seams.requests import current_call


class ResGroups(models.Model):
    """Groups: a setting of a record may give one to everybody, or take it.

    Stock does so as superuser, for the first currency, the last recurring task, and more.
    """

    _inherit = "res.groups"

    def write(self, vals):
        """Write, unless a scoped key calls and none of its rules grants that.

        :raise AccessError: no rule names the fields
        """
        call = current_call(self.env.cr.dbname)
        if call is not None and call.scoped_key is not None:
            check_entailed(self.env, call, self._name, vals, "rights")
        return super().write(vals)
