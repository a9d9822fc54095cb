# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

OURS = "scoped_apikey."


class IrConfigParameter(models.Model):
    """The addon's own settings: out of reach of scoped keys, and each change on record."""

    _inherit = "ir.config_parameter"

    @api.model_create_multi
    def create(self, vals_list):
        self._guard(vals.get("key") for vals in vals_list)
        parameters = super().create(vals_list)
        for parameter in parameters.filtered(lambda parameter: parameter._is_ours):
            parameter._record_setting(None, parameter.value)
        return parameters

    def write(self, vals):
        self._guard([*self.mapped("key"), vals.get("key")])
        before = {parameter: parameter.value for parameter in self.filtered(lambda parameter: parameter._is_ours)}
        result = super().write(vals)
        for parameter in self.filtered(lambda parameter: parameter._is_ours):
            parameter._record_setting(before.get(parameter), parameter.value)
        return result

    def unlink(self):
        self._guard(self.mapped("key"))
        for parameter in self.filtered(lambda parameter: parameter._is_ours):
            parameter._record_setting(parameter.value, None)
        return super().unlink()

    @api.model
    def _guard(self, keys):
        if any(str(key).startswith(OURS) for key in keys):
            self.env["apikey.guarded"]._refuse_scoped_key()

    @property
    def _is_ours(self):
        return self.key.startswith(OURS)

    def _record_setting(self, before, after):
        if before != after:
            self.env["apikey.history"]._record(
                "changed",
                "setting",
                self.id,
                self.key,
                {"value": before},
                {"value": after},
            )
