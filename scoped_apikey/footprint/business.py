# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Business methods: named in a rule, with the arguments they may be given."""

from odoo.models import BaseModel

from ..policy import catalogue
from ..policy.footprint import Invocation
from .errors import Unreadable, malformed


def is_web_client_method(env, method) -> bool:
    """Tell whether a method is one that every model has, and none API clients use.

    What is on no list, but every model has, came with a later release, and is one too.
    """
    if method in catalogue.WEB_CLIENT_METHODS:
        return True
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
    known = view.touched.catalogue
    function = getattr(type(view.model), method, None)
    given, unknown = arguments.bind_to(function) if callable(function) else ({}, ())
    dangerous = {
        name
        for name, value in given.items()
        if catalogue.is_dangerous_argument(
            method, name, value, known=name not in unknown
        )
    }
    for model, ids in _given_records(view.env, given):
        # The records that arguments name must be readable, whatever a rule says of them.
        view.touched.view(model).reads(ids=ids)
    return Invocation(
        view.resource,
        method,
        frozenset(given),
        harmless=not given and f"{view.name}.{method}" in catalogue.HARMLESS_METHODS,
        ungrantable=method in known._ungrantable_of(view.name),
        dangerous=method in known._dangerous_of(view.name),
        by_name=view.resource.protected or method in known._mixin_methods(),
        dangerous_arguments=frozenset(dangerous),
        ids=frozenset(arguments.id_list),
    )


def _given_records(env, given):
    """Yield the records of other models that arguments name, as (model, ids).

    :param given: the arguments by name
    :raise Unreadable: one that should hold ids holds anything else
    """
    models = env["apikey.catalogue"]._argument_models()
    for name in given.keys() & models.keys():
        value = given[name]
        if value is None or value is False or models[name] not in env:
            continue
        ids = value if isinstance(value, (list, tuple)) else [value]
        if not all(type(id_) is int and id_ > 0 for id_ in ids):
            raise malformed(name)
        if ids:
            yield models[name], tuple(ids)
