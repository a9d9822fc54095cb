# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes a call as a transport would, in this process, and gives back all that leaves it.

A call enters where the transports' ways meet the addon: ``execute_cr`` behind XML-RPC and
JSON-RPC, the route's endpoint behind ``/json/2``. What lies before that, the check of a key,
takes longer than most calls and is tested elsewhere. Its transaction is always rolled back.
"""

import io
import json
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from odoo import api, http
from odoo.addons.rpc.controllers.json2 import WebJson2Controller
from odoo.addons.scoped_apikey.call import Call, Key
from odoo.addons.scoped_apikey.rooms.record import _failure
from odoo.addons.scoped_apikey.seams import requests as seam
from odoo.service import model as service
from odoo.tools.json import json_default
from werkzeug.test import EnvironBuilder

from . import changes

ALLOWED, DENIED, ERROR = "allowed", "denied", "error"
RPC, JSON2 = "rpc", "json2"
ADDRESS = "127.0.0.1"
ENVIRON = {
    **EnvironBuilder(method="POST").get_environ(),
    "REMOTE_ADDR": ADDRESS,
}


class Answer(NamedTuple):
    """All that leaves a call.

    :param kind: ``ALLOWED``, ``DENIED`` or ``ERROR``
    :param text: what the caller reads
    :param row: what the log reads, as a text
    :param changes: the rows it changed, in tables that are watched; of a call that
        failed, those that its rollback left
    """

    kind: str
    text: str
    row: str
    changes: list


class Entrance:
    """Calls on one database.

    :param registry: of the database
    """

    undoes = True

    def __init__(self, registry):
        self.registry = registry
        self.cr = registry.cursor()
        self._mark = 0
        self.cr.commit = lambda: None  # nothing that a call does is to stay
        registry.signal_changes = lambda: (
            None
        )  # nor to be forgotten unless it is undone
        # As the routing map makes it.
        self.endpoint = partial(WebJson2Controller().web_json_2_rpc)
        self.endpoint.routing = {"type": "json2"}

    def key(self, env, scope, user):
        """Return a key of a scope, as identification would."""
        return Key(
            1, "fuzz", user.id, user.login, True, scope.id, scope.name, scope.version
        )

    def call(self, key: Key, fuzzed) -> Answer:
        """Make a call, and roll it back."""
        transport = "json2" if fuzzed.transport == JSON2 else "xmlrpc"
        call = Call(self.cr.dbname, transport, ADDRESS, fuzzed.model, fuzzed.method)
        call.identify(key.user_id, key.login, key)
        call.accept()
        refused = False
        with self._request(call, key) as request:
            try:
                result = (
                    self._json2(request, fuzzed)
                    if transport == "json2"
                    else self._rpc(key, fuzzed)
                )
                kind = ALLOWED
                text = json.dumps(result, ensure_ascii=False, default=json_default)
                changed = changes.since(self.cr, self._mark)
                row = self._row(call)
            except Exception as error:
                # What a ready answer or an unknown model says, the transport would say.
                kind, changed = ERROR, []
                text = json.dumps(http.serialize_exception(error), default=str)
                outcome, reason = _failure(call, error)
                if outcome == "denied":
                    kind = DENIED
                refused = call.refusal is not None  # and so it never ran
                row = json.dumps(call.row(outcome, reason), default=str)
            finally:
                self._undo()
        if not refused:
            changed = changed + self._escaped()
        return Answer(kind, text, row, changed)

    def _rpc(self, key, fuzzed):
        args, kwargs = fuzzed.for_rpc()
        return service.execute_cr(
            self.cr, key.user_id, fuzzed.model, fuzzed.method, args, kwargs
        )

    def _json2(self, request, fuzzed):
        request.params = fuzzed.for_json2()
        dispatch = self.registry["ir.http"]._dispatch
        return service.retrying(partial(dispatch, self.endpoint), request.env)

    def _row(self, call):
        self.cr.execute(
            "SELECT to_jsonb(c)::text FROM apikey_call c WHERE call_ref = %s",
            [call.ref],
        )
        return " ".join(text for (text,) in self.cr.fetchall())

    def _escaped(self):
        """Return what a call changed through another cursor, and so for good."""
        escaped = changes.since(self.cr, self._mark)
        if escaped:
            self._mark = changes.mark(self.cr)
        self.cr.rollback()
        return escaped

    def _undo(self):
        self.cr.rollback()
        self.cr.transaction = None  # environments, and all that they remember
        self.registry.reset_changes()

    @contextmanager
    def _request(self, call, key):
        """Serve a request, which RPC borrows as Odoo does."""
        path = "/xmlrpc/2/object"
        if call.transport == "json2":
            path = f"/json/2/{call.model}/{call.method}"
        environ = {**ENVIRON, "PATH_INFO": path, "wsgi.input": io.BytesIO()}
        request = http.Request(http.HTTPRequest(environ))
        request.session = http.root.session_store.new()
        request.session.update(http.get_default_session())
        request.session.context["lang"] = http.DEFAULT_LANG
        request.db = self.cr.dbname
        request.registry = self.registry
        request.params = {}
        seam.stamp(request, call)
        if call.transport != "json2":
            request.dispatcher = http._dispatchers["http"](request)
            token = seam._borrowed.set(request)
            try:
                yield request
            finally:
                seam._borrowed.reset(token)
            return
        request.dispatcher = http._dispatchers["json2"](request)
        request.env = api.Environment(self.cr, key.user_id, {})
        http._request_stack.push(request)
        try:
            yield request
        finally:
            http._request_stack.pop()
