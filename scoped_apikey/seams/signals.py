# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One request reads the signals of other workers once, and not twice.

Odoo reads them as it begins to serve a request, through the request's own cursor; its RPC
service then does so again, a moment later, through a cursor that it opens for nothing else.
That costs more than all that this addon does about a call.

Relies on: ``Registry.check_signaling(cr)``, which ``odoo.http`` calls with the request's
cursor while that request is the current one, and ``odoo.service.model.dispatch`` without.
"""

import time
from functools import wraps

from odoo.modules.registry import Registry

from .requests import current_request

FRESH = 0.05  # seconds
_READ = "_scoped_apikey_signals"


def install():
    Registry.check_signaling = _check_signaling(Registry.check_signaling)


def _check_signaling(original):
    @wraps(original)
    def check_signaling(self, cr=None):
        request = current_request()
        if request is None:
            return original(self, cr)
        registry, moment = getattr(request, _READ, (None, 0))
        # A body can take long to arrive in between.
        if cr is None and registry is self and time.monotonic() - moment < FRESH:
            return self
        moment = time.monotonic()
        registry = original(self, cr)
        setattr(request, _READ, (registry, moment))
        return registry

    return check_signaling
