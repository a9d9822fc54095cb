# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from ..limits.counters import IDENTITY

OURS = "scoped_apikey."


class IrConfigParameter(models.Model):
    """The addon's own settings: out of reach of scoped keys, and each change on record."""

    _inherit = "ir.config_parameter"

    @api.model_create_multi
    def create(self, vals_list):
        self._guard(vals.get("key") for vals in vals_list)
        parameters = super().create(vals_list)
        parameters._record_settings({})
        return parameters

    def write(self, vals):
        self._guard([*self.mapped("key"), vals.get("key")])
        before = self._settings()
        result = super().write(vals)
        self._record_settings(before)
        return result

    def unlink(self):
        self._guard(self.mapped("key"))
        before = self._settings()
        result = super().unlink()
        self.browse()._record_settings(before)
        return result

    @api.model
    def _guard(self, keys):
        if any(str(key).startswith(OURS) or key == IDENTITY for key in keys):
            self.env["apikey.guarded"]._refuse_scoped_key()

    def _settings(self):
        """Return the addon's settings among these parameters: values and ids by key."""
        return {
            parameter.key: (parameter.value, parameter.id)
            for parameter in self
            if parameter.key.startswith(OURS)
        }

    def _record_settings(self, before):
        """Record what has become of the settings, one that is renamed away included."""
        after = self._settings()
        for key in {**before, **after}:
            (old, old_id), (new, new_id) = (
                values.get(key, (None, None)) for values in (before, after)
            )
            if old != new:
                self.env["apikey.history"]._record(
                    "changed",
                    "setting",
                    new_id or old_id,
                    key,
                    {"value": old},
                    {"value": new},
                )
