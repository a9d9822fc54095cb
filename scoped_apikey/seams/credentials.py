# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The checks of credentials, first and cached, on every path a key can come in by.

Relies on: ``res.users.apikeys._check_credentials(scope, key)``, which every door asks and
which answers a user's id; ``res.users._check_uid_passwd(uid, passwd)``, which RPC asks at
every call and whose cache never expires; ``res.users.authenticate(credential,
user_agent_env)``, which stands behind ``common.authenticate`` and ``login``.
"""

import threading

from odoo import api, models
from odoo.exceptions import AccessDenied, AccessError, MissingError, UserError
from odoo.http import request

from ..call import Call
from ..later import is_not_now
from ..rooms.identify import identify_key, identify_user
from ..rooms.record import record, record_apart
from .requests import (
    begin_http_call,
    current_call,
    current_request,
    doors_closed,
    remote_address,
)

RPC_DOOR = "rpc"


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    def _check_credentials(self, *, scope, key):
        """Identify the key, and refuse a scoped or suspended one at an unknown door."""
        if self._name != "res.users.apikeys":
            return super()._check_credentials(scope=scope, key=key)
        call = current_call(self.env.cr.dbname)
        if scope == RPC_DOOR and call is not None and not call.running:
            return identify_key(self.env, call, key)
        proven = self._find_by_secret(key)
        if proven is None or not (proven.suspended or proven.key.scoped):
            return super()._check_credentials(scope=scope, key=key)
        if _names_route(self.env, proven.key):
            about = {"transport": "http", "method": current_request().httprequest.path}
            return identify_key(self.env, begin_http_call(about), key)
        _record_unknown_door(self.env, proven.key)
        return None


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _check_uid_passwd(self, uid, passwd):
        """Check the credential of every RPC call anew, as far as keys go.

        Stock caches it for good: an expired or removed key would go on working.
        """
        call = current_call(self.env.cr.dbname)
        if call is None:
            raise _refuse_start_up(self.env)
        call.forget_identity()
        call.prove_again = lambda env: env["res.users"]._check_uid_passwd(uid, passwd)
        key_uid = identify_key(self.env, call, passwd)
        if key_uid is not None:
            if key_uid != uid:
                call.refusal = self.env._("The key belongs to another user.")
                raise AccessDenied()
            return
        if call.key is not None:
            raise AccessDenied()
        call.refusal = self.env._("The credential for user id %s was refused.", uid)
        try:
            super()._check_uid_passwd(uid, passwd)
        except MissingError as error:
            raise AccessDenied() from error  # which users exist is nobody's business
        call.refusal = None
        identify_user(self.env, call, uid)

    def authenticate(self, credential, user_agent_env):
        """Take nothing from the caller but the credential, and leave a row.

        Stock lets whoever authenticates as an administrator rewrite ``web.base.url``.
        """
        call = current_call(self.env.cr.dbname)
        if call is None:
            if not request and _is_serving():
                raise _refuse_start_up(self.env)
            # Somebody logs in through a form, whose controller says what is so; or code
            # without a request does, such as Odoo's own test classes.
            return super().authenticate(credential, user_agent_env)
        if call.running:
            return super().authenticate(credential, {"interactive": False})
        call.forget_identity()
        try:
            auth_info = super().authenticate(credential, {"interactive": False})
        except AccessError as error:
            if not is_not_now(error):
                raise
            raise AccessDenied(str(error)) from error
        _record_authentication(self.env, call, auth_info["uid"])
        return auth_info

    def _rpc_api_keys_only(self):
        return (
            self.env["res.config.settings"]._scoped_apikey_flag("rpc_keys_only")
            or super()._rpc_api_keys_only()
        )


def _is_serving():
    """Tell whether this thread answers HTTP, also where its request was borrowed.

    Odoo's entrance leaves the address of each request on the thread, and nothing else
    does.
    """
    return getattr(threading.current_thread(), "url", None) is not None


def _record_authentication(env, call, uid):
    if call.key is None:
        identify_user(env, call, uid)
    try:
        record(env, call)
    except UserError as error:
        call.refusal = str(error)
        raise AccessDenied() from error


def _names_route(env, key) -> bool:
    """Tell whether a scope names the route of a request that is being authenticated.

    Odoo's own entrance then runs its controller, inside a wall.
    """
    if key.scope_id is None or not request or doors_closed(request):
        return False
    call = current_call()  # of an earlier try
    if request.db != env.cr.dbname or (
        call is not None and (call.running or call.transport != "http")
    ):
        return False
    return env["apikey.scope"]._policy(key).routes.names(request.httprequest.path)


def _record_unknown_door(env, key):
    """Leave a row for a key that was shown where it cannot open anything."""
    served = current_request()
    if not served:
        return
    path = served.httprequest.path
    call = Call(env.cr.dbname, "http", remote_address(), method=path)
    call.identify(key.user_id, key.login, key)
    sentence = env(context={})._("The key is not accepted here.")
    record_apart(call, call.row("denied", sentence))


def _refuse_start_up(env):
    """Refuse, on record, the call that came before the addon could see its request."""
    sentence = env(context={})._(
        "The server had just started and could not see where the call came from. Please"
        " try again; loading the addon server-wide closes this gap."
    )
    call = Call(env.cr.dbname, None, None)
    record_apart(call, call.row("denied", sentence))
    return AccessDenied(sentence)
