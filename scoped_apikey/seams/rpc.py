# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""XML-RPC and JSON-RPC: the one entrance that both share, with or without a database.

Relies on: ``odoo.http.dispatch_rpc``, which looks ``dispatch`` up in the modules of
``odoo.service`` at every call; ``odoo.service.model.dispatch``, which checks the credential
with ``res.users._check_uid_passwd`` and looks ``call_kw`` up in its module;
``odoo.service.common``, which turns AccessDenied into ``False``.
"""

from functools import wraps

from odoo.exceptions import AccessDenied
from odoo.service import common, model

from ..call import Call
from ..footprint import Unreadable
from ..footprint.arguments import arguments_of_rpc
from ..policy.errors import shown
from ..rooms.arguments import note_arguments
from ..rooms.companies import check_records, narrow_companies
from ..rooms.decide import check_effects, check_grants, refuse
from ..rooms.record import record_failure
from ..rooms.run import serve
from ..rooms.wall import wall_around, walled
from .requests import (
    current_call,
    current_request,
    remote_address,
    stamp,
    stamp_kept,
)

AUTHENTICATING = ("authenticate", "login")


def install():
    model.dispatch = _dispatch_object(model.dispatch)
    model.call_kw = _call_kw(model.call_kw)
    common.dispatch = _dispatch_common(common.dispatch)


def _text_at(params, index):
    if isinstance(params, (list, tuple)) and len(params) > index:
        return params[index] if isinstance(params[index], str) else None
    return None


def begin_call(params, **about):
    """Stamp a new call on the request being served, and return it.

    :param params: what the service is called with: its first member names the database
    """
    request = current_request()
    if request is None:
        return None
    call = Call(
        dbname=_text_at(params, 0) or request.db,
        transport="jsonrpc"
        if request.dispatcher.routing_type == "jsonrpc"
        else "xmlrpc",
        remote_addr=remote_address(),
        **about,
    )
    stamp(request, call)
    return call


def _recorded(call, original, method, params):
    """Run a service; a call that it does not let succeed has its row all the same."""
    try:
        return original(method, params)
    except Exception as error:
        if call is None:
            raise
        answer = record_failure(call, error)
        if answer is error:
            raise
        raise answer from error


def _dispatch_object(original):
    @wraps(original)
    def dispatch(method, params):
        with stamp_kept():
            call = begin_call(
                params, model=_text_at(params, 3), method=_text_at(params, 4)
            )
            return _recorded(call, original, method, params)

    return dispatch


def _dispatch_common(original):
    @wraps(original)
    def dispatch(method, params):
        if method not in AUTHENTICATING:
            return original(method, params)
        with stamp_kept():
            call = begin_call(params, method=method)
            result = _recorded(call, original, method, params)
            if result is False and call is not None:
                login = shown(_text_at(params, 1))
                call.refusal = call.refusal or f'The login "{login}" was refused.'
                record_failure(call, AccessDenied())
            return result

    return dispatch


def _call_kw(original):
    @wraps(original)
    def call_kw(recordset, name, args, kwargs):
        env = recordset.env
        call = current_call(env.cr.dbname)
        if call is None or "apikey.call" not in env.registry:
            return original(recordset, name, args, kwargs)
        if call.running:
            # The code of a method or a route calls another: decided on as any other.
            with call.nested(recordset._name, str(name)):
                args, kwargs, wall = _decide(call, recordset, name, args, kwargs)
                with walled(wall):
                    result = original(recordset, name, args, kwargs)
                    if call.granted:
                        env.cr.flush()
                        call.note_result(result)
                        check_effects(env, call)
                    return result
        _prove(env, call)
        call.model, call.method = recordset._name, str(name)
        args, kwargs, wall = _decide(call, recordset, name, args, kwargs)
        with walled(wall):
            return serve(env, call, lambda: original(recordset, name, args, kwargs))

    return call_kw


def _prove(env, call):
    """See to it that each try of a call is that of a key that holds, for that try.

    Odoo checks the credential of RPC once, and may try again half a minute later.
    """
    if call.tries and call.prove_again:
        call.prove_again(env(su=True))
    call.tries += 1
    if not call.identified:
        raise AccessDenied()


def _decide(call, recordset, name, args, kwargs):
    """Decide on a call.

    :return: the arguments to run with, and the wall to put around it
    :raise AccessError: it is refused
    """
    env = recordset.env
    try:
        arguments = arguments_of_rpc(recordset, name, args, kwargs)
    except Unreadable as unreadable:
        if call.scoped_key:
            refuse(env, call, unreadable.refusal)
        return args, kwargs, None
    call.ids = arguments.id_list
    note_arguments(env, call, arguments)
    narrowed_env, narrowed = narrow_companies(env, call, arguments)
    granted = check_grants(narrowed_env, call, narrowed)
    wall = wall_around(env, call, granted)
    with walled(wall):  # inside it, Odoo's refusal tells nothing of what is hidden
        check_records(narrowed_env, call, granted)
    if granted is not arguments:
        args, kwargs = granted.to_rpc()
    if narrowed_env is not env and not call.running:
        # What Odoo computes when it flushes is computed in this environment.
        env.transaction.default_env = narrowed_env
    return args, kwargs, wall
