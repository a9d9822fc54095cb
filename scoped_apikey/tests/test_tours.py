# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The screens, as those use them who they are for."""

from datetime import datetime, timedelta

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged

NEWEST = datetime(2090, 1, 1)


@tagged("post_install", "-at_install")
class TestTours(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_model = cls.env["ir.model"]._get("res.partner")
        cls.admin = new_test_user(
            cls.env,
            "apikey_admin",
            groups="base.group_user,base.group_system",
            password="apikey_admin",
            tz="UTC",
        )
        cls.auditor = new_test_user(
            cls.env,
            "apikey_auditor",
            groups="base.group_user,scoped_apikey.group_auditor",
            password="apikey_auditor",
        )
        cls.bot = new_test_user(cls.env, "apikey_bot", name="Tour Bot")

    def test_admin_writes_a_scope_and_issues_a_key(self):
        self.start_tour("/odoo", "scoped_apikey_admin", login="apikey_admin")
        scope = self.env["apikey.scope"].search([("name", "=", "Tour Scope")])
        self.assertEqual(scope.mode, "enforce")
        self.assertEqual(scope.rule_ids.model_id, self.partner_model)
        self.assertEqual(
            scope.rule_ids.mapped(
                lambda rule: (
                    rule.perm_read,
                    rule.perm_write,
                    rule.perm_create,
                    rule.perm_unlink,
                )
            ),
            [(True, False, False, False)],
        )
        self.assertEqual(
            scope.window_ids.mapped(
                lambda window: (window.dayofweek, window.hour_from, window.hour_to)
            ),
            [("0", 8.0, 18.0)],
        )
        key = scope.key_ids
        self.assertEqual(key.mapped("name"), ["Tour Key"])
        self.assertEqual(key.user_id, self.bot)
        self.assertTrue(key.suspended)
        self.assertEqual(
            self.env["apikey.history"]
            .search([("subject", "=", "key"), ("subject_ref", "=", key.id)])
            .mapped("event"),
            ["suspended", "issued"],
        )

    def test_auditor_reads_everything_and_changes_nothing(self):
        scope = self.env["apikey.scope"].create(
            {
                "name": "Audited Scope",
                "rule_ids": [
                    Command.create(
                        {
                            "model_id": self.partner_model.id,
                            "perm_read": True,
                            "field_ids": self.env["ir.model.fields"]._get(
                                "res.partner", "name"
                            ),
                        }
                    )
                ],
                "group_ids": self.env.ref("base.group_user"),
            }
        )
        self.env["res.users.apikeys"].with_user(self.admin)._generate_scoped(
            self.bot, scope, "Audited Key", False
        )
        key = scope.key_ids
        now = self.env.cr.now()
        self.env["apikey.usage"].create(
            {
                "apikey_ref": key.id,
                "apikey_name": key.name,
                "remote_addr": "192.0.2.1",
                "first_at": now,
                "last_at": now,
                "calls": 1,
                "refusals": 1,
            }
        )
        row = {
            "duration_ms": 1,
            "apikey_ref": key.id,
            "remote_addr": "192.0.2.1",
            "apikey_name": "Audited Key",
            "user_ref": self.bot.id,
            "user_login": self.bot.login,
            "model": "res.partner",
            "method": "unlink",
            "outcome": "denied",
            "reason": "A reason to read.",
        }
        # One that waits for its seal for too long, and one that the list begins with.
        for ref, moment in (("old", now - timedelta(minutes=20)), ("new", NEWEST)):
            times = {"call_ref": ref, "called_at": moment}
            self.env["apikey.call"]._insert({**row, **times})
        self.start_tour("/odoo", "scoped_apikey_auditor", login="apikey_auditor")
        export = self.env["apikey.history"].search(
            [("event", "=", "exported")], limit=1
        )
        self.assertEqual(export.actor_login, "apikey_auditor")
        self.assertIn("today -7d", export.after)
        verification = self.env["apikey.verification"].search([], limit=1)
        self.assertEqual(verification.state, "waiting")
        self.assertEqual(verification.create_uid, self.auditor)

    def test_menus(self):
        """Each sees the lists once: administrators in Settings, auditors on their own."""
        settings = self.env.ref("scoped_apikey.menu_calls")
        own = self.env.ref("scoped_apikey.menu_auditor")
        for user, expected in (
            (self.admin, settings),
            (self.auditor, own),
            (self.bot, settings.browse()),
        ):
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            visible = (settings | own).browse(visible) & (settings | own)
            self.assertEqual(visible, expected, user.login)
