# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scopes: what may be saved, versions, and the policy that is made of them."""

import json

import psycopg2
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.apikey_scope import LIMITS
from .common import ScopedCase, events, make_user

WINDOW = {"dayofweek": "0", "hour_from": 8.0, "hour_to": 18.0}


@tagged("post_install", "-at_install", "scoped_apikey")
class TestWhatMayBeSaved(ScopedCase):
    def assertInvalid(self, sentence, **values):
        """Refused when it is made, and when it is edited."""
        scope = self.scope()
        for save in (lambda: self.scope(**values), lambda: scope.write(values)):
            with self.assertRaises(ValidationError) as caught:
                save()
            self.assertEqual(str(caught.exception), sentence)

    def test_networks(self):
        for networks, sentence in (
            (
                "nonsense",
                "Line 1, “nonsense”: this is neither a network nor an address.",
            ),
            (
                "203.0.113.0/24\n\n  10.0.0.300 ",
                "Line 3, “10.0.0.300”: this is neither a network nor an address.",
            ),
            (
                "::1\nfe80::1%eth0",
                "Line 2, “fe80::1%eth0”: an address with a zone belongs to one machine"
                " only.",
            ),
            (
                "10.0.0.0/33",
                "Line 1, “10.0.0.0/33”: what follows the slash is no length of a"
                " network.",
            ),
            (
                "203.0.113.5/24",
                "Line 1, “203.0.113.5/24”: this may mean the address or the network."
                " Write one of them.",
            ),
            (
                "\n".join(f"10.0.{i // 256}.{i % 256}" for i in range(1001)),
                "Line 1001, “10.0.3.232”: these are too many networks.",
            ),
        ):
            with self.subTest(networks[:30]):
                self.assertInvalid(sentence, networks=networks)

    def test_good_networks(self):
        scope = self.scope(networks=" 203.0.113.0/24\n\n2001:db8::/32 \n10.0.0.1")
        self.assertTrue(scope._compile().networks.contains("10.0.0.1"))
        scope.networks = False
        self.assertFalse(scope._compile().networks)

    def test_tz(self):
        for tz in ("Mars/Olympus", "", "../etc/passwd"):
            with self.subTest(tz):
                self.assertInvalid(f"There is no time zone “{tz}”.", tz=tz)

    def test_limits_on_calls(self):
        for name in LIMITS:
            with self.subTest(name):
                self.assertInvalid(
                    "A limit on calls cannot be negative; 0 is none.", **{name: -1}
                )
                self.assertEqual(self.scope(**{name: 1})[name], 1)
        self.assertInvalid(
            "A limit of 1025 calls at a time is more than the 1024 that can be told apart."
            " Leave it at 0 for none.",
            concurrency_limit=1025,
        )

    def test_context_keys(self):
        for text, sentence in (
            (
                "a, no-name",
                "Line 1, “a, no-name”: “no-name” is no name of a context key.",
            ),
            ("a\n\n1b", "Line 3, “1b”: “1b” is no name of a context key."),
        ):
            with self.subTest(text):
                self.assertInvalid(sentence, context_keys=text)

    def test_routes(self):
        for text, sentence in (
            (
                "/json/1\n/json/*",
                "Line 2, “/json/*”: “/json/*” is no path of plain segments, such as"
                " /json/1: no wildcards, no escapes, no dots to begin with.",
            ),
            (
                "/json/2/res.partner/read",
                "Line 1, “/json/2/res.partner/read”: rules grant what"
                " “/json/2/res.partner/read” does, so it cannot be named.",
            ),
        ):
            with self.subTest(text):
                self.assertInvalid(sentence, routes=text)

    def test_windows(self):
        for values, sentence in (
            ({"hour_from": 25}, "Hours are from 0:00 to 24:00."),
            ({"hour_to": -1}, "Hours are from 0:00 to 24:00."),
            ({"hour_from": 24}, "Hours are from 0:00 to 24:00."),
            (
                {"hour_from": 8, "hour_to": 8},
                "Hours that begin and end at the same time are empty. A whole day is"
                " 0:00 to 24:00.",
            ),
        ):
            with self.subTest(values):
                self.assertInvalid(
                    sentence, window_ids=[Command.create({**WINDOW, **values})]
                )

    def test_window_edited_by_itself(self):
        scope = self.scope(window_ids=[Command.create(WINDOW)])
        with self.assertRaises(ValidationError):
            scope.window_ids.hour_to = 8.0
        with self.assertRaises(ValueError):
            scope.window_ids.dayofweek = "7"

    def test_mode(self):
        with self.assertRaises(ValueError):
            self.scope(mode="off")

    def test_name_is_required(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.Error):
            self.env["apikey.scope"].create({"name": False})

    def test_in_use_it_cannot_be_deleted(self):
        scope = self.scope()
        key = self.key(scope)
        for user in (self.admin, self.env.user):
            with self.assertRaises(UserError) as caught:
                scope.with_user(user).unlink()
            self.assertIn("is in use by 1 keys", str(caught.exception))
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self.env.cr.execute("DELETE FROM apikey_scope WHERE id = %s", [scope.id])
        self.assertTrue(scope.exists())
        key.unlink()
        scope.unlink()
        self.assertFalse(scope.exists())

    def test_a_scoped_row_has_the_stock_scope_that_no_door_takes(self):
        key = self.key(self.scope())
        for scope in ("rpc", None, "anything"):
            with (
                self.subTest(scope),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.IntegrityError),
            ):
                self.env.cr.execute(
                    "UPDATE res_users_apikeys SET scope = %s WHERE id = %s",
                    [scope, key.id],
                )


