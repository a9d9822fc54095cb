# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an error tells the caller: no traceback, no ``debug``, no failing row.

Relies on: ``odoo.http.serialize_exception``, which JSON-RPC and JSON-2 make their error
from; ``xmlrpc_handle_exception_int`` and ``_string`` of the addon ``rpc``, looked up in
their module; ``JsonRPCDispatcher.dispatch``, which answers a body that is no JSON without
any handler of errors.
"""

from functools import wraps
from xmlrpc.client import Fault

from odoo import http
from odoo.addons.rpc.controllers import xmlrpc
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate
from werkzeug.exceptions import HTTPException

from ..rooms.record import record_failure
from .requests import current_call, current_request, guarded_call, shows_bearer
from .rpc import begin_call

_lt = LazyTranslate(__name__)
INTERNAL = _lt("The call failed inside the server. Its reference in the log is %s.")
TELLING = (UserError, HTTPException)


def install():
    http.serialize_exception = _serialize_exception(http.serialize_exception)
    http.JsonRPCDispatcher.dispatch = _dispatch_jsonrpc(http.JsonRPCDispatcher.dispatch)
    xmlrpc.xmlrpc_handle_exception_int = _handle_xmlrpc(
        xmlrpc.xmlrpc_handle_exception_int,
        lambda text: Fault(xmlrpc.RPC_FAULT_CODE_APPLICATION_ERROR, text),
    )
    xmlrpc.xmlrpc_handle_exception_string = _handle_xmlrpc(
        xmlrpc.xmlrpc_handle_exception_string, lambda text: Fault(text, "")
    )


def _serialize_exception(original):
    @wraps(original)
    def serialize_exception(exception, *, message=None, arguments=None):
        call = guarded_call()
        if call is None:
            answer = original(exception, message=message, arguments=arguments)
            return {**answer, "debug": ""} if shows_bearer() else answer
        if not isinstance(exception, TELLING):
            exception = UserError(str(INTERNAL) % call.ref)
            message = arguments = None
        answer = original(exception, message=message, arguments=arguments)
        return {**answer, "debug": ""}

    return serialize_exception


def _handle_xmlrpc(original, fault):
    @wraps(original)
    def handle_exception(exception):
        _record_late(exception)
        call = guarded_call()
        if call is not None and not isinstance(exception, UserError):
            return xmlrpc.dumps(fault(str(INTERNAL) % call.ref))
        return original(exception)

    return handle_exception


def _dispatch_jsonrpc(original):
    @wraps(original)
    def dispatch(self, endpoint, args):
        try:
            return original(self, endpoint, args)
        except Exception as error:
            if self.request.httprequest.path == "/jsonrpc":
                _record_late(error)
            raise

    return dispatch


def _record_late(error):
    """Record what went wrong outside of the service.

    Either the body was no call at all, and belongs to the database that the request
    found by itself, if any; or the answer to a call that succeeded could not be written.
    """
    if current_request().db is None and current_call() is None:
        return
    call = current_call() or begin_call(())
    if not call.failed:
        record_failure(call, error)
