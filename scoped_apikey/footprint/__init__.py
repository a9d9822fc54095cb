# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reads a call's arguments into a footprint: what it would touch.

The caller of a generic ORM method chooses through its arguments what is touched, so each
argument is understood or the call is refused. One file a family of methods.
"""

from ..policy import catalogue
from . import business, describing, grouping, reading, writing
from .arguments import Arguments
from .errors import Unreadable
from .model_view import ModelView

READERS = reading.READERS | grouping.READERS | writing.READERS | describing.READERS


def read_footprint(env, arguments: Arguments):
    """Read what a call would touch.

    :param env: the user's environment
    :param Arguments arguments: what the caller sent, for a model that exists
    :return: a ``policy.footprint.Footprint``
    :raise Unreadable: something in it is not understood, or can be granted by no rule
    """
    view = ModelView(env[arguments.model])
    context_keys = read_context(env, arguments.context)
    if arguments.method not in READERS:
        return business.read_invocation(view, arguments, context_keys)
    if arguments.model in catalogue.DOCUMENT_MODELS:
        raise Unreadable("document_model", view.resource)
    arguments.check_ids()
    return READERS[arguments.method](
        view, arguments.bind(catalogue.GENERIC_METHODS[arguments.method])
    ).to_footprint(context_keys)


def read_context(env, context):
    """Return the keys of a context that are not known to be harmless.

    :raise Unreadable: it is not a mapping with texts as keys
    """
    if not isinstance(context, dict) or not all(
        isinstance(key, str) for key in context
    ):
        raise Unreadable("malformed", names=("context",))
    is_harmless = env["apikey.catalogue"]._is_harmless_context
    return frozenset(key for key in context if not is_harmless(key, context[key]))


def narrow(arguments: Arguments, decision):
    """Return the arguments, asking for no more fields than were granted."""
    for access, fields in decision.narrowed.items():
        if access.resource.model == arguments.model:
            name = reading.FIELDS_ARGUMENT[arguments.method]
            arguments = arguments.replace(name, sorted(fields))
    return arguments
