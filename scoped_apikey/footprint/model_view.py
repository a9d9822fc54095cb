# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A model as footprints see it: its fields, and what is special about them."""

from functools import cached_property

from ..policy.footprint import READ, Access, Resource
from .errors import Unreadable, malformed, unsupported

PROPERTIES = frozenset({"properties", "properties_definition"})
DATA_TYPED = PROPERTIES | {"reference", "many2one_reference"}
"""Field types whose model is data: what they reach is not known from metadata."""

TO_MANY = frozenset({"one2many", "many2many"})


class ModelView:
    """One model, while the footprint of a call is read.

    :param model: an empty recordset in the user's environment
    :param Touched touched: where all that is found is noted
    """

    def __init__(self, model, touched):
        self.model = model
        self.env = model.env
        self.name = model._name
        self.touched = touched

    @cached_property
    def resource(self) -> Resource:
        return self.touched.catalogue._resource(self.name)

    @property
    def references(self) -> dict[str, tuple[str, str | None]]:
        """The references whose model is another field, and which that is."""
        return self.touched.catalogue._references_of(self.name)

    @property
    def lookups(self) -> frozenset[str]:
        """The fields that tell of other records than theirs."""
        return self.touched.catalogue._lookups_of(self.name)

    def depends(self, field) -> tuple[str, ...]:
        """Return the paths that a field is computed from."""
        return self.env.registry.field_depends.get(field, ())

    def by_name(self, operation) -> frozenset[str]:
        """Return the fields that only a rule which names them covers."""
        return self.touched.catalogue._by_name_of(self.name, operation)

    def field(self, name):
        """Return a field of the model.

        :raise Unreadable: it has none of this name
        """
        if not isinstance(name, str):
            raise malformed(repr(name)[:50])
        try:
            return self.model._fields[name]
        except KeyError:
            raise Unreadable("unknown_field", self.resource, (name,)) from None

    def follow(self, name) -> "ModelView":
        """Return the view of the model that a relational field leads to.

        :raise Unreadable: it leads to none, or to one that only its data tell
        """
        field = self.field(name)
        if field.type in DATA_TYPED:
            raise unsupported(f"what lies beneath {name}")
        if not field.relational:
            raise malformed(name)
        return self.touched.view(field.comodel_name)

    @cached_property
    def readable(self) -> frozenset[str]:
        """The fields that stock Odoo gives the user who asks for none in particular."""
        return frozenset(
            name
            for name, field in self.model._fields.items()
            if field.type not in PROPERTIES
            and self.model._has_field_access(field, "read")
        )

    def touch(self, operation, fields=(), *, ids=(), unfiltered=False):
        """Note an access to this model.

        :param fields: names of fields, which have to exist
        :param ids: particular records that the caller chose
        :param unfiltered: whether Odoo applies no record rules there
        :raise Unreadable: there is no such field
        """
        fields = tuple(fields)
        for name in fields:
            self.field(name)
        self.touched.add(self, operation, fields, ids, unfiltered)

    def reads(self, fields=(), *, ids=(), unfiltered=False):
        """Note that fields are read, or filtered, sorted or grouped by.

        :raise Unreadable: there is no such field, or its model is data
        """
        fields = tuple(fields)
        for name in fields:
            if self.field(name).type in PROPERTIES:
                raise unsupported(f"the properties field {name}")
        self.mention_listed(fields)
        self.touch(READ, fields, ids=ids, unfiltered=unfiltered)

    def mention_listed(self, fields):
        """Note which related records are listed where some fields are shown."""
        for name in fields:
            if self.field(name).type in TO_MANY:
                self.touched.mention(self.follow(name))

    def access(self, operation, fields=(), *, ids=(), unfiltered=False) -> Access:
        """Return an access by itself: what setting a field of another model reaches."""
        fields = frozenset(fields)
        return Access(
            self.resource,
            operation,
            fields,
            secrets=self.by_name(operation) & fields,
            unfiltered=unfiltered,
            ids=frozenset(ids),
        )
