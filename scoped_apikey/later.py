# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The error that says: not now, but later.

It is an ``AccessError`` and no class of its own, because Odoo tells callers over JSON-RPC the
name of an error's class, and they know that one.
"""

from odoo.exceptions import AccessError
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

TOO_MANY, UNAVAILABLE = 429, 503
OVER_HTTP = {TOO_MANY: TooManyRequests, UNAVAILABLE: ServiceUnavailable}
_SECONDS = "_scoped_apikey_retry_after"


def not_now(sentence: str, status: int, seconds: int) -> AccessError:
    """Make the error.

    :param status: ``TOO_MANY`` or ``UNAVAILABLE``, as ``/json/2`` answers
    :param seconds: after which to try again
    """
    error = AccessError(sentence)
    error.http_status = status
    setattr(error, _SECONDS, seconds)
    return error


def is_not_now(error) -> bool:
    """Tell whether an error is one of these."""
    return hasattr(error, _SECONDS)


def over_http(error):
    """Return the error of HTTP that says the same, with ``Retry-After``; else the error."""
    if not is_not_now(error):
        return error
    seconds = getattr(error, _SECONDS)
    return OVER_HTTP[error.http_status](str(error), retry_after=seconds)
