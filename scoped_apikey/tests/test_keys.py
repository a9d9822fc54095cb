# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The life of a key: who may do what to it, and what is on record of it."""

import json
from contextlib import nullcontext
from datetime import timedelta

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..rooms.identify import identify_key
from .common import Call, ScopedCase, events, key_of, make_key, make_user


class KeyCase(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = make_user(cls.env, "other", "base.group_user")
        cls.auditor = make_user(cls.env, "auditor", "scoped_apikey.group_auditor")
        cls.portal = make_user(cls.env, "portal.user", "base.group_portal")
        cls.made = cls.env["apikey.scope"].create({"name": "Enrichment", "tz": "UTC"})
        cls.now = fields.Datetime.now()

    def of(self, key):
        """Return the history of a key, with before and after as they were."""
        self.env.flush_all()
        rows = events(self.env, "subject = 'key' AND subject_ref = %s", key.id)
        for row in rows:
            for column in ("before", "after"):
                row[column] = row[column] and json.loads(row[column])
        return rows

    def accepted(self, secret):
        call = Call(self.env.cr.dbname, "json2", "127.0.0.1")
        identify_key(self.env, call, secret)
        return call.identified


@tagged("post_install", "-at_install", "scoped_apikey")
class TestIssuing(KeyCase):
    def issue(self, by, user=None, scope=None, expires=None):
        keys = self.keys.with_user(by)
        scope = (scope or self.made).with_user(by)
        return keys._generate_scoped(user or by, scope, "n8n", expires)

    def test_administrator(self):
        for user in (self.admin, self.user, self.portal):
            secret = self.issue(self.admin, user)
            key = key_of(self.env, secret)
            self.assertEqual(key.user_id, user)
            self.assertEqual(key.scope_id, self.made)
            self.assertEqual(key.scope, "scoped_apikey")
            self.assertFalse(key.expiration_date)
            self.assertFalse(key.suspended)
            self.assertTrue(self.accepted(secret))

    def test_only_administrators_issue_for_others(self):
        self.made.group_ids = self.env.ref("base.group_user")
        expires = self.now + timedelta(hours=1)
        for by in (self.user, self.auditor, self.portal):
            with self.subTest(by.login), self.assertRaises(AccessError) as caught:
                self.issue(by, self.other, expires=expires)
            self.assertEqual(
                str(caught.exception),
                "Only an administrator issues keys for somebody else.",
            )

    def test_a_scope_that_one_may_choose(self):
        expires = self.now + timedelta(hours=1)
        for by in (self.user, self.auditor, self.portal):
            with self.subTest(by.login), self.assertRaises(AccessError) as caught:
                self.issue(by, expires=expires)
            self.assertEqual(
                str(caught.exception),
                "Only an administrator may issue a key with this scope.",
            )
        self.made.group_ids = self.env.ref("base.group_user")
        for by in (self.user, self.auditor):
            self.assertTrue(self.accepted(self.issue(by, expires=expires)))
        with self.assertRaises(AccessError):
            self.issue(self.portal, expires=expires)

    def test_no_longer_than_one_may(self):
        self.made.group_ids = self.env.ref("base.group_user")
        for expires in (None, False, self.now + timedelta(days=2000)):
            with self.subTest(expires), self.assertRaises(ValidationError):
                self.issue(self.user, expires=expires)

    def test_not_for_the_superuser(self):
        with self.assertRaises(UserError) as caught:
            self.issue(self.admin, self.env["res.users"].browse(SUPERUSER_ID))
        self.assertEqual(str(caught.exception), "A scope cannot limit the superuser.")

    def test_one_user_one_scope(self):
        with self.assertRaises(ValueError):
            self.issue(self.admin, self.user | self.other)
        with self.assertRaises(ValueError):
            self.keys._generate_scoped(
                self.user, self.env["apikey.scope"], "n8n", False
            )

    def test_the_secret_is_stored_nowhere(self):
        secret = self.issue(self.admin)
        self.env.flush_all()
        for table in ("res_users_apikeys", "apikey_history"):
            self.env.cr.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s",
                [f"%{secret}%"],
            )
            self.assertEqual(self.env.cr.fetchone(), (0,))

    def test_history(self):
        key = key_of(self.env, self.issue(self.admin, self.user))
        [row] = self.of(key)
        self.assertEqual((row["event"], row["before"]), ("issued", None))
        self.assertEqual(
            row["after"],
            {
                "name": "n8n",
                "user": f"integration ({self.user.id})",
                "scope": f"Enrichment ({self.made.id})",
                "stock_scope": "scoped_apikey",
                "suspended": False,
                "expires": None,
                "rotated_from": None,
            },
        )
        self.assertEqual((row["actor_login"], row["subject_name"]), ("admin", "n8n"))

    def test_history_of_an_unscoped_key(self):
        [row] = self.of(key_of(self.env, make_key(self.env, self.user, None)))
        self.assertEqual(row["event"], "issued")
        self.assertIsNone(row["after"]["scope"])
        self.assertEqual(row["actor_login"], "integration")


