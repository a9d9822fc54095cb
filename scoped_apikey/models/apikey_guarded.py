# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models
from odoo.exceptions import AccessError


class ApikeyGuarded(models.AbstractModel):
    """Records that no call through a scoped key may change, sudo included.

    This is the one rule that no scope, mode or business method lifts: whoever could edit
    a scope with the key it limits would have no limit.
    """

    _name = "apikey.guarded"
    _description = "Out of Reach of Scoped API Keys"

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_scoped_key()
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_scoped_key()
        return super().write(vals)

    def unlink(self):
        self._refuse_scoped_key()
        return super().unlink()

    @api.model
    def _refuse_scoped_key(self):
        """Raise AccessError while a call through a scoped key is being served."""
        if self.env["res.users.apikeys"]._served_key_is_scoped():
            raise AccessError(
                self.env._(
                    "%(model)s (%(name)s) is out of reach of every scoped API key.",
                    model=self._description,
                    name=self._name,
                )
            )
