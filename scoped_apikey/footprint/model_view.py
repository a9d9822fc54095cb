# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A model as footprints see it: its fields, and what is special about them."""

from functools import cached_property

from ..policy.footprint import Access, Footprint, Resource
from .errors import Unreadable, unsupported

PROPERTIES = frozenset({"properties", "properties_definition"})
DATA_TYPED = PROPERTIES | {"reference", "many2one_reference"}
"""Field types whose model is data: what they reach is not known from metadata."""


def resource_of(env, model) -> Resource:
    """Return what policies need to know of a model."""
    return env["apikey.catalogue"]._resource(model)


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

    def access(
        self, operation, fields=frozenset(), offered=None, reaches=(), elsewhere=()
    ) -> Access:
        fields = frozenset(fields)
        by_name = self.env["apikey.catalogue"]._by_name_of(self.model._name, operation)
        return Access(
            self.resource,
            operation,
            fields,
            offered,
            by_name & (fields | (offered or fields)),
            tuple(reaches),
            frozenset(elsewhere),
        )


class Accesses(tuple):
    """The accesses that a generic method makes."""

    def to_footprint(self, context_keys) -> Footprint:
        return Footprint(tuple(self), None, context_keys)
