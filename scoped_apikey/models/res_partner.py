# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..rooms.decide import check_entailed
from ..seams.requests import current_call


class ResPartner(models.Model):
    """Contacts, some of whom are users: their email is where a new password is sent."""

    _inherit = "res.partner"

    def write(self, vals):
        if "email" in vals:
            self._check_email_of_users(vals["email"])
        return super().write(vals)

    def _check_email_of_users(self, email):
        """Refuse a scoped key that changes where a user's password would be reset.

        Here, and not in the footprint: inverses and business methods write it, too.

        :raise AccessError: no rule of the scope grants write on users
        """
        call = current_call(self.env.cr.dbname)
        if call is None or call.scoped_key is None:
            return
        changed = self.sudo().filtered(lambda partner: partner.email != email)
        if not changed.with_context(active_test=False).user_ids:
            return
        check_entailed(self.env, call, "res.users", {"email"}, "login")
