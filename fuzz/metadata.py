# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names, ids and texts that calls are made of, read off the registry and the database."""

from functools import cache

from odoo.tools import SQL

IDS_KEPT = 40
RELATIONAL = ("many2one", "one2many", "many2many")
DATES = ("date", "datetime")
NUMBERS = ("integer", "float", "monetary")
TEXTS = ("char", "text", "html")

PREFERRED = (
    "res.partner", "res.users", "ir.config_parameter", "ir.attachment", "mail.message",
    "sale.order", "account.move", "res.company", "ir.mail_server", "crm.lead",
    "project.task", "hr.employee", "res.partner.bank", "mail.template",
)  # fmt: skip
"""Where a caller would look first."""

STORES = (
    "ir.config_parameter", "ir.mail_server", "res.users.apikeys", "auth_totp.device",
    "fetchmail.server", "payment.provider", "iap.account",
)  # fmt: skip
"""Where secrets are."""

WITHOUT_TABLES = (
    "mail.compose.message", "base_import.import", "res.config.settings",
    "change.password.wizard", "base.document.layout", "base.partner.merge.automatic.wizard",
    "portal.share", "ir.http", "ir.qweb", "spreadsheet.mixin", "mail.render.mixin",
)  # fmt: skip
"""Models that no rule grants, for they are of the moment or only shared."""


class Metadata:
    """What there is to name.

    :param env: a superuser's environment
    :param columns: ``canaries.Columns``
    """

    def __init__(self, env, columns):
        self.env = env
        self.columns = columns
        self._ids = {}
        self._planted = {
            (column.model, column.name): index
            for index, column in enumerate(columns.columns)
        }
        self.models = [
            name
            for name, model in sorted(env.registry.items())
            if not model._abstract and not model._transient and model._auto
        ]
        self.stores = [name for name in STORES if name in env]
        self.without_tables = [name for name in WITHOUT_TABLES if name in env]
        self.preferred = [name for name in PREFERRED if name in env]
        for name in self.models:
            env.cr.execute(
                SQL(
                    "SELECT id FROM %s ORDER BY md5(id::text) LIMIT %s",
                    SQL.identifier(env[name]._table),
                    IDS_KEPT,
                )
            )
            self._ids[name] = [id_ for (id_,) in env.cr.fetchall()]
        self.any_method = cache(self._any_method)
        self.is_filled = cache(self._is_filled)
        for name in self.models:
            for relation in self.relations(name):
                self.is_filled(name, relation)

    def field(self, model, name):
        return self.env.registry[model]._fields[name]

    def fields(self, model, *types, stored=None, names=None):
        """Return the names of a model's fields, of some types if any are given.

        :param names: only these
        """
        found = self._fields(model)
        return [
            field.name
            for field in found
            if (not types or field.type in types)
            and (stored is None or bool(field.store) == stored)
            and (names is None or field.name in names)
        ]

    def _fields(self, model):
        return list(self.env.registry[model]._fields.values())

    def comodel(self, model, name):
        comodel = self.field(model, name).comodel_name
        return comodel if comodel in self._ids else None

    def relations(self, model, *types, names=None):
        """Return the relational fields whose comodel has a table."""
        return [
            name
            for name in self.fields(model, *(types or RELATIONAL), names=names)
            if self.comodel(model, name)
        ]

    def filled(self, model, *types, names=None):
        """Return the relational fields that some record has a value for, or else all."""
        found = self.relations(model, *types, names=names)
        return [name for name in found if self.is_filled(model, name)] or found

    def _is_filled(self, model, name):
        field = self.field(model, name)
        if field.inherited:
            return self.is_filled(field.related_field.model_name, field.name)
        if field.type == "many2many" and field.store and field.relation:
            return self._holds(field.relation, field.column1)
        if field.type == "one2many" and field.inverse_name:
            inverse = self.field(field.comodel_name, field.inverse_name)
            if inverse.store and inverse.column_type:
                return self._holds(self.env[field.comodel_name]._table, inverse.name)
        if field.store and field.column_type:
            return self._holds(self.env[model]._table, name)
        return False

    def _holds(self, table, column):
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM %s WHERE %s IS NOT NULL LIMIT 1",
                SQL.identifier(table),
                SQL.identifier(column),
            )
        )
        return bool(self.env.cr.rowcount)

    def ids(self, model):
        return self._ids.get(model) or [1]

    def planted_fields(self, model):
        """Return the names of the fields that hold tokens, inherited ones too."""
        return [
            field.name
            for field in self._fields(model)
            if field.type in TEXTS and self._planted_index(model, field) is not None
        ]

    def translated(self, model):
        """Return the names of the fields that hold tokens by language."""
        names = self.planted_fields(model)
        return [name for name in names if self.field(model, name).translate]

    def secrets(self, model):
        return sorted(self.env["apikey.catalogue"]._secrets_of(model))

    def token(self, model, name, id_):
        """Return the text of a token; ``None`` where the field holds none."""
        index = self._planted_index(model, self.field(model, name))
        if index is None:
            return None
        return self.columns.token(index, id_)

    def _planted_index(self, model, field):
        if field.inherited:
            model, field = field.related_field.model_name, field.related_field
        return self._planted.get((model, field.name))

    def _any_method(self, model):
        """Return the public methods that a model has."""
        cls = self.env.registry[model]
        return sorted(
            name
            for name in dir(cls)
            if not name.startswith("_")
            and callable(getattr(cls, name, None))
            and getattr(getattr(cls, name), "__module__", "").startswith("odoo")
        )
