# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Bearer routes: ``/json/2``, and whatever else has ``auth='bearer'``.

Relies on: ``ir.http._auth_method_bearer``, which takes the secret from the header
``Authorization`` and gives it to ``res.users.apikeys._check_credentials``;
``ir.http._dispatch``, which calls the endpoint with ``request.params`` inside the function
that ``retrying`` repeats; ``ir.http._handle_error``, called once for a request that failed;
the names ``__model__`` and ``__method__`` of the route of ``/json/2``.
"""

import re

from odoo import models
from odoo.exceptions import AccessDenied, AccessError
from werkzeug.exceptions import HTTPException

from ..footprint.arguments import Arguments
from ..later import is_not_now, over_http
from ..policy.decide import Refusal
from ..rooms.arguments import note_arguments
from ..rooms.companies import check_records, choose_companies, narrow_companies
from ..rooms.decide import check_grants, refuse, weigh
from ..rooms.identify import identify_user
from ..rooms.policies import policy_of
from ..rooms.record import record_failure
from ..rooms.run import serve
from ..rooms.wall import wall_around, walled
from .documentation import narrowed
from .limit_headers import add_headers
from .requests import (
    begin_http_call,
    close_doors,
    current_call,
    current_request,
    shows_bearer,
)

JSON_2 = re.compile(r"/json/2/([^/]+)/([^/]+)/?")
TRANSPORTS = ("json2", "http")


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_bearer(cls):
        request = current_request()
        if request.env.uid is None or shows_bearer():
            # A body can take as long as its sender likes. What is decided on comes after it.
            request.httprequest.get_data()
            begin_http_call(_about(request.httprequest.path))
        try:
            return super()._auth_method_bearer()
        except AccessError as error:
            # Odoo takes few errors for a reason why somebody is not authenticated.
            if not is_not_now(error):
                raise
            raise over_http(error) from error

    @classmethod
    def _dispatch(cls, endpoint):
        request = current_request()
        call = current_call(request.db)
        if call is None:
            # A controller that checks a key by itself comes too late to be walled in.
            close_doors(request)
        if call is None or call.transport not in TRANSPORTS or call.running:
            return super()._dispatch(endpoint)
        _check_identified(request, call)
        if call.key and request.session.debug:
            # In debug mode, Odoo's refusals name the records that they hide.
            request.session.debug = ""
        if "__model__" in request.params and call.transport == "json2":
            wall = _check_json_2(request, call)
        else:
            wall = _check_route(request, call)

        def run():
            return super(IrHttp, cls)._dispatch(endpoint)

        try:
            with walled(wall):
                return serve(request.env, call, narrowed(request, wall, endpoint, run))
        except HTTPException as error:
            if error.code is None:  # a ready answer, which no handler of errors sees
                raise record_failure(call, error) from None
            raise

    @classmethod
    def _handle_error(cls, exception):
        call = current_call(current_request().db)
        if call is not None and call.transport in TRANSPORTS:
            exception = over_http(record_failure(call, exception))
            response = super()._handle_error(exception)
            add_headers(response, call)
            return response
        return super()._handle_error(exception)

    @classmethod
    def _post_dispatch(cls, response):
        result = super()._post_dispatch(response)
        call = current_call(current_request().db)
        if call is not None and call.transport in TRANSPORTS:
            add_headers(response, call)
        return result


def _about(path) -> dict:
    """Say what a bearer's request is about, as far as its path tells."""
    if match := JSON_2.fullmatch(path):
        model, method = match.groups()
        return {"transport": "json2", "model": model, "method": method}
    return {"transport": "http", "method": path}


def _check_identified(request, call):
    """Let nothing run whose caller is unknown, or whose key was refused.

    Another addon may accept a bearer of its own: that is a call without a key.
    """
    if call.identified:
        return
    if call.key or not request.env.uid:
        raise AccessDenied()
    identify_user(request.env, call, request.env.uid)


def _check_json_2(request, call):
    """Decide on the call that the body of the request describes."""
    params = dict(request.params)
    arguments = Arguments(
        model=params.pop("__model__"),
        method=params.pop("__method__"),
        ids=params.pop("ids", None),
        context=params.pop("context", {}),
        kwargs=params,
    )
    call.model, call.method = arguments.model, arguments.method
    call.ids = arguments.id_list
    note_arguments(request.env, call, arguments)
    env, within = narrow_companies(request.env, call, arguments)
    granted = check_grants(env, call, within)
    wall = wall_around(request.env, call, granted)
    with walled(wall):  # inside it, Odoo's refusal tells nothing of what is hidden
        check_records(env, call, granted)
    if granted is not arguments:
        request.params.update(granted.kwargs, context=granted.context)
    _act_in(request, env)
    return wall


def _check_route(request, call):
    """Decide on a route, whose arguments only its controller understands.

    :return: the wall to put around it
    """
    if call.scoped_key is None:
        return None
    path = request.httprequest.path
    refusal = weigh(
        request.env,
        call,
        policy_of(request.env, call),
        lambda policy: None if policy.routes.names(path) else Refusal("route"),
    )
    if refusal:
        refuse(request.env, call, refusal)
    if companies := choose_companies(request.env, call):
        request.update_context(allowed_company_ids=companies)
    return wall_around(request.env, call)


def _act_in(request, env):
    """Let what is done by way of the request be done in the companies of the call."""
    if env is not request.env:
        request.update_context(**env.context)
