# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import request


class ProbeController(http.Controller):
    """Routes of another module, which do as they are told."""

    @http.route("/probe/bearer/<path:subject>", auth="bearer", type="http", csrf=False)
    def bearer(self, subject, **options):
        return self._answer(subject, **options)

    @http.route("/probe/readonly/<path:subject>", auth="bearer", readonly=True)
    def readonly(self, subject, **options):
        return self._answer(subject, **options)

    @http.route("/probe/json/<path:subject>", auth="bearer", type="jsonrpc")
    def jsonrpc(self, subject, **options):
        return json.loads(self._answer(subject, **options).data)

    @http.route("/probe/door/<path:subject>", auth="probe", type="http", csrf=False)
    def door(self, subject, **options):
        return self._answer(subject, **options)

    @http.route("/probe/public/<path:subject>", auth="public", type="http", csrf=False)
    def late(self, subject, key="", **_options):
        """Check a key where it is too late to be walled in."""
        keys = request.env["res.users.apikeys"]
        return request.make_json_response(
            keys._check_credentials(scope="probe.door", key=key)
        )

    def _answer(self, subject, steps="[]", **_options):
        """Do some steps, each a list of a name and its arguments, see ``ProbeSteps``."""
        steps = json.loads(steps) if isinstance(steps, str) else steps
        done = [ProbeSteps(request.env).do(*step) for step in steps]
        answer = {"subject": subject, "uid": request.env.uid, "done": done}
        return request.make_json_response(answer)


class ProbeSteps:
    """What code of a route may do with the ORM, as the user unless it says otherwise."""

    def __init__(self, env):
        self.env = env

    def do(self, step, *args):
        """:return: the answer; of an access error, its text in a mapping"""
        try:
            return getattr(self, step)(*args)
        except (AccessError, UserError) as error:
            return {"refused": str(error)}

    def call(self, model, method, ids, *args):
        result = getattr(self.env[model].browse(ids), method)(*args)
        return getattr(result, "ids", result)

    def attribute(self, model, ids, name):
        value = getattr(self.env[model].browse(ids), name)
        return getattr(value, "ids", value)

    def superuser(self, model, method, ids, *args):
        result = getattr(self.env[model].sudo().browse(ids), method)(*args)
        return getattr(result, "ids", result)

    def nested(self, model, method, args, kwargs):
        return self.env["probe.note"].call_inside(model, method, args, kwargs)

    def companies(self):
        return self.env.companies.ids, self.env.company.id
