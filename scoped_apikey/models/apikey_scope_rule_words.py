# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..policy import catalogue
from ..policy.errors import SettingError, shown
from ..policy.footprint import WRITE
from ..policy.methods import parse_methods
from ..policy.records import named_keys


class ApikeyScopeRule(models.Model):
    """What a rule means in words, and where it reaches further than one may think."""

    _inherit = "apikey.scope.rule"

    summary = fields.Char(compute="_compute_summary")
    warning = fields.Text(compute="_compute_warning")

    @api.depends(
        "model_id", "any_model", "perm_read", "perm_write", "perm_create", "perm_unlink",
        "methods", "any_method", "field_ids", "limit_fields", "domain",
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
            if rule.methods:
                verbs.append(
                    self.env._("call %s", ", ".join(map(str, rule._method_grants())))
                )
            if rule.any_method:
                verbs.append(self.env._("call any method that is not dangerous"))
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
            if rule._limits_records():
                summary = self.env._(
                    "%(summary)s, only records where %(domain)s",
                    summary=summary,
                    domain=shown(rule.domain.strip()),
                )
            rule.summary = summary

    @api.depends("summary", "is_protected")
    def _compute_warning(self):
        for rule in self:
            sentences = rule._protected_warning(), *rule._other_warnings()
            rule.warning = "\n".join(filter(None, sentences))

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
        yield from rule._field_warnings()
        yield from rule._method_warnings()
        if rule.limit_fields and not rule.field_ids:
            yield self.env._(
                "The list of fields of %s is empty, so the rule grants none.",
                rule.model_id.name or "*",
            )

    def _field_warnings(self):
        """Say which secrets a rule covers, and which fields that grant rights."""
        model = self.model_id.model
        if model not in self.env:
            return
        known = self.env["apikey.catalogue"]
        secrets = self.field_ids.filtered(lambda f: f.name in known._secrets_of(model))
        if secrets:
            yield self.env._(
                "Secrets of %(model)s: %(fields)s.",
                model=self.model_id.name,
                fields=", ".join(secrets.mapped("field_description")),
            )
        doors = (self.field_ids - secrets).filtered(
            lambda f: f.name in known._by_name_of(model, WRITE)
        )
        if doors and (self.perm_write or self.perm_create):
            yield self.env._(
                "Whoever sets these fields of %(model)s grants rights or opens a door:"
                " %(fields)s.",
                model=self.model_id.name,
                fields=", ".join(doors.mapped("field_description")),
            )
        lookups = self.field_ids.filtered(lambda f: f.name in known._lookups_of(model))
        if lookups and self.perm_read:
            yield self.env._(
                "These fields of %(model)s tell of other records, hidden ones included:"
                " %(fields)s.",
                model=self.model_id.name,
                fields=", ".join(lookups.mapped("field_description")),
            )
        yield from self._parameter_warnings()

    def _parameter_warnings(self):
        """Say which secret or dangerous system parameters the domain names by their keys."""
        if self.model_id.model != catalogue.PARAMETERS:
            return
        try:
            keys = sorted(named_keys(self.domain or ""))
        except SettingError:  # it is being written
            return
        secrets = list(filter(catalogue.is_secret_parameter, keys))
        if secrets and self._operations():
            yield self.env._("Secret system parameters: %s.", ", ".join(secrets))
        doors = list(filter(catalogue.is_door_parameter, keys))
        if doors and self._operations() not in ([], ["read"]):
            yield self.env._(
                "Whoever changes these system parameters opens a door: %s.",
                ", ".join(doors),
            )

    def _method_warnings(self):
        """Say which methods a rule names that act on more than their record."""
        model = "" if self.any_model else self.model_id.model or ""
        dangerous = self.env["apikey.catalogue"]._dangerous_of(model)
        label = self.model_id.name or self.env._("any model")
        for grant in self._method_grants():
            if grant.name in dangerous:
                yield self.env._(
                    "%(method)s on %(model)s is generic in disguise: it runs, sends or"
                    " reaches whatever it is given, on other models and to anybody. Only"
                    " its arguments limit it.",
                    method=grant.name,
                    model=label,
                )
            arguments = [
                name
                for name in sorted(grant.arguments or ())
                if name not in catalogue.SAFE_VALUES
                and catalogue.is_dangerous_argument(grant.name, name, None)
            ]
            if arguments:
                yield self.env._(
                    "With %(arguments)s, %(method)s on %(model)s acts on anything, or as"
                    " anybody.",
                    arguments=", ".join(arguments),
                    method=grant.name,
                    model=label,
                )

    def _method_grants(self):
        """Return the methods that are named, or none while they are not understood."""
        try:
            return parse_methods(self.methods or "")
        except SettingError:
            return ()
