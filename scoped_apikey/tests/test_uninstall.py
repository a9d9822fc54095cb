# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where the addon goes, scoped keys open nothing, and unscoped ones stay as they were."""

from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from .. import hooks
from .common import ScopedCase, make_user


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
                self.assertLogs("odoo.addons.scoped_apikey.hooks", "WARNING") as log,
            ):
                hook(self.env)
            self.assertRegex(log.output[0], r"\d+ (scoped )?keys")
        self.assertEqual(self.rows(), before)

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
