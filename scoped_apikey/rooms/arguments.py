# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What does the log keep of the arguments of a call?"""

import inspect
import logging

from ..policy.arguments import FULL, NOTHING, Sent, show_arguments
from ..policy.catalogue import GENERIC_METHODS
from .policies import policy_of

_logger = logging.getLogger(__name__)
_POSITIONAL = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def note_arguments(env, call, arguments):
    """Note for the log what a caller sent, as far as the scope or the setting says.

    Before anything is decided, so that a refused call has them, and before anything runs:
    Odoo changes the values that it is given. What the code of a call sends to another
    method is not noted, for the row is that of the call from outside; nor is a try after
    the first.

    :param env: the user's environment on the call's database
    :param Call call: an identified call of a model's method
    :param Arguments arguments: what the caller sent
    """
    if call.running or call.arguments is not None:
        return
    kept = _kept(env, call)
    if kept == NOTHING:
        return
    try:
        call.arguments = _show(env, arguments, kept)
    except Exception as error:
        # The call is none the worse for it, and its row says that something is missing.
        _logger.exception("The arguments of call %s could not be shown.", call.ref)
        call.arguments = f"could not be shown: {type(error).__name__}"


def _kept(env, call) -> str:
    """Return what is kept: ``none``, ``shape`` or ``full``."""
    by_scope = policy_of(env, call).log_arguments if call.scoped_key else ""
    return by_scope or env["res.config.settings"]._scoped_apikey_log_arguments()


def _show(env, arguments, kept):
    sent = Sent(
        arguments.model,
        arguments.method,
        arguments.ids,
        _named(env, arguments),
        arguments.context,
    )
    catalogue = env["apikey.catalogue"]

    def known(model):
        # Names that callers make up would fill the cache.
        return catalogue._names_of(model if model in env else None)

    # Of a model that does not exist nobody knows what its values are.
    full = kept == FULL and arguments.model in env
    return show_arguments(sent, full=full, known=known)


def _named(env, arguments) -> tuple:
    """Return each argument with the name of its parameter, ``None`` where that is unknown."""
    parameters = ()
    if arguments.args:
        parameters = _parameters(env, arguments)
    names = [*parameters[: len(arguments.args)]]
    names += [None] * (len(arguments.args) - len(names))
    return (*zip(names, arguments.args, strict=True), *arguments.kwargs.items())


def _parameters(env, arguments) -> tuple[str, ...]:
    """Return the names of a method's parameters, as far as it takes them by position."""
    if arguments.method in GENERIC_METHODS:
        return GENERIC_METHODS[arguments.method]
    model = env.registry.get(arguments.model)
    function = getattr(model, arguments.method, None)
    if not callable(function):
        return ()
    parameters = inspect.signature(function).parameters.values()
    return tuple(one.name for one in parameters if one.kind in _POSITIONAL)[1:]