@tagged("post_install", "-at_install", "scoped_apikey")
class TestLifeOfAKey(KeyCase):
    def setUp(self):
        super().setUp()
        self.secret = make_key(self.env, self.user, self.made)
        self.one = key_of(self.env, self.secret)

    def by(self, user):
        return self.one.with_user(user)

    def assertRefused(self, users, method, *arguments):
        rows = self.of(self.one)
        for user in users:
            with (
                self.subTest(user.login, method=method),
                self.assertRaises(AccessError),
            ):
                getattr(self.by(user), method)(*arguments)
        self.assertEqual(self.of(self.one), rows)

    def assertEvent(self, event, **changed):
        """The last row of the history says who changed what."""
        row = self.of(self.one)[-1]
        self.assertEqual(row["event"], event)
        before, after = row["before"], row["after"]
        self.assertEqual(set(before), set(after))
        differing = {
            name: (before[name], after[name])
            for name in before
            if before[name] != after[name]
        }
        self.assertEqual(differing, changed)
        return row

    def test_suspend(self):
        self.assertRefused((self.other, self.auditor, self.portal), "_suspend")
        self.assertTrue(self.accepted(self.secret))
        for user in (self.user, self.admin):
            self.by(user)._suspend()
            self.assertTrue(self.one.suspended)
            self.assertEqual(self.one.state, "suspended")
            self.assertFalse(self.accepted(self.secret))
            row = self.assertEvent("suspended", suspended=(False, True))
            self.assertEqual(row["actor_login"], user.login)
            self.by(self.admin)._resume()

    def test_resume(self):
        self.one._suspend()
        self.assertRefused(
            (self.user, self.other, self.auditor, self.portal), "_resume"
        )
        self.assertFalse(self.accepted(self.secret))
        self.by(self.admin)._resume()
        self.assertEvent("resumed", suspended=(True, False))
        self.assertTrue(self.accepted(self.secret))
        self.assertEqual(self.one.scope, "scoped_apikey")
        self.assertEqual(self.one.scope_id, self.made)

    def test_suspend_and_resume_an_unscoped_key(self):
        secret = make_key(self.env, self.user, None)
        key = key_of(self.env, secret)
        for door in (None, "rpc", "odoo.plugin.outlook"):
            with self.subTest(door):
                self.env.cr.execute(
                    "UPDATE res_users_apikeys SET scope = %s WHERE id = %s",
                    [door, key.id],
                )
                key.invalidate_recordset()
                opens = self.accepted(secret)
                key.with_user(self.admin)._suspend()
                self.assertFalse(self.accepted(secret))
                key.with_user(self.admin)._resume()
                self.assertEqual(key.scope or None, door)
                self.assertEqual(self.accepted(secret), opens)

    def test_suspending_everybodys_keys(self):
        """One key of somebody else's among them, and none is touched."""
        foreign = self.key(self.made, self.other)
        with self.assertRaises(AccessError):
            (self.one | foreign).with_user(self.user)._suspend()
        self.assertFalse(self.one.suspended or foreign.suspended)

    def test_lift(self):
        self.assertRefused((self.user, self.other, self.auditor, self.portal), "_lift")
        self.by(self.admin)._lift()
        self.assertEqual(self.one.scope, "rpc")
        self.assertFalse(self.one.scope_id)
        self.assertEvent(
            "lifted",
            scope=(f"Enrichment ({self.made.id})", None),
            stock_scope=("scoped_apikey", "rpc"),
        )
        self.assertTrue(self.accepted(self.secret))
        self.assertFalse(self._known(self.one).scoped)

    def test_lift_of_a_suspended_key_does_not_resume_it(self):
        self.one._suspend()
        self.one._lift()
        self.assertTrue(self.one.suspended)
        self.assertFalse(self.accepted(self.secret))
        self.one._resume()
        self.assertTrue(self.accepted(self.secret))
        self.assertEqual(self.one.scope, "rpc")

    def test_limit(self):
        other = self.scope(name="Other")
        self.assertRefused(
            (self.user, self.other, self.auditor, self.portal), "_limit", other
        )
        self.by(self.admin)._limit(other)
        self.assertEqual(self.one.scope_id, other)
        self.assertEvent(
            "changed",
            scope=(f"Enrichment ({self.made.id})", f"Other ({other.id})"),
        )

    def test_limit_for_the_first_time(self):
        secret = make_key(self.env, self.user, None)
        key = key_of(self.env, secret)
        self.assertFalse(self._known(key).scoped)
        key.with_user(self.admin)._limit(self.made)
        self.assertTrue(self._known(key).scoped)
        self.assertEqual(self._known(key).scope_id, self.made.id)

    def test_limit_of_a_suspended_key_does_not_resume_it(self):
        for secret in (self.secret, make_key(self.env, self.user, None)):
            key = key_of(self.env, secret)
            key._suspend()
            key._limit(self.made)
            self.assertTrue(key.suspended)
            self.assertFalse(self.accepted(secret))
            key._resume()
            self.assertTrue(self.accepted(secret))
            self.assertTrue(self._known(key).scoped)

    def test_rotate(self):
        self.assertRefused(
            (self.other, self.auditor, self.portal), "_rotate", timedelta(hours=1)
        )
        secret = self.by(self.admin)._rotate(timedelta(hours=1))
        successor = key_of(self.env, secret)
        self.assertNotEqual(successor, self.one)
        self.assertEqual(successor.rotated_from_id, self.one)
        for name in ("user_id", "name", "scope_id", "scope"):
            self.assertEqual(successor[name], self.one[name])
        self.assertFalse(successor.expiration_date)
        self.assertAlmostEqual(
            self.one.expiration_date,
            fields.Datetime.now() + timedelta(hours=1),
            delta=timedelta(seconds=30),
        )
        self.assertTrue(self.accepted(self.secret))
        self.assertTrue(self.accepted(secret))
        row = self.of(self.one)[-1]
        self.assertEqual(row["event"], "rotated")
        self.assertIsNone(row["before"]["expires"])
        self.assertTrue(row["after"]["expires"])
        [row] = self.of(successor)
        self.assertEqual(row["event"], "issued")
        self.assertEqual(row["after"]["rotated_from"], self.one.id)

    def test_rotate_without_an_overlap(self):
        secret = self.one._rotate(timedelta(0))
        self.env.cr.execute(
            "UPDATE res_users_apikeys"
            " SET expiration_date = expiration_date - interval '1 hour'"
            " WHERE id = %s",
            [self.one.id],
        )  # an hour later; the database's clock stands still in a transaction
        self.assertFalse(self.accepted(self.secret))
        self.assertTrue(self.accepted(secret))

    def test_rotate_keeps_the_length_of_life(self):
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET create_date = %s, expiration_date = %s"
            " WHERE id = %s",
            [
                self.now - timedelta(days=80),
                self.now + timedelta(days=10),
                self.one.id,
            ],
        )
        self.one.invalidate_recordset()
        successor = key_of(self.env, self.one._rotate(timedelta(days=1)))
        life = successor.expiration_date - fields.Datetime.now()
        self.assertAlmostEqual(life, timedelta(days=90), delta=timedelta(seconds=30))
        self.assertAlmostEqual(
            self.one.expiration_date,
            fields.Datetime.now() + timedelta(days=1),
            delta=timedelta(seconds=30),
        )

    def test_rotate_never_prolongs(self):
        soon = self.now.replace(microsecond=0) + timedelta(hours=2)
        key = self.key(self.made, expiration_date=soon)
        key._rotate(timedelta(days=7))
        self.assertEqual(key.expiration_date, soon)

    def test_rotate_refused(self):
        unscoped = self.key(None)
        suspended = self.key(self.made)
        suspended._suspend()
        expired = self.key(self.made)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = %s WHERE id = %s",
            [self.now - timedelta(days=1), expired.id],
        )
        expired.invalidate_recordset()
        count = self.keys.search_count([])
        for key in (unscoped, suspended, expired):
            with self.assertRaises(UserError):
                key._rotate(timedelta(hours=1))
        with self.assertRaises(UserError):
            self.one._rotate(timedelta(seconds=-1))
        self.assertEqual(self.keys.search_count([]), count)

    def test_rotate_by_the_owner(self):
        """Rotating is issuing: no longer, and in no other scope, than one may."""
        self.made.group_ids = self.env.ref("base.group_user")
        with self.assertRaises(ValidationError):  # it does not expire
            self.by(self.user)._rotate(timedelta(hours=1))
        expires = self.now + timedelta(hours=12)
        key = self.key(self.made, expiration_date=expires)
        self.assertTrue(key.with_user(self.user)._rotate(timedelta(hours=1)))
        key = self.key(self.made, expiration_date=expires)
        self.made.group_ids = False
        with self.assertRaises(AccessError):
            key.with_user(self.user)._rotate(timedelta(hours=1))

    def test_remove(self):
        with self.assertRaises(AccessError):
            self.by(self.other)._remove()
        key_id = self.one.id
        self.by(self.user)._remove()
        self.assertFalse(self.one.exists())
        self.assertFalse(self.accepted(self.secret))
        row = self.of(self.keys.browse(key_id))[-1]
        self.assertEqual((row["event"], row["after"]), ("removed", None))
        self.assertEqual(row["before"]["scope"], f"Enrichment ({self.made.id})")
        self.assertEqual(row["subject_name"], "n8n")

    def test_removing_a_rotated_key_leaves_its_successor(self):
        successor = key_of(self.env, self.one._rotate(timedelta(hours=1)))
        self.one.unlink()
        self.env.invalidate_all()
        self.assertTrue(successor.exists())
        self.assertFalse(successor.rotated_from_id)

    def test_state(self):
        self.assertEqual(self.one.state, "active")
        self.one._suspend()
        self.assertEqual(self.one.state, "suspended")
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = %s WHERE id = %s",
            [self.now - timedelta(days=1), self.one.id],
        )
        self.one.invalidate_recordset()
        self.assertEqual(self.one.state, "expired")

    def test_writing_columns_by_the_orm(self):
        """Readonly fields of a model without an ORM table cannot be written."""
        for user in (self.user, self.auditor, self.portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.by(user).write({"suspended": True})

    def test_require_scope(self):
        self.env["ir.config_parameter"].set_param("scoped_apikey.require_scope", "1")
        for scope in (None, "rpc"):
            for user in (self.user, self.admin):
                with self.assertRaises(UserError) as caught:
                    self.keys.with_user(user).sudo()._generate(scope, "x", False)
                self.assertEqual(
                    str(caught.exception),
                    "Every new API key needs a scope. Please choose one.",
                )
        self.assertTrue(self.keys._generate_scoped(self.user, self.made, "x", False))
        self.assertTrue(
            self.keys.with_user(self.user).sudo()._generate("odoo.plugin", "x", False)
        )
        self.env["ir.config_parameter"].set_param("scoped_apikey.require_scope", False)
        self.assertTrue(make_key(self.env, self.user, None))


@tagged("post_install", "-at_install", "scoped_apikey")
class TestSelfProtection(KeyCase):
    """While a scoped key is served, nothing it hangs on can be changed, sudo included."""

    def attempts(self, key):
        scope = self.made
        rule = scope.rule_ids
        window = scope.window_ids
        parameters = self.env["ir.config_parameter"].sudo()
        setting = parameters.search([("key", "=", "scoped_apikey.retention_days")])
        plain = parameters.search([("key", "=", "some.plain")])
        admin = self.env(user=self.admin.id)
        yield "scope create", lambda: scope.create({"name": "x"})
        yield "scope write", lambda: scope.write({"networks": False})
        yield "scope unlink", lambda: self.unused.unlink()
        yield "scope copy", lambda: scope.copy()
        yield "rule create", lambda: rule.copy()
        yield "rule write", lambda: rule.write({"perm_unlink": True})
        yield "rule unlink", lambda: rule.unlink()
        yield "window write", lambda: window.write({"hour_to": 20})
        yield "window unlink", lambda: window.unlink()
        yield "window create", lambda: window.copy()
        yield "key unlink", lambda: key.unlink()
        yield "key remove", lambda: key.with_env(admin)._remove()
        yield "key write", lambda: key.write({"suspended": True})
        yield "suspend", lambda: key._suspend()
        yield "suspend another", lambda: self.foreign._suspend()
        yield "resume", lambda: self.suspended._resume()
        yield "lift", lambda: key._lift()
        yield "limit", lambda: key._limit(self.unused)
        yield "rotate", lambda: key._rotate(timedelta(0))
        yield "issue", lambda: make_key(self.env, self.user, None)
        yield "issue scoped", lambda: make_key(self.env, self.user, scope)
        yield (
            "issue as administrator",
            lambda: make_key(admin, self.admin.with_env(admin), None),
        )
        yield "setting write", lambda: setting.write({"value": "1"})
        yield "setting unlink", lambda: setting.unlink()
        yield "setting rename", lambda: setting.write({"key": "x"})
        yield "setting create", lambda: parameters.set_param("scoped_apikey.x", "1")
        yield "plain one renamed", lambda: plain.write({"key": "scoped_apikey.y"})

    def setUp(self):
        super().setUp()
        self.made.write(
            {
                "rule_ids": [self.rule("res.country", "read")],
                "window_ids": [
                    fields.Command.create(
                        {"dayofweek": "0", "hour_from": 8, "hour_to": 9}
                    )
                ],
            }
        )
        self.env["ir.config_parameter"].set_param("scoped_apikey.retention_days", "30")
        self.env["ir.config_parameter"].set_param("some.plain", "1")
        self.unused = self.scope(name="Unused")
        self.foreign = self.key(None, self.other)
        self.suspended = self.key(self.scope(name="Used"))
        self.suspended._suspend()

    def test_nothing_can_be_changed(self):
        for mode in ("enforce", "observe"):
            self.made.mode = mode
            key = self.key(self.made)
            self.env.flush_all()
            before = self.snapshot()
            for name, attempt in self.attempts(key):
                with self.subTest(name, mode=mode), self.serving(key):
                    with self.assertRaises(AccessError) as caught:
                        attempt()
                    self.assertIn("out of reach", str(caught.exception))
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(self.snapshot(), before)

    def snapshot(self):
        tables = {}
        for table in (
            "apikey_scope",
            "apikey_scope_rule",
            "apikey_scope_window",
            "res_users_apikeys",
        ):
            self.env.cr.execute(f"SELECT * FROM {table} ORDER BY id")
            tables[table] = self.env.cr.fetchall()
        self.env.cr.execute("SELECT key, value FROM ir_config_parameter ORDER BY key")
        return {**tables, "parameters": self.env.cr.fetchall()}

    def test_each_attempt_works_otherwise(self):
        """Or the refusals would prove nothing."""
        for served in (None, self.foreign):  # outside of a call, and by an unscoped key
            for name, attempt in list(self.attempts(self.key(self.made))):
                if name == "key write":  # the model has no table of the ORM's to write
                    continue
                with self.subTest(name, served=served):
                    savepoint = self.env.cr.savepoint()
                    try:
                        with self.serving(served) if served else nullcontext():
                            attempt()
                        self.env.flush_all()
                    finally:
                        savepoint.close(rollback=True)
                        self.env.invalidate_all()

    def test_other_parameters_can_be_changed(self):
        with self.serving(self.key(self.made)):
            self.env["ir.config_parameter"].set_param("some.other", "1")
        self.assertEqual(self.env["ir.config_parameter"].get_param("some.other"), "1")
