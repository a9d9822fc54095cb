# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from functools import partial

from odoo import api, models, tools

from ..policy import catalogue
from ..policy.arguments import Names
from ..policy.footprint import CREATE, WRITE, Resource


class ApikeyCatalogue(models.AbstractModel):
    """What is known of names, in this database: modules inherit from it to add theirs.

    The lists come first: each is a set of names, which a module adds to::

        class ApikeyCatalogue(models.AbstractModel):
            _inherit = "apikey.catalogue"

            def _secret_fields(self):
                return super()._secret_fields() | {"my.terminal.pin"}

    A field, or a method, is written with its model, and then stands for that of every
    model that inherits from it, too. Without a model it stands for that of any model.

    The answers follow, as footprints ask for them. They depend on the registry alone, on
    no user, company or context, and are kept as long as it is.
    """

    _name = "apikey.catalogue"
    _description = "What API Key Scopes Know of Odoo's Names"

    # ------------------------------------------------------------------
    # The lists
    # ------------------------------------------------------------------

    @api.model
    def _off_limits_models(self) -> frozenset[str]:
        """Return models that no rule grants anything on, besides those known by name."""
        return frozenset()

    @api.model
    def _code_models(self) -> frozenset[str]:
        """Return models that Odoo runs: no rule grants more than reading them."""
        return catalogue.RUNNING_MIXINS

    @api.model
    def _protected_models(self) -> frozenset[str]:
        """Return models that only a rule which names them grants anything on."""
        return catalogue.PROTECTED_MIXINS | frozenset(self._document_links())

    @api.model
    def _document_links(self) -> dict[str, catalogue.DocumentLink]:
        """Return models whose rows belong to a document of any model, and how they say so."""
        return catalogue.DOCUMENTS

    @api.model
    def _secret_fields(self) -> frozenset[str]:
        """Return fields that hold secrets: never under "every field"."""
        return catalogue.SECRET_FIELDS_OF

    @api.model
    def _plain_fields(self) -> frozenset[str]:
        """Return fields that are spelled like secrets, and are none."""
        return catalogue.NOT_SECRET

    @api.model
    def _by_name_fields(self) -> frozenset[str]:
        """Return fields whose setting opens a door: never set under "every field"."""
        return catalogue.BY_NAME_FIELDS

    @api.model
    def _lookup_fields(self) -> frozenset[str]:
        """Return fields that tell of other records: never read under "every field"."""
        return catalogue.LOOKUP_FIELDS

    @api.model
    def _names_searched(self) -> dict[str, tuple[str, ...]]:
        """Return the paths that models which search names in their own way search, too."""
        return catalogue.NAMES_SEARCHED

    @api.model
    def _ungrantable_methods(self) -> frozenset[str]:
        """Return methods that no rule grants."""
        return catalogue.UNGRANTABLE_METHODS

    @api.model
    def _dangerous_methods(self) -> frozenset[str]:
        """Return methods that only a rule which names them grants, and warns of it."""
        return catalogue.DANGEROUS_METHODS

    @api.model
    def _argument_models(self) -> dict[str, str]:
        """Return arguments of business methods that hold ids, with the ids' model."""
        return catalogue.ARGUMENT_MODELS

    @api.model
    def _harmless_context(self) -> frozenset[str]:
        """Return context keys that any caller may send, besides those known by name."""
        return frozenset()

    # ------------------------------------------------------------------
    # The answers
    # ------------------------------------------------------------------

    @api.model
    @tools.ormcache("model", cache="stable")
    def _resource(self, model: str) -> Resource:
        """Return what policies need to know of a model.

        A model that is made after one that is out of reach, runs code or is protected, is
        so itself. Only what it takes from a mixin it is not judged by. Transient models are
        assistants, made to act on others: they are protected, too.
        """
        forebears = self._forebears(model)
        off_limits = runs_code = protected = secret = False
        for name in forebears:
            known = name == model or not self.pool[name]._abstract
            off_limits |= known and catalogue.is_off_limits(name)
            runs_code |= known and catalogue.runs_code(name)
            protected |= known and catalogue.is_protected_name(name)
            secret |= known and catalogue.is_secret_store(name)
        off_limits |= not forebears.isdisjoint(self._off_limits_models())
        runs_code |= not forebears.isdisjoint(self._code_models())
        protected |= not forebears.isdisjoint(self._protected_models())
        protected |= self.pool[model]._transient
        return Resource(
            model,
            protected or runs_code or off_limits,
            runs_code,
            off_limits,
            filtered=model in self._document_links() or model == catalogue.PARAMETERS,
            secret=secret,
        )

    @api.model
    @tools.ormcache(cache="stable")
    def _unprotected_models(self) -> tuple[str, ...]:
        """Return the models that a rule for any model covers."""
        return tuple(name for name in self.pool if not self._resource(name).protected)

    @api.model
    @tools.ormcache("model", cache="stable")
    def _secrets_of(self, model: str) -> frozenset[str]:
        """Return the fields of a model that hold secrets.

        One that relates, or inherits by ``_inherits``, the secret of another model is one
        as well, and so is a setting that is stored as a secret parameter.
        """
        return frozenset(
            filter(partial(self._is_secret, model), self.pool[model]._fields)
        )

    def _is_secret(self, model, name):
        if name in self._named_for(model, self._plain_fields()):
            return False
        if catalogue.is_secret_field(name) or name in self._named_for(
            model, self._secret_fields()
        ):
            return True
        field = self.pool[model]._fields[name]
        if catalogue.is_secret_parameter(getattr(field, "config_parameter", "") or ""):
            return True
        if field.type in ("one2many", "many2many"):
            return catalogue.is_secret_store(field.comodel_name)
        return bool(field.related) and self._is_secret(*self._related_of(field))

    def _related_of(self, field) -> tuple[str, str]:
        """Return the model and the name of the field that a related field shows."""
        model = field.model_name
        *links, name = field.related.split(".")
        for link in links:
            model = self.pool[model]._fields[link].comodel_name
        return model, name

    @api.model
    @tools.ormcache("model", cache="stable")
    def _names_of(self, model: str | None) -> Names:
        """Return what the call log needs to know of a model's names, to show arguments.

        :param model: ``None`` stands for all models: which names hold a secret, or a file,
            in any of them
        """
        if model is None:
            return Names(
                secrets=frozenset().union(*map(self._own_secrets_of, self.pool)),
                binaries=frozenset().union(*map(self._files_of, self.pool)),
            )
        fields = self.pool[model]._fields
        return Names(
            frozenset(fields),
            self._secrets_of(model),
            self._files_of(model),
            {
                name: field.comodel_name
                for name, field in fields.items()
                if field.relational
            },
            frozenset(
                name
                for name, field in fields.items()
                if field.type in ("one2many", "many2many")
            ),
            self._resource(model).secret,
        )

    def _own_secrets_of(self, model):
        """Return the secrets of a model but for links to stores of secrets.

        They are called ``user_ids``, ``message_ids``: elsewhere that is nothing secret.
        """
        fields = self.pool[model]._fields
        return frozenset(
            name for name in self._secrets_of(model) if not fields[name].relational
        )

    def _files_of(self, model):
        fields = self.pool[model]._fields
        return frozenset(
            name for name, field in fields.items() if field.type == "binary"
        )

    @api.model
    @tools.ormcache("model", cache="stable")
    def _lookups_of(self, model: str) -> frozenset[str]:
        """Return the fields of a model that tell of other records, and what relates one."""
        return frozenset(
            filter(partial(self._looks_up, model), self.pool[model]._fields)
        )

    def _looks_up(self, model, name):
        field = self.pool[model]._fields[name]
        if field.related:
            return self._looks_up(*self._related_of(field))
        return name in self._named_for(model, self._lookup_fields())

    @api.model
    @tools.ormcache("model", "operation", cache="stable")
    def _by_name_of(self, model: str, operation: str) -> frozenset[str]:
        """Return the fields that only a rule which names them covers.

        These are the secrets and, when records are created or written, what opens a door.
        """
        names = self._secrets_of(model)
        if operation in (CREATE, WRITE):
            fields = self.pool[model]._fields.values()
            names |= self._named_for(model, self._by_name_fields())
            names |= {
                field.name
                for field in fields
                if catalogue.is_run(field) or catalogue.is_kept(field)
            }
        return names & frozenset(self.pool[model]._fields)

    @api.model
    @tools.ormcache("models", cache="stable")
    def _secret_files_of(self, models: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of those secret fields of some models that hold files."""
        return tuple(
            sorted(
                name
                for model in models
                for name in self._secrets_of(model)
                if self.pool[model]._fields[name].type == "binary"
            )
        )

    @api.model
    @tools.ormcache("model", cache="stable")
    def _references_of(self, model: str) -> dict[str, tuple[str, str | None]]:
        """Return the references of a model whose model is another field.

        :return: by name, the field that holds the model's name and the many2one to
            ``ir.model``, if any, that this is taken from
        """
        fields = self.pool[model]._fields
        references = {}
        for name, field in fields.items():
            if field.type == "many2one_reference" and field.model_field in fields:
                related = fields[field.model_field].related or ""
                link, _dot, last = related.partition(".")
                references[name] = (
                    field.model_field,
                    link if last == "model" else None,
                )
        return references

    @api.model
    @tools.ormcache("model", cache="stable")
    def _ungrantable_of(self, model: str) -> frozenset[str]:
        """Return the methods of a model that no rule grants."""
        return self._named_for(model, self._ungrantable_methods())

    @api.model
    @tools.ormcache("model", cache="stable")
    def _dangerous_of(self, model: str) -> frozenset[str]:
        """Return the methods of a model that only a rule which names them grants."""
        return self._named_for(model, self._dangerous_methods())

    @api.model
    @tools.ormcache(cache="stable")
    def _mixin_methods(self) -> frozenset[str]:
        """Return the methods that models share through mixins, but the safe ones.

        They may mean more than those of the model itself: "any method" grants none.
        """
        return frozenset(
            name
            for model in self.pool.values()
            if model._abstract
            for name in dir(model)
            if not name.startswith("_")
        ).difference(catalogue.SAFE_MIXIN_METHODS)

    @api.model
    def _is_harmless_context(self, key: str, value) -> bool:
        """Tell whether the user may send a context key that no scope allows."""
        return key in self._harmless_context() or catalogue.is_harmless_context(
            key, value, self.env.uid
        )

    @api.model
    def _named_for(self, model: str, entries) -> frozenset[str]:
        """Return the names that a list holds for a model.

        :param model: empty for what is said of any model
        :param entries: such as ``{"message_new", "res.users.authenticate"}``
        """
        forebears = self._forebears(model)
        names = set()
        for entry in entries:
            owner, _dot, name = entry.rpartition(".")
            if not owner or owner in forebears:
                names.add(name)
        return frozenset(names)

    def _forebears(self, model):
        """Return the names of a model and of all that it inherits from, mixins included.

        Not of those whose records it holds by ``_inherits``: their methods are not its own.
        """
        if not model:
            return frozenset()
        names = {getattr(base, "_name", None) for base in self.pool[model].__mro__}
        return frozenset(name for name in names if name in self.pool) - {"base"}
