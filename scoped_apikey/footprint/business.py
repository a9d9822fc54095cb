# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Business methods: named in a rule, with the arguments they may be given."""

from odoo.models import BaseModel

from ..policy import catalogue
from ..policy.footprint import Invocation
from .errors import Unreadable


def is_web_client_method(env, method) -> bool:
    """Tell whether a method is one that every model has, and none API clients use."""
    return hasattr(env.registry["base"], method) or hasattr(BaseModel, method)


def read_invocation(view, arguments) -> Invocation:
    """Read what a business method is called with.

    :raise Unreadable: it is no business method, or its arguments do not fit it
    """
    method = arguments.method
    if not isinstance(method, str) or method.startswith("_"):
        raise Unreadable("malformed", names=("method",))
    if is_web_client_method(view.env, method):
        raise Unreadable("web_client", view.resource, (method,))
    arguments.check_ids()
    function = getattr(type(view.model), method, None)
    given, unknown = arguments.bind_to(function) if callable(function) else ({}, ())
    dangerous = {
        name
        for name, value in given.items()
        if catalogue.is_dangerous_argument(
            method, name, value, known=name not in unknown
        )
    }
    return Invocation(
        view.resource,
        method,
        frozenset(given),
        dangerous=method in catalogue.DANGEROUS_METHODS,
        by_name=view.resource.protected or _is_shared(view.env, method),
        dangerous_arguments=frozenset(dangerous),
        ids=frozenset(arguments.id_list),
    )


def _is_shared(env, method) -> bool:
    """Tell whether a method belongs to a mixin, and may mean more than its model's own."""
    return method not in catalogue.SAFE_MIXIN_METHODS and any(
        model._abstract and hasattr(model, method) for model in env.registry.values()
    )
