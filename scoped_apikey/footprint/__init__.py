# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reads a call's arguments into a footprint: what it would touch.

The caller of a generic ORM method chooses through its arguments what is touched, so each
argument is understood or the call is refused. One file a family of methods.
"""

from dataclasses import replace

from ..policy.footprint import CREATE, READ, UNLINK, WRITE
from . import business, describing, grouping, importing, reading, writing
from .arguments import Arguments
from .errors import Unreadable, malformed
from .touched import Touched
from .values import read_values

READERS = (
    reading.READERS
    | grouping.READERS
    | writing.READERS
    | importing.READERS
    | describing.READERS
)
OPERATIONS_ON_IDS = {
    "read": READ,
    "web_read": READ,
    "export_data": READ,
    "get_metadata": READ,
    "get_external_id": READ,
    "copy": READ,
    "write": WRITE,
    "web_save": WRITE,
    "action_archive": WRITE,
    "action_unarchive": WRITE,
    "unlink": UNLINK,
}
"""What a generic method does to the records it is called on."""

TAKES_DEFAULTS = frozenset({"create", "default_get"})
DEFAULT = "default_"


def read_footprint(env, arguments: Arguments):
    """Read what a call would touch.

    :param env: the user's environment
    :param Arguments arguments: what the caller sent, for a model that exists
    :return: a ``policy.footprint.Footprint``
    :raise Unreadable: something in it is not understood, or can be granted by no rule
    """
    touched = Touched(env)
    view = touched.view(arguments.model)
    try:
        if arguments.method not in READERS:
            touched.read_context(arguments.context)
            return touched.finish(business.read_invocation(view, arguments))
        _read_generic(view, with_defaults(arguments))
    except RecursionError as error:
        raise malformed("arguments") from error
    return touched.finish()


def _read_generic(view, arguments):
    arguments.check_ids()
    defaults = _defaults(arguments)
    view.touched.read_context(_without(arguments.context, defaults))
    if defaults:
        read_values(view, CREATE, _values_of(defaults))
    operation = OPERATIONS_ON_IDS.get(arguments.method)
    if operation and (arguments.id_list or arguments.method != "web_save"):
        view.touch(operation, ids=arguments.id_list)
    READERS[arguments.method](view, {"ids": arguments.id_list, **arguments.bind()})


def _defaults(arguments) -> dict:
    """Return the defaults in a context, for a method whose values they are."""
    if arguments.method not in TAKES_DEFAULTS or not isinstance(
        arguments.context, dict
    ):
        return {}
    return {
        key: value
        for key, value in arguments.context.items()
        if isinstance(key, str) and key.startswith(DEFAULT)
    }


def _values_of(defaults):
    return {key.removeprefix(DEFAULT): value for key, value in defaults.items()}


def with_defaults(arguments: Arguments) -> Arguments:
    """Return the arguments of ``create`` with the values that their context sets.

    In the context they would hold for every other record that is created on the way.
    """
    defaults = _defaults(arguments) if arguments.method == "create" else {}
    if not defaults:
        return arguments
    vals_list = arguments.bind().get("vals_list")
    one = isinstance(vals_list, dict)
    records = [vals_list] if one else vals_list
    if not isinstance(records, (list, tuple)) or not all(
        isinstance(values, dict) for values in records
    ):
        raise malformed("vals_list")
    completed = [{**_values_of(defaults), **values} for values in records]
    arguments = arguments.replace("vals_list", completed[0] if one else completed)
    return replace(arguments, context=_without(arguments.context, defaults))


def _without(context, keys):
    if not keys:
        return context
    return {key: value for key, value in context.items() if key not in keys}


def narrow(arguments: Arguments, grants) -> Arguments:
    """Return the arguments to run with, asking for no more fields than were granted."""
    for grant in grants:
        if grant.offered is not None:
            name = reading.FIELDS_ARGUMENT[arguments.method]
            arguments = arguments.replace(name, sorted(grant.offered))
    return with_defaults(arguments)
