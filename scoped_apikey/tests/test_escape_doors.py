# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every other door is knocked at twice: with a key that has no scope, and with one."""

import json
import xmlrpc.client

from odoo.exceptions import AccessDenied
from odoo.tests import tagged
from odoo.tests.common import Transport

from . import escape_table
from .common import CallCase
from .escapes.doors import DOORS, KEY, PASSWORD


@tagged("post_install", "-at_install", "scoped_apikey")
class TestEscapeDoors(CallCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.committing() as env:
            cls.admin_id = env.ref("base.user_admin").id
            hidden = env["res.partner"].create({"name": "zanzibar"})
            cls.hidden_id = cls.make(hidden).id
            model = env["ir.model"]._get_id("res.partner")
            cls.make(
                env["ir.rule"].create(
                    {
                        "name": "Nobody reads it",
                        "model_id": model,
                        "domain_force": f"[('id', '!=', {hidden.id})]",
                    }
                )
            )

    def test_doors(self):
        with self.committing() as env:
            parameters = env["ir.config_parameter"]
            self.address = parameters.get_param("web.base.url")
        secrets = {KEY: self.issue_unscoped(self.admin_id), PASSWORD: "admin"}
        scoped = self.issue(("res.partner", "read write create"), user_id=self.admin_id)
        problems, rows = [], []
        for door in DOORS:
            answer = door.knock(self, secrets[door.stock or KEY])
            if door.opened(self, answer) != bool(door.stock):
                problems.append(("not so on stock Odoo", door.name, answer[:300]))
            answer = door.knock(self, scoped)
            if door.opened(self, answer):
                problems.append(("not stopped", door.name, answer[:300]))
            rows.append((door.name, door.through, door.reaches, self.sentence(answer)))
        shown = [" | ".join(problem) for problem in problems]
        self.assertFalse(problems, "\n".join(["", *shown]))
        escape_table.check(self, "Other doors", self._testMethodName, rows)

    def sentence(self, answer):
        """Return what an answer says, without what is true of one run only."""
        try:
            content = json.loads(answer)
        except ValueError:
            return escape_table.reason(answer)
        if not isinstance(content, dict):
            return escape_table.NARROWED
        error = content.get("error", {}).get("data") or content
        return escape_table.reason(error.get("message", ""))

    # Ways to knock

    def http(self, method, path, key, body=None):
        headers = {"X-Odoo-Database": self.db, "Authorization": f"bearer {key}"}
        path = path.replace("{admin}", str(self.admin_id))
        return self.url_open(path, json=body, headers=headers, method=method).text

    def execute(self, key, model, method, *args):
        proxy = xmlrpc.client.ServerProxy(
            f"{self.base_url()}/xmlrpc/2/object",
            transport=Transport(self),
            allow_none=True,
        )
        try:
            return repr(
                proxy.execute(self.db, self.admin_id, key, model, method, *args)
            )
        except xmlrpc.client.Fault as fault:
            return fault.faultString

    def check_credentials(self, key, scope):
        with self.committing() as env:
            try:
                uid = env["res.users.apikeys"]._check_credentials(scope=scope, key=key)
            except AccessDenied as error:
                return str(error)
            return "accepted" if uid else "It opens nothing there."

    def open_session(self, key):
        params = {"db": self.db, "login": "admin", "password": key}
        return self.url_open(
            "/web/session/authenticate", json={"params": params}, method="POST"
        ).text

    def take_parameter(self, name):
        """Return the address of the server, and put the right one back."""
        with self.committing() as env:
            parameters = env["ir.config_parameter"]
            value = parameters.get_param(name)
            parameters.set_param(name, self.address)
            return value
