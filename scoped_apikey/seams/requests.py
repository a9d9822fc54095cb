# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The request that is being served, on every path, and the call stamped on it.

Relies on: ``odoo.http._request_stack``, the stack behind ``odoo.http.request``, a proxy that
takes its time; ``odoo.http.borrow_request``, a context manager that takes the request away
while an RPC service runs, and yields it. ``dispatch_rpc`` looks it up in its module at every
call.
"""

import re
from contextlib import contextmanager
from contextvars import ContextVar

from odoo import http
from odoo.modules.registry import Registry

from ..call import Call

_borrowed = ContextVar("scoped_apikey_borrowed_request", default=None)
_STAMP = "_scoped_apikey_call"
BEARER = re.compile(r"bearer\s+.+", re.IGNORECASE)
_CLOSED = "_scoped_apikey_doors_closed"


def install():
    """Remember the borrowed request for as long as it is borrowed."""
    original = http.borrow_request

    @contextmanager
    def borrow_request():
        with original() as request:
            # Whatever is served meanwhile may call a service itself: then there is
            # none to borrow any more, and the request is still the one that was.
            token = _borrowed.set(request or _borrowed.get())
            try:
                yield request
            finally:
                _borrowed.reset(token)

    http.borrow_request = borrow_request


def current_request():
    """Return the HTTP request being served, or ``None`` outside of one.

    ``None`` is also the answer in the very first RPC call of a process that had not
    loaded the addon before: nothing had remembered that request. Such a call has to be
    refused, not taken for one without a key.
    """
    return http._request_stack.top or _borrowed.get()


def keeps_log(dbname) -> bool:
    """Tell whether the addon is installed in a database that this process has loaded."""
    registry = Registry.registries.get(dbname)
    return registry is not None and "apikey.call" in registry


def remote_address():
    """Return the address the request comes from, or ``None`` where that is unknown."""
    request = current_request()
    return request.httprequest.remote_addr if request else None


def current_call(dbname=None):
    """Return the call stamped on the request being served, or ``None``.

    :param str dbname: only a call for this database, if given
    """
    call = getattr(current_request(), _STAMP, None)
    if call is not None and dbname is not None and call.dbname != dbname:
        return None
    return call


def guarded_call():
    """Return the call whose caller must not see more than a sentence, or ``None``.

    A call that a password opened is stock Odoo, and answers as stock does.
    """
    call = current_call()
    if call is None or not keeps_log(call.dbname):
        return None
    if call.identified and call.key is None:
        return None
    return call


def shows_bearer() -> bool:
    """Tell whether the request brought a bearer, where nobody may have looked at it."""
    request = current_request()
    return bool(
        request
        and keeps_log(request.db)
        and BEARER.match(request.httprequest.headers.get("Authorization", ""))
    )


def stamp(request, call):
    setattr(request, _STAMP, call)


def begin_http_call(about) -> Call:
    """Stamp a call on the request; a try after the first finds it there.

    :param dict about: transport, and model and method as far as they are known
    """
    request = current_request()
    call = current_call(request.db)
    if call is not None:
        call.forget_identity()
        return call
    call = Call(request.db, remote_addr=remote_address(), **about)
    stamp(request, call)
    return call


def close_doors(request):
    """Note that a request is authenticated: what it runs now is not a call with a key."""
    setattr(request, _CLOSED, True)


def doors_closed(request) -> bool:
    return getattr(request, _CLOSED, False)


@contextmanager
def stamp_kept():
    """Put back the stamp of a call whose own code makes a call through a service."""
    request, call = current_request(), current_call()
    try:
        yield
    finally:
        if call is not None and call.running:
            stamp(request, call)
