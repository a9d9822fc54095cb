# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What answers say: no debug, no traceback, no failing row, no hidden record."""

import psycopg2
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CallCase, ScopedCase, stamped

HIDDEN = "top-secret records|access to these records of Contact"
"""What stock says to a key without a scope, and what we say to one that has a scope."""


@tagged("post_install", "-at_install", "scoped_apikey")
class TestMessages(ScopedCase):
    def message(self, call):
        """Word the error of a row that violates a constraint without a message."""
        row = {"name": "Canary", "user_ref": self.user.id}
        with (
            self.assertRaises(psycopg2.IntegrityError) as caught,
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                """
                CREATE TEMPORARY TABLE passing (name varchar, user_ref integer,
                    CHECK (user_ref < 0)) ON COMMIT DROP;
                INSERT INTO passing VALUES (%(name)s, %(user_ref)s)
                """,
                row,
            )
        with stamped(call):
            return self.env["base"]._sql_error_to_message(caught.exception)

    def test_no_row(self):
        key = self.key(self.scope())
        for call in (
            self.call_with(key, "res.partner", "write"),
            self.call_with(self.key(None), "res.partner", "write"),
        ):
            message = self.message(call)
            self.assertNotIn("Canary", message)
            self.assertIn("violates check constraint", message)

    def test_others_are_told_what_stock_tells(self):
        for call in (None, self.call_with(None, "res.partner", "write")):
            self.assertIn("Canary", self.message(call))


@tagged("post_install", "-at_install", "scoped_apikey")
class TestAnswers(CallCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.committing() as env:
            env["res.users"].browse(cls.user_id).group_ids += env.ref(
                "base.group_no_one"
            )
            cls.hidden_id = cls.make(
                env["res.partner"].create({"name": "Hidden canary"})
            ).id
            cls.make(
                env["ir.rule"].create(
                    {
                        "name": "A rule that hides",
                        "model_id": env["ir.model"]._get_id("res.partner"),
                        "domain_force": f"[('id', '!=', {cls.hidden_id})]",
                    }
                )
            )

    def ask(self, path, secret, method="POST", **body):
        headers = {"Authorization": f"bearer {secret}", "X-Odoo-Database": self.db}
        options = {} if method in ("GET", "HEAD") else {"json": body}
        return self.url_open(path, headers=headers, method=method, **options)

    def test_debug_mode(self):
        """It would make Odoo's refusals name the records that they hide."""
        for secret in (self.issue(("res.partner", "read")), self.issue_unscoped()):
            for query in ("", "?debug=1", "?debug=assets", "?debug=assets,tests"):
                answer = self.ask(
                    f"/json/2/res.partner/read{query}",
                    secret,
                    ids=[self.hidden_id],
                    fields=["name"],
                )
                self.assertEqual(answer.status_code, 403)
                self.assertRegex(answer.text, HIDDEN)
                for word in ("canary", "A rule that hides", "Traceback"):
                    self.assertNotIn(word, answer.text, query)

    def test_debug_mode_of_a_session(self):
        """A cookie that came along changes nothing, either."""
        with self.committing() as env:
            env["res.users"].browse(self.user_id).password = "integration"
        self.authenticate("integration", "integration")
        self.url_open("/odoo?debug=1")
        answer = self.ask(
            "/json/2/res.partner/read",
            self.issue(("res.partner", "read")),
            ids=[self.hidden_id],
            fields=["name"],
        )
        self.assertEqual(answer.status_code, 403, answer.text)
        self.assertNotIn("canary", answer.text)

    def test_rpc_in_debug_mode(self):
        secret = self.issue(("res.partner", "read"))
        args = [self.db, self.user_id, secret, "res.partner", "read"]
        for query in ("?debug=1", "?debug=assets"):
            answer = self.url_open(
                f"/jsonrpc{query}",
                json={
                    "params": {
                        "service": "object",
                        "method": "execute_kw",
                        "args": [*args, [[self.hidden_id], ["name"]]],
                    }
                },
            )
            self.assertRegex(answer.text, HIDDEN)
            self.assertNotIn("canary", answer.text)
            self.assertEqual(answer.json()["error"]["data"]["debug"], "")
            answer = self._call_xmlrpc2(
                secret,
                "res.partner",
                "read",
                [self.hidden_id],
                {"fields": ["name"]},
                f"/xmlrpc/2/object{query}",
            )
            self.assertNotIn("canary", answer.text)

    def test_methods_that_json_2_does_not_know(self):
        for secret in (self.issue(), "no-such-key"):
            for path in ("/json/2", "/json/2/res.partner", "/json/2/res.partner/read"):
                for method in ("GET", "PUT", "DELETE", "PATCH"):
                    answer = self.ask(path, secret, method)
                    self.assertEqual(answer.status_code, 404, path)
                    self.assertEqual(answer.json()["debug"], "", path)
        answer = self.url_open("/json/2", headers={"X-Odoo-Database": self.db})
        self.assertIn("Traceback", answer.json()["debug"], "as stock has it")

    def test_routes(self):
        rules = [
            ("ir.module.module", "read"),
            ("ir.filters", "read"),
            ("res.partner", "read"),
        ]
        with self.committing() as env:
            user = env["res.users"].browse(self.user_id)
            user.group_ids += env.ref("base.group_allow_export")
        secret = self.issue(*rules, routes="/json/1")
        for query in ("", "?debug=1"):
            path = f"/json/1/res.partner/{self.hidden_id}{query}"
            answer = self.ask(path, secret, "GET")
            self.assertEqual(answer.status_code, 403)
            self.assertNotIn("canary", answer.text)
            self.assertNotIn("Traceback", answer.text)
