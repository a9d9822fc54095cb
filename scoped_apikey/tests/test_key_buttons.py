# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Buttons on keys ask who one is; the wizard New API Key issues with a scope."""

import time

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import events, key_of, make_key, make_scope, make_user


@tagged("post_install", "-at_install", "scoped_apikey")
class TestKeyButtons(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = make_user(cls.env, "owner", "base.group_user")
        cls.owner.password = "owner-pass-word"
        cls.made = make_scope(cls.env)
        cls.one = key_of(cls.env, make_key(cls.env, cls.owner, cls.made))

    def login(self, login, proven=True):
        extra = {"identity-check-last": time.time() if proven else 0}
        self.authenticate(login, login, session_extra=extra)

    def press(self, method, records=None, **kwargs):
        records = self.one if records is None else records
        response = self.url_open(
            f"/web/dataset/call_button/{records._name}/{method}",
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "method": "call",
                "params": {
                    "model": records._name,
                    "method": method,
                    "args": [records.ids],
                    "kwargs": kwargs,
                },
            },
        ).json()
        self.env.invalidate_all()
        return response

    def test_identity_is_asked(self):
        for method in (
            "action_suspend",
            "action_resume",
            "action_lift",
            "action_remove",
        ):
            with self.subTest(method):
                rows = len(events(self.env))
                self.login("admin", proven=False)
                answer = self.press(method)
                self.assertEqual(
                    answer["result"]["res_model"], "res.users.identitycheck", answer
                )
                self.assertTrue(self.one.exists())
                self.assertFalse(self.one.suspended)
                self.assertEqual(self.one.scope_id, self.made)
                self.assertEqual(len(events(self.env)), rows)

    def test_identity_is_asked_to_rotate(self):
        wizard = (
            self.env["apikey.rotate.wizard"]
            .with_user(self.env.ref("base.user_admin"))
            .create({"key_id": self.one.id})
        )
        count = self.env["res.users.apikeys"].search_count([])
        self.login("admin", proven=False)
        answer = self.press("action_rotate", wizard)
        self.assertEqual(answer["result"]["res_model"], "res.users.identitycheck")
        self.assertEqual(self.env["res.users.apikeys"].search_count([]), count)
        self.login("admin")
        answer = self.press("action_rotate", wizard)
        secret = answer["result"]["context"]["default_key"]
        successor = key_of(self.env, secret)
        self.assertEqual(successor.rotated_from_id, self.one)
        self.assertEqual(successor.scope_id, self.made)
        self.assertTrue(self.one.expiration_date)

    def test_identity_is_asked_to_limit(self):
        other = make_scope(self.env, name="Other")
        wizard = (
            self.env["apikey.limit.wizard"]
            .with_user(self.env.ref("base.user_admin"))
            .create({"key_ids": self.one.ids, "scope_id": other.id})
        )
        self.login("admin", proven=False)
        answer = self.press("action_limit", wizard)
        self.assertEqual(answer["result"]["res_model"], "res.users.identitycheck")
        self.assertEqual(self.one.scope_id, self.made)
        self.login("admin")
        self.press("action_limit", wizard)
        self.assertEqual(self.one.scope_id, other)

    def test_administrator(self):
        self.login("admin")
        self.press("action_suspend")
        self.assertTrue(self.one.suspended)
        self.press("action_resume")
        self.assertFalse(self.one.suspended)
        self.press("action_lift")
        self.assertFalse(self.one.scope_id)
        self.assertEqual(self.one.scope, "rpc")
        rows = events(self.env, "subject_ref = %s AND subject = 'key'", self.one.id)
        self.assertEqual(
            [row["event"] for row in rows], ["issued", "suspended", "resumed", "lifted"]
        )
        self.assertEqual({row["remote_addr"] for row in rows[1:]}, {"127.0.0.1"})
        self.assertEqual({row["actor_login"] for row in rows[1:]}, {"admin"})
        self.press("action_remove")
        self.assertFalse(self.one.exists())

    @mute_logger("odoo.http")
    def test_owner(self):
        self.login("owner")
        self.press("action_suspend")
        self.assertTrue(self.one.suspended)
        for method in ("action_resume", "action_lift"):
            answer = self.press(method)
            self.assertEqual(
                answer["error"]["data"]["name"], "odoo.exceptions.AccessError"
            )
        self.assertTrue(self.one.suspended)
        self.assertEqual(self.one.scope_id, self.made)

    @mute_logger("odoo.http")
    def test_somebody_else(self):
        make_user(self.env, "stranger", "base.group_user")
        self.login("stranger")
        for method in (
            "action_suspend",
            "action_resume",
            "action_lift",
            "action_remove",
        ):
            self.assertIn("error", self.press(method), method)
        self.assertTrue(self.one.exists())
        self.assertFalse(self.one.suspended)

    def wizard(self, user, **values):
        self.env.flush_all()
        return (
            self.env["res.users.apikeys.description"]
            .with_user(user)
            .create({"name": "Made by the wizard", "duration": "1", **values})
        )

    def made_by_wizard(self):
        return self.env["res.users.apikeys"].search(
            [("name", "=", "Made by the wizard")]
        )

    def test_wizard_with_a_scope(self):
        self.made.group_ids = self.env.ref("base.group_user")
        self.login("owner", proven=False)
        wizard = self.wizard(self.owner, scope_id=self.made.id)
        answer = self.press("make_key", wizard)
        self.assertEqual(answer["result"]["res_model"], "res.users.identitycheck")
        self.assertFalse(self.made_by_wizard())
        self.login("owner")
        answer = self.press("make_key", wizard)
        key = self.made_by_wizard()
        self.assertEqual(key.scope_id, self.made, answer)
        self.assertEqual(key.user_id, self.owner)
        self.assertTrue(key.expiration_date)
        self.assertEqual(
            key_of(self.env, answer["result"]["context"]["default_key"]), key
        )

    @mute_logger("odoo.http")
    def test_wizard_with_a_scope_one_may_not_choose(self):
        with self.assertRaises(AccessError):
            self.wizard(self.owner, scope_id=self.made.id)
        self.made.group_ids = self.env.ref("base.group_user")
        wizard = self.wizard(self.owner, scope_id=self.made.id)
        self.made.group_ids = False
        self.login("owner")
        self.assertIn("error", self.press("make_key", wizard))
        self.assertFalse(self.made_by_wizard())

    @mute_logger("odoo.http")
    def test_wizard_for_somebody_else(self):
        admin = self.env.ref("base.user_admin")
        self.made.group_ids = self.env.ref("base.group_user")
        self.login("owner")
        answer = self.press(
            "make_key",
            self.wizard(self.owner, scope_id=self.made.id, user_id=admin.id),
        )
        self.assertIn("error", answer)
        self.assertFalse(self.made_by_wizard())
        self.login("admin")
        self.press(
            "make_key", self.wizard(admin, scope_id=self.made.id, user_id=self.owner.id)
        )
        self.assertEqual(self.made_by_wizard().user_id, self.owner)

    @mute_logger("odoo.http")
    def test_wizard_for_somebody_else_without_a_scope(self):
        admin = self.env.ref("base.user_admin")
        self.login("admin")
        answer = self.press("make_key", self.wizard(admin, user_id=self.owner.id))
        self.assertIn("needs a scope", answer["error"]["data"]["message"])
        self.assertFalse(self.made_by_wizard())

    @mute_logger("odoo.http")
    def test_wizard_without_a_scope(self):
        self.login("owner")
        self.press("make_key", self.wizard(self.owner))
        key = self.made_by_wizard()
        self.assertEqual(len(key), 1)
        self.assertFalse(key.scope_id)
        key.unlink()
        self.env["ir.config_parameter"].set_param("scoped_apikey.require_scope", "True")
        answer = self.press("make_key", self.wizard(self.owner))
        self.assertIn(
            "Every new API key needs a scope", answer["error"]["data"]["message"]
        )
        self.assertFalse(self.made_by_wizard())
