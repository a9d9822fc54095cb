# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.service.model import get_public_method

from .. import problems
from ..footprint.business import is_web_client_method
from ..policy import catalogue
from ..policy.errors import shown
from ..policy.footprint import OPERATIONS
from ..policy.methods import parse_methods
from ..policy.records import parse_domain
from ..policy.rules import Rule
from ..policy.sharing import shared, shared_names


class ApikeyScopeRule(models.Model):
    """A line of a scope: a model, and what may be done to it."""

    _name = "apikey.scope.rule"
    _inherit = ["apikey.guarded"]
    _description = "API Key Scope Rule"
    _order = "scope_id, sequence, id"
    _rec_name = "summary"

    scope_id = fields.Many2one(
        "apikey.scope", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    model_id = fields.Many2one("ir.model", index=True, ondelete="cascade")
    model = fields.Char("Model Name", related="model_id.model")
    any_model = fields.Boolean(
        help="Every model that is not protected. Protected ones must be named."
    )
    perm_read = fields.Boolean("Read")
    perm_write = fields.Boolean("Write")
    perm_create = fields.Boolean("Create")
    perm_unlink = fields.Boolean("Delete")
    methods = fields.Text(
        help="Business methods, separated by commas or new lines, such as"
        " message_post(body), action_confirm. The names in parentheses are the only"
        " arguments that may be given. Without parentheses, all may be but those by which"
        " a method acts on anything, or as anybody."
    )
    any_method = fields.Boolean(
        help="Every business method but the dangerous ones, which must be named."
    )
    field_ids = fields.Many2many(
        "ir.model.fields",
        string="Only Fields",
        domain="[('model_id', '=', model_id)]",
    )
    limit_fields = fields.Boolean(
        help="Only the fields of the list, even where it has become empty. Otherwise"
        " every field but secrets, and but those whose setting grants rights, which must"
        " be on the list."
    )
    domain = fields.Char(
        "Only Records",
        help="Only records that match, by plain values: nothing in it is computed. Archived"
        " ones that match are covered, too. Empty: every record that the user of the key"
        " may see.",
    )
    is_protected = fields.Boolean(compute="_compute_kind")
    is_document_model = fields.Boolean(compute="_compute_kind")

    _names_a_model = models.Constraint(
        "CHECK ((model_id IS NULL) = COALESCE(any_model, false))",
        "A rule names either a model or any model.",
    )

    @api.depends("model_id")
    def _compute_kind(self):
        for rule in self:
            model = rule.sudo().model_id.model
            rule.is_document_model = (
                model in self.env["apikey.catalogue"]._document_links()
            )
            rule.is_protected = model in self.env and self._resource(model).protected

    @api.model
    def _resource(self, model):
        return self.env["apikey.catalogue"]._resource(model)

    @api.onchange("any_model")
    def _onchange_any_model(self):
        if self.any_model:
            self.model_id = False
            self.domain = False

    @api.onchange("model_id")
    def _onchange_model_id(self):
        self.field_ids = self.field_ids.filtered(
            lambda field: field.model_id == self.model_id._origin
        )
        self.domain = False
        if self.model_id:
            self.any_model = False

    @api.onchange("field_ids")
    def _onchange_field_ids(self):
        if self.field_ids:
            self.limit_fields = True

    def _operations(self):
        return [operation for operation in OPERATIONS if self[f"perm_{operation}"]]

    # ------------------------------------------------------------------
    # What may be saved
    # ------------------------------------------------------------------

    @api.constrains("methods", "model_id")
    def _check_methods(self):
        for rule in self:
            with problems.in_words(self.env):
                grants = parse_methods(rule.methods or "")
            for grant in grants:
                rule._check_method(grant.name)

    def _check_method(self, method):
        """Refuse a name that is no business method which a rule can grant."""
        if method in catalogue.GENERIC_METHODS:
            raise ValidationError(
                self.env._(
                    "“%s” is a generic method: tick Read, Write, Create or Delete"
                    " instead of naming it.",
                    method,
                )
            )
        if is_web_client_method(self.env, method):
            raise ValidationError(
                self.env._("“%s” serves the web client, which uses no key.", method)
            )
        model = self.sudo().model_id.model
        if method in self.env["apikey.catalogue"]._ungrantable_of(model or ""):
            raise ValidationError(
                self.env._(
                    "“%s” makes credentials, changes the server or runs what it is given,"
                    " so no rule can grant it.",
                    method,
                )
            )
        if model in self.env and not self._is_public(model, method):
            raise ValidationError(
                self.env._(
                    "%(model)s has no method “%(method)s”.", model=model, method=method
                )
            )

    def _is_public(self, model, method):
        try:
            return bool(get_public_method(self.env[model], method))
        except (AttributeError, AccessError):
            return False

    def _only_reads(self):
        return self._operations() in ([], ["read"]) and not (
            self.methods or self.any_method
        )

    @api.constrains(
        "model_id", "perm_write", "perm_create", "perm_unlink", "methods", "any_method"
    )
    def _check_model(self):
        for rule in self:
            model = rule.sudo().model_id.model
            if model not in self.env:
                continue
            resource = self._resource(model)
            if resource.off_limits:
                raise ValidationError(
                    self.env._("%s is out of reach of every scoped key.", model)
                )
            if resource.runs_code and not rule._only_reads():
                raise ValidationError(
                    self.env._(
                        "Odoo runs what %s holds: a key that could write to it could free"
                        " itself. No rule grants more than reading it.",
                        model,
                    )
                )

    @api.constrains("field_ids", "model_id", "any_model")
    def _check_fields(self):
        for rule in self.sudo():
            if rule.field_ids.model_id - rule.model_id:
                raise ValidationError(
                    self.env._("The fields of a rule belong to the model it names.")
                )

    @api.constrains("domain", "model_id", "any_model")
    def _check_domain(self):
        for rule in self:
            rule._check_its_domain()

    def _check_its_domain(self):
        with problems.in_words(self.env):
            terms = parse_domain(self.domain or "")
        if terms and self.any_model:
            raise ValidationError(
                self.env._(
                    "A rule for any model cannot limit records: a domain speaks of the"
                    " fields of a model that is named."
                )
            )
        name = self.sudo().model_id.model
        try:
            domain = Domain(terms)
            if name in self.env:
                domain.validate(self.env[name].sudo())
        except (ValueError, TypeError, KeyError, AttributeError, UserError) as error:
            raise ValidationError(
                self.env._(
                    "“%(domain)s” is no domain of %(model)s: %(error)s",
                    domain=shown(self.domain),
                    model=name,
                    error=shown(error),
                )
            ) from error

    def _limits_records(self):
        return (self.domain or "").strip() not in ("", "[]")

    # ------------------------------------------------------------------
    # Compiled, and recorded with its scope
    # ------------------------------------------------------------------

    def _compile(self):
        self.ensure_one()
        return Rule(
            model=None if self.any_model else self.model_id.model or "",
            operations=shared_names(self._operations()),
            fields=shared_names(self.field_ids.mapped("name"))
            if self.limit_fields
            else None,
            methods=shared(parse_methods(self.methods or "")),
            any_method=self.any_method,
            domain=self.domain.strip() if self._limits_records() else "",
        )

    def _snapshot(self):
        return {
            "model": self.model_id.model or "*",
            "operations": self._operations(),
            "methods": self.methods or None,
            "any_method": self.any_method,
            "fields": sorted(self.field_ids.mapped("name"))
            if self.limit_fields
            else "*",
            "domain": self.domain or None,
        }

    @api.model_create_multi
    def create(self, vals_list):
        scopes = self.env["apikey.scope"].browse(
            vals["scope_id"] for vals in vals_list if vals.get("scope_id")
        )
        with scopes._edited():
            rules = super().create(vals_list)
            rules._limit_given_fields()
        return rules

    def write(self, vals):
        scopes = self.scope_id | self.scope_id.browse(vals.get("scope_id") or ())
        with scopes._edited():
            result = super().write(vals)
            self._limit_given_fields()
        return result

    def unlink(self):
        with self.scope_id._edited():
            return super().unlink()

    def _limit_given_fields(self):
        """Giving any field makes it a limit, which stays when the fields are gone."""
        unlimited = self.filtered(lambda rule: rule.field_ids and not rule.limit_fields)
        if unlimited:
            unlimited.write({"limit_fields": True})
