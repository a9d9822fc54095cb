# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import problems
from ..footprint.business import is_web_client_method
from ..footprint.model_view import is_protected, runs_code
from ..policy import catalogue
from ..policy.footprint import OPERATIONS
from ..policy.methods import parse_methods
from ..policy.rules import Rule


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
        " arguments that may be given."
    )
    any_method = fields.Boolean(
        help="Every business method but the dangerous ones, which cannot be granted."
    )
    field_ids = fields.Many2many(
        "ir.model.fields",
        string="Only Fields",
        domain="[('model_id', '=', model_id)]",
    )
    limit_fields = fields.Boolean(
        help="Only the fields of the list, even where it has become empty. Otherwise"
        " every field but secrets, which must be on the list."
    )
    domain = fields.Char(
        "Only Records", help="This version cannot limit records: leave it empty."
    )
    is_protected = fields.Boolean(compute="_compute_is_protected")
    summary = fields.Char(compute="_compute_summary")
    warning = fields.Char(compute="_compute_warning")

    _names_a_model = models.Constraint(
        "CHECK ((model_id IS NULL) = COALESCE(any_model, false))",
        "A rule names either a model or any model.",
    )

    @api.depends("model_id")
    def _compute_is_protected(self):
        for rule in self:
            model = rule.sudo().model_id.model
            rule.is_protected = model in self.env and is_protected(self.env, model)

    @api.depends(
        "model_id", "any_model", "perm_read", "perm_write", "perm_create", "perm_unlink",
        "methods", "any_method", "field_ids", "limit_fields",
    )  # fmt: skip
    def _compute_summary(self):
        words = {
            "read": self.env._("read"),
            "write": self.env._("write"),
            "create": self.env._("create"),
            "unlink": self.env._("delete"),
        }
        for rule in self:
            verbs = [words[operation] for operation in rule._operations()]
            if rule.any_method:
                verbs.append(self.env._("call any method that is not dangerous"))
            elif rule.methods:
                verbs.append(
                    self.env._(
                        "call %s", ", ".join(rule.methods.replace(",", " ").split())
                    )
                )
            summary = self.env._(
                "%(model)s: %(verbs)s",
                model=self.env._("Any model that is not protected")
                if rule.any_model
                else rule.sudo().model_id.name or self.env._("No model"),
                verbs=", ".join(verbs) or self.env._("nothing"),
            )
            if rule.limit_fields:
                names = rule.sudo().field_ids.mapped("field_description")
                summary = self.env._(
                    "%(summary)s, only the fields %(fields)s",
                    summary=summary,
                    fields=", ".join(names) or "—",
                )
            rule.summary = summary

    @api.depends("summary", "is_protected")
    def _compute_warning(self):
        for rule in self:
            sentences = rule._protected_warning(), *rule._other_warnings()
            rule.warning = " ".join(filter(None, sentences))

    def _protected_warning(self):
        """Say in one sentence that models are protected, where these rules name any."""
        models = self.filtered("is_protected").sudo().model_id
        if not models:
            return ""
        return self.env._(
            "Protected, for it runs code, grants rights or holds secrets: %s.",
            ", ".join(models.mapped("name")),
        )

    def _other_warnings(self):
        """Say where a rule reaches further than one may think."""
        self.ensure_one()
        rule = self.sudo()
        if rule.any_model and (rule._operations() or rule.any_method):
            yield self.env._(
                "Any model: those of modules that are yet to be installed, too, unless"
                " they are protected."
            )
        if rule.any_method:
            yield self.env._(
                "Any method: what methods do goes beyond what the ticks say."
            )
        secrets = rule.field_ids.filtered(
            lambda field: catalogue.is_secret_field(field.name)
        )
        if secrets:
            yield self.env._(
                "Secrets of %(model)s: %(fields)s.",
                model=rule.model_id.name,
                fields=", ".join(secrets.mapped("field_description")),
            )
        if rule.limit_fields and not rule.field_ids:
            yield self.env._(
                "The list of fields of %s is empty, so the rule grants none.",
                rule.model_id.name or "*",
            )

    @api.onchange("any_model")
    def _onchange_any_model(self):
        if self.any_model:
            self.model_id = False

    @api.onchange("model_id")
    def _onchange_model_id(self):
        self.field_ids = self.field_ids.filtered(
            lambda field: field.model_id == self.model_id._origin
        )
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
        if method in catalogue.DANGEROUS_METHODS:
            raise ValidationError(
                self.env._(
                    "“%s” runs or reaches whatever it is given, so no rule can grant it.",
                    method,
                )
            )
        model = self.sudo().model_id.model
        if model in self.env and not callable(getattr(self.env[model], method, None)):
            raise ValidationError(
                self.env._(
                    "%(model)s has no method “%(method)s”.", model=model, method=method
                )
            )

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
            if model and catalogue.is_off_limits(model):
                raise ValidationError(
                    self.env._("%s is out of reach of every scoped key.", model)
                )
            if (
                model in self.env
                and runs_code(self.env, model)
                and not rule._only_reads()
            ):
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

    # ------------------------------------------------------------------
    # Compiled, and recorded with its scope
    # ------------------------------------------------------------------

    def _compile(self):
        self.ensure_one()
        return Rule(
            model=None if self.any_model else self.model_id.model or "",
            operations=frozenset(self._operations()),
            fields=frozenset(self.field_ids.mapped("name"))
            if self.limit_fields
            else None,
            methods=parse_methods(self.methods or ""),
            any_method=self.any_method,
            domain=self.domain or "",
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
