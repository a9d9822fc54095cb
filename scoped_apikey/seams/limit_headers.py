# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tells callers over HTTP how many calls they have left.

``RateLimit-Policy`` and ``RateLimit`` are those of the IETF's draft
``draft-ietf-httpapi-ratelimit-headers``: of each limit its name, the calls it allows
(``q``) in a window of so many seconds (``w``), and how many are left (``r``) for how many
seconds (``t``). What is left is what the worker that answers knows.
"""

from ..call import utcnow
from ..limits.limit import MINUTE


def add_headers(response, call):
    """Add what is known of the limits of a call to its answer.

    :param response: of werkzeug; an error that is an answer by itself stays as it is
    :param Call call: the call
    """
    if not call.remaining or not hasattr(response, "headers"):
        return
    policies, limits = [], []
    for limit, started, left in call.remaining:
        name = f'"{_name(limit)}"'
        policies.append(f"{name};q={limit.calls};w={limit.seconds}")
        seconds = limit.seconds_left(started, utcnow())
        limits.append(f"{name};r={left};t={seconds}")
    response.headers["RateLimit-Policy"] = ", ".join(policies)
    response.headers["RateLimit"] = ", ".join(limits)


def _name(limit) -> str:
    subject = "scope" if limit.is_shared else "key"
    return f"{subject}-{'minute' if limit.seconds == MINUTE else 'day'}"
