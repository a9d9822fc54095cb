# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where the addon goes, scoped keys open nothing, and unscoped ones stay as they were."""

from datetime import datetime
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from .. import hooks, leaving
from .common import ScopedCase, events, make_user


@tagged("post_install", "-at_install", "scoped_apikey")
class TestUninstall(ScopedCase):
    def rows(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id, scope, scope_id, suspended, expiration_date"
            " FROM res_users_apikeys ORDER BY id"
        )
        return {row["id"]: row for row in self.env.cr.dictfetchall()}

    def test_wizard_counts_scoped_keys(self):
        ours = self.env.ref("base.module_scoped_apikey")
        before = self.env["base.module.uninstall"].create({"module_ids": ours.ids})
        count = before.scoped_key_count
        scope = self.scope()
        self.key(scope)
        self.key(scope, make_user(self.env, "leaver", "base.group_user"))
        self.key(None)
        wizard = self.env["base.module.uninstall"].create({"module_ids": ours.ids})
        self.assertEqual(wizard.scoped_key_count, count + 2)
        self.assertTrue(wizard.removes_scoped_apikey)

    def test_wizard_for_another_module(self):
        other = self.env["ir.module.module"].search(
            [("state", "=", "uninstalled")], limit=1
        )
        wizard = self.env["base.module.uninstall"].create({"module_ids": other.ids})
        self.assertFalse(wizard.removes_scoped_apikey)

    def test_wizard_for_what_we_depend_on(self):
        rpc = self.env.ref("base.module_rpc")
        wizard = self.env["base.module.uninstall"].create({"module_ids": rpc.ids})
        self.assertTrue(wizard.removes_scoped_apikey)

    def test_hooks_change_no_key(self):
        self.key(self.scope())
        self.key(None)
        before = self.rows()
        for hook in (hooks.uninstall_hook, hooks.post_init_hook):
            with (
                mute_logger("odoo.addons.scoped_apikey.hooks"),
                mute_logger("odoo.addons.scoped_apikey.leaving"),
                self.assertLogs("odoo.addons.scoped_apikey.hooks", "WARNING") as log,
            ):
                hook(self.env)
            self.assertRegex(log.output[0], r"\d+ (scoped )?keys")
        self.assertEqual(self.rows(), before)

    # The logs

    def wizard(self, **values):
        ours = self.env.ref("base.module_scoped_apikey")
        return self.env["base.module.uninstall"].create(
            {"module_ids": ours.ids, **values}
        )

    def press(self, wizard):
        """Press Uninstall, without uninstalling; return whether it went on to."""
        went_on = []
        module = type(self.env["ir.module.module"])
        with patch.object(
            module, "button_immediate_uninstall", lambda modules: went_on.append(1)
        ):
            wizard.action_uninstall()
        return bool(went_on)

    def leave(self):
        """Run the hook, and return what it says of the logs."""
        with (
            mute_logger("odoo.addons.scoped_apikey.hooks"),
            mute_logger("odoo.sql_db"),
            self.assertLogs("odoo.addons.scoped_apikey.leaving", "WARNING") as log,
        ):
            hooks.uninstall_hook(self.env)
        return log.records[-1].getMessage()

    def tables(self, schema):
        """Return the logs' tables, indexes and sequences in a schema."""
        self.env.cr.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)"
            " AND relname ~ '^apikey_(call|history|seal)_?'",
            [schema],
        )
        return {name for [name] in self.env.cr.fetchall()}

    def logged(self, schema):
        self.env.cr.execute(f"SELECT call_ref FROM {schema}.apikey_call ORDER BY id")
        return self.env.cr.fetchall()

    def fill(self):
        """Make a row, and a partition besides those that are there."""
        self.env["apikey.call"]._insert(
            {
                "call_ref": "uninstalled",
                "called_at": datetime(2001, 1, 1),
                "outcome": "allowed",
            }
        )
        self.env.cr.execute(
            "CREATE TABLE apikey_call_w1999 PARTITION OF apikey_call"
            " FOR VALUES FROM ('1999-01-01') TO ('1999-01-08')"
        )

    def test_logs_are_kept_unless_said_otherwise(self):
        self.fill()
        before, rows = self.tables("public"), self.logged("public")
        self.assertIn("apikey_call_w1999", before)
        self.assertIn("are kept", self.leave())
        self.assertEqual(self.tables("public"), before)
        self.assertTrue(self.press(self.wizard()))
        self.assertIn("are kept", self.leave())
        self.assertEqual(self.tables("public"), before)
        self.assertEqual(self.logged("public"), rows)
        # Installed again, it goes on in the same tables.
        for model in ("apikey.call", "apikey.history"):
            self.env[model].init()
        self.assertEqual(self.logged("public"), rows)

    def test_logs_are_moved(self):
        self.fill()
        before, rows = self.tables("public"), self.logged("public")
        wizard = self.wizard(apikey_logs="move")
        self.assertEqual(wizard.apikey_logs_schema, "apikey_archive")
        self.assertTrue(self.press(wizard))
        self.assertIn("in schema apikey_archive now", self.leave())
        self.assertEqual(self.tables("public"), set())
        self.assertEqual(self.tables("apikey_archive"), before)
        self.assertEqual(self.logged("apikey_archive"), rows)
        # Installed again, it begins anew, and a schema that is taken is refused.
        for model in ("apikey.call", "apikey.history"):
            self.env[model].init()
        self.assertEqual(self.logged("public"), [])
        with self.assertRaisesRegex(UserError, "apikey_call already"):
            self.press(self.wizard(apikey_logs="move"))
        self.assertTrue(
            self.press(self.wizard(apikey_logs="move", apikey_logs_schema="second"))
        )

    def test_schemas(self):
        for name, sentence in (
            ("public", "already"),
            ("Upper", "small letters"),
            ("pg_mine", "small letters"),
            ("information_schema", "small letters"),
            ("a b", "small letters"),
            ("a" * 64, "small letters"),
            ('x"; DROP TABLE res_users; --', "small letters"),
            (False, "small letters"),
        ):
            with self.subTest(name), self.assertRaisesRegex(UserError, sentence):
                self.press(self.wizard(apikey_logs="move", apikey_logs_schema=name))
        self.assertIn("are kept", self.leave())

    def test_what_cannot_be_moved_stays(self):
        self.fill()
        before = self.tables("public")
        self.press(self.wizard(apikey_logs="move"))
        self.env.cr.execute(
            "CREATE SCHEMA apikey_archive; CREATE TABLE apikey_archive.apikey_history ()"
        )
        self.assertIn("stay where they are", self.leave())
        self.assertEqual(self.tables("public"), before)

    def test_logs_are_deleted(self):
        self.fill()
        wizard = self.wizard(apikey_logs="delete")
        with self.assertRaisesRegex(UserError, "destroys evidence"):
            self.press(wizard)
        self.assertIn("are kept", self.leave())
        self.assertTrue(self.tables("public"))
        wizard.apikey_logs_confirmed = True
        self.assertTrue(self.press(wizard))
        self.assertIn("are deleted", self.leave())
        self.assertEqual(self.tables("public"), set())

    def test_choice_is_on_record_and_holds_once(self):
        self.press(self.wizard(apikey_logs="move"))
        [row] = events(self.env, "subject_name = %s", leaving.PARAMETER)
        self.assertIn("apikey_archive", row["after"])
        self.assertEqual(leaving.take_choice(self.env), ("move", "apikey_archive"))
        self.assertEqual(leaving.take_choice(self.env), ("keep", None))

    def test_choice_that_does_not_hold(self):
        for value in (
            "x",
            "[]",
            '{"choice": "delete"}',
            '{"choice": "delete", "schema": null, "chosen_at": "2020-01-01 00:00:00"}',
            '{"choice": "delete", "schema": null, "chosen_at": "2999-01-01 00:00:00"}',
            '{"choice": "burn", "schema": null, "chosen_at": "%s"}',
            '{"choice": "move", "schema": "A\\"B", "chosen_at": "%s"}',
        ):
            value = value.replace("%s", str(fields.Datetime.now()))
            self.env["ir.config_parameter"].set_param(leaving.PARAMETER, value)
            self.assertIn("are kept", self.leave(), value)

    def test_wizard_of_another_module_leaves_no_word(self):
        other = self.env["ir.module.module"].search(
            [("state", "=", "uninstalled")], limit=1
        )
        wizard = self.wizard(module_ids=other.ids, apikey_logs="delete")
        self.assertTrue(self.press(wizard))
        self.assertEqual(leaving.take_choice(self.env), ("keep", None))

    def test_neutralize(self):
        scoped, other = self.key(self.scope()), self.key(self.scope())
        unscoped, device = self.key(None), self.key(None)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET scope = 'odoo.plugin.outlook' WHERE id = %s",
            [device.id],
        )
        before = self.rows()
        self.assertFalse(before[scoped.id]["suspended"])
        with file_open("scoped_apikey/data/neutralize.sql") as file:
            statement = file.read()
        savepoint = self.env.cr.savepoint()
        self.env.cr.execute(statement)
        after = self.rows()
        savepoint.close(rollback=True)
        for key_id, row in before.items():
            was_scoped = row["scope_id"] is not None
            self.assertEqual(
                after[key_id],
                {**row, "suspended": row["suspended"] or was_scoped},
            )
        for key in (scoped, other):
            self.assertTrue(after[key.id]["suspended"])
        for key in (unscoped, device):
            self.assertFalse(after[key.id]["suspended"])
        self.assertEqual(self.rows(), before)
