# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Observe mode: what lies outside a scope is logged, and happens."""

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from .common import TRANSPORTS, CallCase


@tagged("post_install", "-at_install", "scoped_apikey")
class TestObserve(CallCase):
    def test_effect_happens_and_is_observed(self):
        secret = self.issue(("res.country", "read"), mode="observe")
        for transport in TRANSPORTS:
            with self.subTest(transport):
                before = len(self.rows())
                answer = self.call(
                    transport,
                    secret,
                    "res.partner",
                    "write",
                    [self.partner_id],
                    vals={"city": transport},
                )
                self.assertIs(answer.result, True, answer.text)
                [row] = self.rows()[before:]
                self.assertEqual(row["outcome"], "observed")
                self.assertEqual(
                    row["reason"],
                    'Key "n8n" (scope "Enrichment") may not call res.partner.write: no'
                    " rule grants write on Contact (res.partner).",
                )
                with self.committing() as env:
                    partner = env["res.partner"].browse(self.partner_id)
                    self.assertEqual(partner.city, transport)

    def test_what_is_granted_is_allowed(self):
        secret = self.issue(("res.partner", "read", ["name"]), mode="observe")
        for transport in TRANSPORTS:
            answer = self.call(
                transport,
                secret,
                "res.partner",
                "read",
                [self.partner_id],
                fields=["name"],
            )
            self.assertEqual(answer.result[0]["name"], "Ada")
            row = self.rows()[-1]
            self.assertEqual((row["outcome"], row["reason"]), ("allowed", None))

    def test_answers_are_not_narrowed(self):
        limited = ("res.country", "read", ["name"])
        observed = self.issue(limited, mode="observe")
        enforced = self.issue(limited)
        with self.committing() as env:
            ids = env.ref("base.be").ids
        for transport in TRANSPORTS:
            everything = self.call(transport, observed, "res.country", "read", ids)
            narrowed = self.call(transport, enforced, "res.country", "read", ids)
            self.assertIn("code", everything.result[0])
            self.assertEqual(set(narrowed.result[0]), {"id", "name"})

    def test_conditions_are_observed(self):
        closed = Command.create({"dayofweek": "0", "hour_from": 0, "hour_to": 0.02})
        secret = self.issue(
            ("res.partner", "read"),
            mode="observe",
            networks="203.0.113.0/24",
            window_ids=[closed],
        )
        for transport in TRANSPORTS:
            before = len(self.rows())
            answer = self.call(
                transport, secret, "res.partner", "search_count", domain=[]
            )
            self.assertGreater(answer.result, 0)
            [row] = self.rows()[before:]
            self.assertEqual(row["outcome"], "observed")
            self.assertIn("is not accepted from 127.0.0.1", row["reason"])

    def test_conditions_and_grants_are_both_said(self):
        secret = self.issue(
            ("res.country", "read"), mode="observe", networks="203.0.113.0/24"
        )
        for transport in TRANSPORTS:
            self.call(transport, secret, "res.partner", "search_count", domain=[])
            reason = self.rows()[-1]["reason"]
            self.assertEqual(reason.count("is not accepted from"), 1, reason)
            self.assertEqual(reason.count("no rule grants read"), 1, reason)

    def test_authenticate_is_observed(self):
        secret = self.issue(mode="observe", networks="203.0.113.0/24")
        for transport in TRANSPORTS[1:]:
            self.assertEqual(self.authenticate_by(transport, secret), self.user_id)
            self.assertEqual(self.rows()[-1]["outcome"], "observed")

    def test_expiry_and_suspension_hold(self):
        for assignment in (
            "expiration_date = now() at time zone 'utc'",
            "suspended = true",
        ):
            secret = self.issue(("res.partner", "read"), mode="observe")
            self.change_key(secret, assignment)
            for transport in TRANSPORTS:
                answer = self.call(
                    transport, secret, "res.partner", "search_count", domain=[]
                )
                self.assertIsNotNone(answer.code)
                self.assertEqual(self.rows()[-1]["outcome"], "denied")

    def test_self_protection_holds(self):
        with self.committing() as env:
            admin_id = env.ref("base.user_admin").id
        secret = self.issue(mode="observe", user_id=admin_id)
        with self.committing() as env:
            env.cr.execute(
                "SELECT scope_id, id FROM res_users_apikeys WHERE index = %s",
                [secret[:8]],
            )
            scope_id, key_id = env.cr.fetchone()
        for model, method, ids, kwargs in (
            ("apikey.scope", "write", [scope_id], {"vals": {"name": "Wide"}}),
            ("apikey.scope", "read", [scope_id], {"fields": ["name"]}),
            ("apikey.scope", "create", None, {"vals_list": [{"name": "Wide"}]}),
            ("apikey.call", "search", None, {"domain": []}),
            ("apikey.history", "search", None, {"domain": []}),
            ("res.users.apikeys", "unlink", [key_id], {}),
            ("res.users.apikeys", "action_lift", [key_id], {}),
            ("res.users.apikeys", "generate", [], {}),
        ):
            with self.subTest(model, method=method):
                answer = self.call("json2", secret, model, method, ids, **kwargs)
                self.assertEqual(answer.code, 403, answer.text)
                row = self.rows()[-1]
                self.assertEqual(row["outcome"], "denied")
                self.assertIn("out of reach", row["reason"])

    def test_self_protection_behind_a_business_method(self):
        """Also where Odoo's own code would do it, with sudo, for an observed call."""
        with self.committing() as env:
            scope = self.make(env["apikey.scope"].create({"name": "Target"}))
            scope_id = scope.id

        def widens(partners):
            target = partners.env["apikey.scope"].sudo().browse(scope_id)
            return target.write({"name": "Wide"})

        with patch.object(
            self.registry["res.partner"], "action_widen", widens, create=True
        ):
            unscoped = self.issue_unscoped()
            for mode in ("observe", "enforce"):
                secret = self.issue(
                    ("res.partner", "", {"methods": "action_widen"}), mode=mode
                )
                for transport in TRANSPORTS:
                    with self.subTest(transport, mode=mode):
                        answer = self.call(
                            transport, secret, "res.partner", "action_widen", [1]
                        )
                        self.assertIsNotNone(answer.code)
                        row = self.rows()[-1]
                        self.assertEqual(row["outcome"], "denied")
                        self.assertIn(
                            "out of reach of every scoped API key", row["reason"]
                        )
            with self.committing() as env:
                self.assertEqual(env["apikey.scope"].browse(scope_id).name, "Target")
            answer = self.call("json2", unscoped, "res.partner", "action_widen", [1])
            self.assertIs(answer.result, True, answer.text)

    def test_other_routes(self):
        with self.committing() as env:
            admin_id = env.ref("base.user_admin").id
        secret = self.issue(mode="observe", user_id=admin_id)
        answer = self.url_open(
            "/json/1/res.country", headers={"Authorization": f"bearer {secret}"}
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        rows = self.rows()  # it redirects once, to the same route
        self.assertEqual(len(rows), 1 + len(answer.history))
        for row in rows:
            self.assertEqual((row["transport"], row["outcome"]), ("http", "observed"))
            self.assertIn("its scope does not name this route", row["reason"])
            self.assertIn("no rule grants read on Country", row["reason"])

    def test_an_error_is_an_error(self):
        """What would have been refused, and then failed, did not happen."""
        secret = self.issue(mode="observe")
        answer = self.call("json2", secret, "res.country", "unlink", [1])
        self.assertIsNotNone(answer.code)
        self.assertIn(self.one_row()["outcome"], ("denied", "error"))
