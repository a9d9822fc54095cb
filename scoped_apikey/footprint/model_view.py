# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A model as footprints see it: its fields, and what is special about them."""

from functools import cached_property

from ..policy import catalogue
from ..policy.footprint import Access, Footprint, Resource
from .errors import Unreadable, unsupported

PROPERTIES = frozenset({"properties", "properties_definition"})
DATA_TYPED = PROPERTIES | {"reference", "many2one_reference"}
"""Field types whose model is data: what they reach is not known from metadata."""


def resource_of(env, model) -> Resource:
    """Return what policies need to know of a model."""
    return Resource(
        model,
        protected=is_protected(env, model),
        runs_code=runs_code(env, model),
        off_limits=catalogue.is_off_limits(model),
    )


def is_protected(env, model) -> bool:
    """Tell whether only a rule that names a model may grant it."""
    if catalogue.is_protected_name(model) or model in catalogue.DOCUMENT_MODELS:
        return True
    return _inherits_any(env, model, catalogue.PROTECTED_MIXINS)


def runs_code(env, model) -> bool:
    """Tell whether Odoo runs what a model holds."""
    return catalogue.runs_code(model) or _inherits_any(
        env, model, catalogue.RUNNING_MIXINS
    )


def _inherits_any(env, model, mixins) -> bool:
    classes = [env.registry[name] for name in mixins if name in env.registry]
    return any(issubclass(env.registry[model], mixin) for mixin in classes)


def is_list_of_secrets(field) -> bool:
    """Tell whether reading a field reads a store of secrets."""
    return field.type in ("one2many", "many2many") and catalogue.is_secret_store(
        field.comodel_name
    )


class ModelView:
    """One model, while a footprint of a call on it is read.

    :param model: an empty recordset in the user's environment
    """

    def __init__(self, model):
        self.model = model
        self.env = model.env

    @cached_property
    def resource(self) -> Resource:
        return resource_of(self.env, self.model._name)

    def field(self, name):
        """Return a field of the model.

        :raise Unreadable: it has none of this name, or the name is a path
        """
        if not isinstance(name, str):
            raise Unreadable("malformed", names=(repr(name)[:50],))
        if "." in name or "/" in name or ":" in name:
            raise unsupported(f"the path {name}")
        try:
            return self.model._fields[name]
        except KeyError:
            raise Unreadable("unknown_field", self.resource, (name,)) from None

    @cached_property
    def readable(self) -> frozenset[str]:
        """The fields that stock Odoo gives the user who asks for none in particular."""
        return frozenset(
            name
            for name, field in self.model._fields.items()
            if field.type not in PROPERTIES
            and self.model._has_field_access(field, "read")
        )

    def reads(self, names) -> frozenset[str]:
        """Return the fields that reading, filtering or sorting by some fields touches."""
        touched = set()
        for name in names:
            field = self.field(name)
            if field.type in PROPERTIES:
                raise unsupported(f"the properties field {name}")
            touched.add(name)
        return frozenset(touched)

    def reads_of_name(self) -> frozenset[str]:
        """Return the fields that searching by display name touches."""
        names = self.model._rec_names_search or [self.model._rec_name]
        return self.reads(name for name in names if name) | {"display_name"}

    def is_secret(self, name) -> bool:
        """Tell whether a field holds a secret, or lists the rows of a store of secrets."""
        if catalogue.is_secret_field(name):
            return True
        field = self.model._fields.get(name)
        return field is not None and is_list_of_secrets(field)

    def access(
        self, operation, fields=frozenset(), offered=None, reaches=(), elsewhere=()
    ) -> Access:
        fields = frozenset(fields)
        return Access(
            self.resource,
            operation,
            fields,
            offered,
            frozenset(filter(self.is_secret, fields | (offered or fields))),
            tuple(reaches),
            frozenset(elsewhere),
        )


class Accesses(tuple):
    """The accesses that a generic method makes."""

    def to_footprint(self, context_keys) -> Footprint:
        return Footprint(tuple(self), None, context_keys)
