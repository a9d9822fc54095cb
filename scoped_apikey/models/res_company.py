# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models, tools
from odoo.tools import SQL


class ResCompany(models.Model):
    _inherit = "res.company"

    def _fetch_field(self, field):
        """Know by heart where companies are in their tree: it cannot be changed.

        Record rules ask for it at each call, to find the companies above one's own, and
        Odoo would read all hundred columns of the company for it: that takes longer than
        all that this addon does about a call.
        """
        if field.name != "parent_path" or not self.env.su:
            return super()._fetch_field(field)
        paths = [self._parent_path_of(id_) for id_ in self._origin.ids]
        if not all(paths):  # one of them is new, or gone
            return super()._fetch_field(field)
        _lang = self.env.lang  # as reading does, refuse one that there is not
        return field._insert_cache(self._origin, paths)

    @api.model
    @tools.ormcache("company_id")
    def _parent_path_of(self, company_id):
        """Return the path of a company; Odoo clears this cache when one is created."""
        rows = self.env.execute_query(
            SQL("SELECT parent_path FROM res_company WHERE id = %s", company_id)
        )
        return rows[0][0] if rows else None
