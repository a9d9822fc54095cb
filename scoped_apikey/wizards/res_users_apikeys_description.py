# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.addons.base.models.res_users import check_identity
from odoo.exceptions import UserError


class ResUsersApikeysDescription(models.TransientModel):
    """The wizard New API Key, offering the scopes that its user may choose."""

    _inherit = "res.users.apikeys.description"

    scope_id = fields.Many2one(
        "apikey.scope", domain=lambda self: self._domain_scope_id()
    )
    user_id = fields.Many2one(
        "res.users",
        "For",
        default=lambda self: self._default_user_id(),
        domain=[("share", "=", False)],
    )
    scope_required = fields.Boolean(compute="_compute_scope_required")
    scope_offered = fields.Boolean(compute="_compute_scope_required")
    scope_summary = fields.Html(compute="_compute_scope_summary", sanitize=False)

    @api.model
    def _default_user_id(self):
        """Whose keys the screen below shows, or oneself."""
        user_id = self.env.context.get("scoped_apikey_user_id")
        if isinstance(user_id, int) and self.env.is_system():
            return self.env["res.users"].browse(user_id)
        return self.env.user

    @api.model
    def _domain_scope_id(self):
        return list(self.env["apikey.scope"]._choosable_domain())

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_scope_required(self):
        """A key without a scope is only for oneself, and only where the setting allows."""
        required = self.env["res.users.apikeys"]._scope_required()
        offered = bool(
            self.env["apikey.scope"].search_count(self._domain_scope_id(), 1)
        )
        for wizard in self:
            wizard.scope_required = required or wizard._is_for_another()
            wizard.scope_offered = offered

    # Not as a constraint: Odoo checks those as superuser, who may choose any scope.

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards._check_scope_id()
        return wizards

    def write(self, vals):
        result = super().write(vals)
        self._check_scope_id()
        return result

    def _check_scope_id(self):
        for scope in self.scope_id:
            scope._check_may_choose()

    @api.depends("scope_id")
    def _compute_scope_summary(self):
        """Say what a scope reaches to those only who may choose it."""
        for wizard in self:
            scope = wizard.scope_id._origin._filtered_access("read")
            wizard.scope_summary = scope.summary

    def _is_for_another(self):
        return self.user_id not in (self.env.user, self.env["res.users"])

    @check_identity
    def make_key(self):
        if not self.scope_id:
            if self._is_for_another():
                raise UserError(
                    self.env._(
                        "A key for somebody else needs a scope. Please choose one."
                    )
                )
            return super().make_key()
        self.check_access_make_key()
        scope = self.scope_id
        secret = self.env["res.users.apikeys"]._generate_scoped(
            self.user_id or self.env.user, scope, self.name, self.expiration_date
        )
        self.sudo().unlink()
        return self.env["res.users.apikeys.show"]._action_show(secret, scope)
