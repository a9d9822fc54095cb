# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the arguments of a call have been found to touch, so far."""

from dataclasses import dataclass, field

from ..policy.catalogue import COMPANIES
from ..policy.footprint import READ, Access, Footprint, Invocation
from .errors import malformed
from .model_view import ModelView


@dataclass
class _Draft:
    """An access that is still growing."""

    view: ModelView
    fields: set = field(default_factory=set)
    ids: set = field(default_factory=set)
    elsewhere: set = field(default_factory=set)
    reaches: dict = field(default_factory=dict)
    unfiltered: bool = False
    offered: frozenset | None = None

    def finish(self, operation) -> Access:
        fields = frozenset(self.fields)
        shown = fields | (self.offered or frozenset())
        lookups = self.view.lookups & shown if operation == READ else frozenset()
        return Access(
            self.view.resource,
            operation,
            fields,
            self.offered,
            self.view.by_name(operation) & shown,
            tuple(self.reaches),
            lookups | self.elsewhere,
            self.unfiltered,
            frozenset(self.ids),
        )


class Touched:
    """Collects accesses, one for each model and operation.

    :param env: the user's environment
    """

    def __init__(self, env):
        self.env = env
        self.catalogue = env["apikey.catalogue"]
        self._context_keys = set()
        self._drafts = {}
        self._mentioned = {}
        self._views = {}

    def view(self, model: str) -> ModelView:
        """Return the view of a model, through which all of the footprint is written."""
        if model not in self._views:
            self._views[model] = ModelView(self.env[model], self)
        return self._views[model]

    def add(self, view, operation, fields, ids, unfiltered):
        """Note that an operation on a model touches some fields, and particular records."""
        draft = self._draft(view, operation)
        draft.fields.update(fields)
        draft.ids.update(ids)
        draft.unfiltered |= unfiltered

    def mention(self, view, ids=()):
        """Note that related records are listed, or compared with particular ids."""
        self._mentioned.setdefault(view, set()).update(ids)

    def holds(self, view, operation) -> bool:
        """Tell whether an operation on a model has been noted."""
        return (view.name, operation) in self._drafts

    def offer(self, view, operation, fields):
        """Note which fields the caller would get for asking for none in particular."""
        self._draft(view, operation).offered = frozenset(fields)

    def set_elsewhere(self, view, operation, name):
        """Note that setting a field writes nobody knows where."""
        self._draft(view, operation).elsewhere.add(name)

    def reach(self, view, operation, name, access: Access):
        """Note what setting a field does elsewhere."""
        self._draft(view, operation).reaches[name, access] = None

    def _draft(self, view, operation):
        return self._drafts.setdefault((view.name, operation), _Draft(view))

    def read_context(self, context):
        """Note those keys of a context that are not known to be harmless.

        :raise Unreadable: it is not a mapping with texts as keys
        """
        if not isinstance(context, dict) or not all(
            isinstance(key, str) for key in context
        ):
            raise malformed("context")
        is_harmless = self.catalogue._is_harmless_context
        self._context_keys.update(
            key for key, value in context.items() if not is_harmless(key, value)
        )

    def read_nested_context(self, context):
        """Note the same of a context inside the arguments.

        :raise Unreadable: as above; or it asks for other companies than the call acts in,
            which nobody would narrow any more
        """
        self.read_context(context)
        if COMPANIES in context:
            asked, allowed = context[COMPANIES], self.env.companies.ids
            if not isinstance(asked, list) or not asked or set(asked) - set(allowed):
                raise malformed(COMPANIES)

    def finish(self, invocation: Invocation | None = None) -> Footprint:
        mentioned = []
        for view, ids in self._mentioned.items():
            if self.holds(view, READ):
                self.add(view, READ, (), ids, unfiltered=False)
            else:
                mentioned.append(view.access(READ, ids=ids))
        return Footprint(
            tuple(
                draft.finish(operation)
                for (_model, operation), draft in self._drafts.items()
            ),
            invocation,
            frozenset(self._context_keys),
            tuple(mentioned),
        )
