# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class ResUsersApikeysShow(models.AbstractModel):
    """The result of New API Key, which says what a scoped key is limited by."""

    _inherit = "res.users.apikeys.show"

    scope_name = fields.Char("Scope", readonly=True)

    @api.model
    def _action_show(self, secret, scope):
        """Show the secret of a scoped key, for the only time.

        :param str secret: the secret
        :param scope: the key's ``apikey.scope``
        """
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "name": self.env._("API Key Ready"),
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_key": secret,
                "default_scope_name": scope.name,
                "scoped_apikey_shown": True,
            },
        }
