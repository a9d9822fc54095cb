# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the caller of a model's method sent, the same for every transport."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..policy.catalogue import GENERIC_METHODS
from .errors import Unreadable, malformed


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call.

    :param ids: as the caller sent them; ``None`` where the method takes no records
    :param args: positional arguments, without ``ids``
    :param kwargs: named arguments, without ``context``
    """

    model: str
    method: str
    ids: object = None
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    context: object = field(default_factory=dict)

    @property
    def id_list(self) -> tuple:
        """The ids for the log: whatever they are, as a tuple."""
        if self.ids is None or self.ids is False:
            return ()
        if isinstance(self.ids, Sequence) and not isinstance(self.ids, str):
            return tuple(self.ids)
        return (self.ids,)

    def check_ids(self):
        """Accept an integer or a list of integers as ids, and nothing else.

        :raise Unreadable: they are anything else
        """
        if not all(type(id_) is int and id_ > 0 for id_ in self.id_list):
            raise malformed("ids")

    def bind(self) -> dict:
        """Return the arguments of a generic method by name.

        :raise Unreadable: there are more, or others, or one is given twice
        """
        parameters = GENERIC_METHODS[self.method]
        if len(self.args) > len(parameters):
            raise Unreadable("malformed", names=("arguments",))
        bound = dict(zip(parameters, self.args, strict=False))
        for name, value in self.kwargs.items():
            if name not in parameters or name in bound:
                raise malformed(name)
            bound[name] = value
        return bound

    def bind_to(self, function) -> tuple[dict, frozenset[str]]:
        """Return what a business method would receive.

        :param function: the method, unbound
        :return: the arguments by name, and which of them it takes without knowing them
        :raise Unreadable: they do not fit it, or it takes them without a name
        """
        try:
            bound = inspect.signature(function).bind(None, *self.args, **self.kwargs)
        except TypeError as error:
            raise malformed("arguments") from error
        given, unknown = {}, frozenset()
        for name, value in list(bound.arguments.items())[1:]:
            kind = bound.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                raise malformed(f"*{name}")
            if kind is inspect.Parameter.VAR_KEYWORD:
                unknown = frozenset(value)
                given.update(value)
            else:
                given[name] = value
        return given, unknown

    def replace(self, name, value):
        """Return the same arguments with one of a generic method's changed."""
        index = GENERIC_METHODS[self.method].index(name)
        if index < len(self.args):
            args = (*self.args[:index], value, *self.args[index + 1 :])
            return replace(self, args=args)
        return replace(self, kwargs={**self.kwargs, name: value})

    def in_context(self, context):
        """Return the same arguments with another context."""
        return replace(self, context=context)

    def to_rpc(self) -> tuple[list, dict]:
        """Return ``args`` and ``kwargs`` as ``odoo.service.model.call_kw`` takes them."""
        ids = [] if self.ids is None else [self.ids]
        return [*ids, *self.args], {**self.kwargs, "context": self.context}


def arguments_of_rpc(recordset, method, args, kwargs):
    """Read the arguments as ``odoo.service.model.call_kw`` takes them.

    :param recordset: the model
    :raise Unreadable: they are not even a list and a mapping
    """
    if not isinstance(method, str):
        raise malformed("method")
    if not isinstance(args, (list, tuple)) or not isinstance(kwargs, Mapping):
        raise malformed("arguments")
    kwargs = dict(kwargs)
    context = kwargs.pop("context", None) or {}
    function = getattr(type(recordset), method, None)
    ids, args = None, tuple(args)
    if args and not getattr(function, "_api_model", False):
        ids, args = args[0], args[1:]
    return Arguments(recordset._name, method, ids, args, kwargs, context)
