# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.addons.base.models.res_users import check_identity


class ResUsersApikeysDescription(models.TransientModel):
    """The wizard New API Key, offering the scopes that its user may choose."""

    _inherit = "res.users.apikeys.description"

    scope_id = fields.Many2one(
        "apikey.scope", domain=lambda self: self._domain_scope_id()
    )
    user_id = fields.Many2one(
        "res.users",
        "For",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
    )
    scope_required = fields.Boolean(
        default=lambda self: self.env["res.users.apikeys"]._scope_required()
    )
    scope_summary = fields.Html(related="scope_id.summary")

    @api.model
    def _domain_scope_id(self):
        return list(self.env["apikey.scope"]._choosable_domain())

    @check_identity
    def make_key(self):
        if not self.scope_id and self.user_id in (self.env.user, self.env["res.users"]):
            return super().make_key()
        self.check_access_make_key()
        secret = self.env["res.users.apikeys"]._generate_scoped(
            self.user_id or self.env.user,
            self.scope_id,
            self.name,
            self.expiration_date,
        )
        self.sudo().unlink()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.users.apikeys.show",
            "name": self.env._("API Key Ready"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key": secret, "scoped_apikey_shown": True},
        }
