# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The only code that touches Odoo's private internals; each file says what it relies on."""

from functools import cache

from . import access, credentials, http_bearer, messages


@cache
def install():
    """Put the seams that no model can override in place, once a process."""
    from . import answers, caches, requests, rpc, signals

    caches.install()
    requests.install()
    rpc.install()
    answers.install()
    signals.install()