@tagged("post_install", "-at_install", "scoped_apikey")
class TestVersions(ScopedCase):
    """Every edit of a scope has its version, and what is served is the newest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = cls.env["apikey.scope"].create(
            {
                "name": "Enrichment",
                "tz": "UTC",
                "rule_ids": [
                    Command.create(
                        {
                            "model_id": cls.env["ir.model"]._get_id("res.country"),
                            "perm_read": True,
                        }
                    )
                ],
                "window_ids": [Command.create(WINDOW)],
            }
        )
        cls.line = cls.made.rule_ids
        cls.window = cls.made.window_ids

    def edits(self):
        scope, rule, window = self.made, self.line, self.window
        other = self.env["ir.model"]._get_id("res.partner")
        email = self.env["ir.model.fields"]._get_ids("res.country")["code"]
        another = {"model_id": other, "perm_read": True}
        yield "mode", lambda: scope.write({"mode": "observe"})
        yield "networks", lambda: scope.write({"networks": "10.0.0.0/8"})
        yield "tz", lambda: scope.write({"tz": "Europe/Amsterdam"})
        yield "name", lambda: scope.write({"name": "Else"})
        yield "rule", lambda: rule.write({"perm_write": True})
        yield "rule's field", lambda: rule.write({"field_ids": [Command.set([email])]})
        yield "rule's methods", lambda: rule.write({"methods": "get_address_fields"})
        yield "assignment", lambda: setattr(rule, "perm_read", False)
        yield "new rule", lambda: rule.create({**another, "scope_id": scope.id})
        yield "removed rule", lambda: rule.unlink()
        yield "copied rule", lambda: rule.copy({"model_id": other})
        yield "window", lambda: window.write({"hour_to": 19.0})
        yield "new window", lambda: window.create({**WINDOW, "scope_id": scope.id})
        yield "removed window", lambda: window.unlink()
        for name in LIMITS:
            yield name, lambda name=name: scope.write({name: 60})
        yield (
            "uncounted calls",
            lambda: scope.write({"on_counter_failure": "serve"}),
        )
        for name, command in (
            ("create", Command.create(another)),
            ("update", Command.update(rule.id, {"perm_unlink": True})),
            ("delete", Command.delete(rule.id)),
            ("clear", Command.clear()),
        ):
            yield (
                f"rule by command {name}",
                lambda command=command: scope.write({"rule_ids": [command]}),
            )
        for name, command in (
            ("create", Command.create(WINDOW)),
            ("update", Command.update(window.id, {"hour_from": 7.0})),
            ("delete", Command.delete(window.id)),
        ):
            yield (
                f"window by command {name}",
                lambda command=command: scope.write({"window_ids": [command]}),
            )

    def served(self):
        """Return the policy as a call gets it: by the version in the database."""
        self.env.flush_all()
        self.env.invalidate_all()
        key = self.key(self.made)
        call = self.call_with(key)
        key.unlink()
        return self.env["apikey.scope"]._policy(call.key)

    def test_each_edit(self):
        for name, edit in self.edits():
            with self.subTest(name):
                savepoint = self.env.cr.savepoint()
                before, policy = self.made.version, self.served()
                rows = len(events(self.env, "subject = 'scope'"))
                edit()
                self.env.flush_all()
                self.assertNotEqual(self.made.version, before)
                self.assertEqual(self.served(), self.made._compile())
                if name != "name":
                    self.assertNotEqual(self.served(), policy)
                new = events(self.env, "subject = 'scope'")[rows:]
                self.assertEqual(
                    [row["event"] for row in new], ["changed"], "one edit, one row"
                )
                self.assertNotEqual(new[0]["before"], new[0]["after"])
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_a_version_that_was_rolled_back_is_not_served(self):
        narrow = self.served()
        savepoint = self.env.cr.savepoint()
        self.line.perm_unlink = True
        wide = self.served()
        self.assertNotEqual(wide, narrow)
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        self.assertEqual(self.served(), narrow)

    def test_rule_moved_to_another_scope(self):
        other = self.scope(name="Other")
        before = self.made.version, other.version
        self.line.scope_id = other
        self.assertNotIn(self.made.version, before)
        self.assertNotIn(other.version, before)
        self.assertEqual(self.served().rules, ())

    def test_decision_follows_an_edit_at_once(self):
        self.decide(self.made, "res.country", "search", domain=[])
        self.line.perm_read = False
        self.refusal(self.made, "res.country", "search", domain=[])
        self.line.perm_read = True
        self.decide(self.made, "res.country", "search", domain=[])

    def test_history(self):
        [row] = events(self.env, "subject = 'scope' AND subject_ref = %s", self.made.id)
        self.assertEqual((row["event"], row["before"]), ("created", None))
        created = json.loads(row["after"])
        self.assertEqual(created["name"], "Enrichment")
        self.assertEqual(created["rules"][0]["model"], "res.country")
        self.assertEqual(created["rules"][0]["operations"], ["read"])
        self.assertEqual(created["windows"], [WINDOW])
        self.made.with_user(self.admin).write({"networks": "10.0.0.0/8"})
        row = events(self.env, "subject_ref = %s", self.made.id)[-1]
        self.assertEqual(row["event"], "changed")
        self.assertEqual(json.loads(row["before"]), created)
        self.assertEqual(
            json.loads(row["after"]), {**created, "networks": "10.0.0.0/8"}
        )
        self.assertEqual(row["actor_ref"], self.admin.id)
        self.assertEqual(row["actor_login"], "admin")
        before = json.loads(row["after"])
        scope_id = self.made.id
        self.made.unlink()
        row = events(self.env, "subject_ref = %s", scope_id)[-1]
        self.assertEqual((row["event"], row["after"]), ("removed", None))
        self.assertEqual(json.loads(row["before"]), before)
        self.assertEqual(row["subject_name"], "Enrichment")

    def test_an_edit_that_changes_nothing_has_no_row(self):
        rows = len(events(self.env))
        self.made.write({"networks": self.made.networks})
        self.line.write({"perm_read": True})
        self.assertEqual(len(events(self.env)), rows)

    def test_copy(self):
        self.made.networks = "10.0.0.0/8"
        self.key(self.made)
        copy = self.made.copy()
        self.assertEqual(copy.name, "Enrichment (copy)")
        self.assertNotEqual(copy.version, self.made.version)
        self.assertEqual(copy._compile(), self.made._compile())
        self.assertNotEqual(copy.rule_ids, self.made.rule_ids)
        self.assertFalse(copy.key_ids)
        self.assertEqual(
            [row["event"] for row in events(self.env, "subject_ref = %s", copy.id)],
            ["created"],
        )

    def test_who_may_choose(self):
        scope = self.made
        owner = self.env["res.users.apikeys"].with_user(self.user)
        with self.assertRaises(AccessError):
            scope.with_user(self.user)._check_may_choose()
        with self.assertRaises(AccessError):
            owner._generate_scoped(
                self.user, scope.with_user(self.user).sudo(False), "x", False
            )
        scope.group_ids = self.env.ref("base.group_portal")
        with self.assertRaises(AccessError):
            scope.with_user(self.user)._check_may_choose()
        scope.group_ids = self.env.ref("base.group_user")
        scope.with_user(self.user)._check_may_choose()
        scope.with_user(self.admin)._check_may_choose()
        portal = make_user(self.env, "portal.user", "base.group_portal")
        with self.assertRaises(AccessError):
            scope.with_user(portal)._check_may_choose()

    def test_deleting_a_group_narrows(self):
        group = self.env["res.groups"].create({"name": "Choosers"})
        self.user.group_ids = [Command.link(group.id)]
        self.made.group_ids = group
        self.made.with_user(self.user)._check_may_choose()
        group.unlink()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.made.with_user(self.user)._check_may_choose()
