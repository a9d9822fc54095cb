# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may do what to scopes, keys and logs."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..call import Call
from .common import ScopedCase, make_user

NONE, READ, ALL = "", "r", "rwcu"
#                           user  portal auditor administrator
MODELS = {
    "apikey.scope": (READ, READ, READ, ALL),
    "apikey.scope.rule": (NONE, NONE, READ, ALL),
    "apikey.scope.window": (NONE, NONE, READ, ALL),
    "apikey.call": (NONE, NONE, READ, READ),
    "apikey.history": (NONE, NONE, READ, READ),
    "apikey.seal": (NONE, NONE, READ, READ),
    "apikey.usage": (NONE, NONE, READ, READ),
    "apikey.verification": (NONE, NONE, READ, READ),
    "ir.model": (NONE, NONE, READ, ALL),
    "ir.model.fields": (NONE, NONE, READ, ALL),
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}


@tagged("post_install", "-at_install", "scoped_apikey")
class TestAccess(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = make_user(cls.env, "portal.user", "base.group_portal")
        cls.auditor = make_user(cls.env, "auditor", "scoped_apikey.group_auditor")
        cls.public = cls.env.ref("base.public_user")
        cls.users = (cls.user, cls.portal, cls.auditor, cls.admin)

    def test_models(self):
        for model, granted in MODELS.items():
            for user, letters in zip(self.users, granted, strict=True):
                for letter, operation in OPERATIONS.items():
                    with self.subTest(model, user=user.login, operation=operation):
                        self.assertEqual(
                            self.env[model].with_user(user).has_access(operation),
                            letter in letters,
                        )

    def test_the_public_reaches_nothing(self):
        for model in (*MODELS, "res.users.apikeys"):
            for operation in OPERATIONS.values():
                with self.subTest(model, operation=operation):
                    self.assertFalse(
                        self.env[model].with_user(self.public).has_access(operation)
                    )

    def test_every_model_of_ours_is_in_the_table(self):
        ours = {
            name
            for name, model in self.env.registry.items()
            if name.startswith("apikey.")
            and not model._abstract
            and not model._transient
        }
        self.assertEqual(ours, {name for name in MODELS if name.startswith("apikey.")})

    def test_scopes_one_sees(self):
        mine = self.scope(name="Mine", group_ids=self.env.ref("base.group_user").ids)
        theirs = self.scope(
            name="Theirs", group_ids=self.env.ref("base.group_portal").ids
        )
        nobodys = self.scope(name="Nobody's")
        every = mine | theirs | nobodys
        for user, seen in (
            (self.user, mine),
            (self.portal, theirs),
            (self.auditor, every),
            (self.admin, every),
        ):
            with self.subTest(user.login):
                found = self.env["apikey.scope"].with_user(user).search([])
                self.assertEqual(found & every, seen)
                for scope in every - seen:
                    with self.assertRaises(AccessError):
                        scope.with_user(user).read(["name", "networks"])

    def test_keys_one_sees(self):
        scope = self.scope()
        keys = [self.key(scope, user) for user in self.users]
        every = self.keys.browse([key.id for key in keys])
        for user, own in zip(self.users, keys, strict=True):
            seen = every if user in (self.auditor, self.admin) else own
            with self.subTest(user.login):
                found = self.keys.with_user(user).search([("id", "in", every.ids)])
                self.assertEqual(found, seen)
                found.read(["name", "state", "suspended", "expiration_date"])

    def test_auditors_change_no_key(self):
        key = self.key(self.scope()).with_user(self.auditor)
        for operation in (
            lambda: key.unlink(),
            lambda: key._remove(),
            lambda: key._suspend(),
            lambda: key._lift(),
        ):
            with self.assertRaises(AccessError):
                operation()
        self.assertTrue(key.exists())

    def test_logs_one_reads(self):
        call = Call(self.env.cr.dbname, "xmlrpc", None, "res.partner", "read")
        self.env["apikey.call"]._insert(call.row("allowed", None))
        for user in (self.auditor, self.admin):
            rows = (
                self.env["apikey.call"]
                .with_user(user)
                .search_read([("call_ref", "=", call.ref)])
            )
            self.assertEqual(len(rows), 1)
        for user in (self.user, self.portal):
            for model in ("apikey.call", "apikey.history"):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])

    def test_auditors_read_the_whole_scope(self):
        scope = self.scope(self.rule("res.country", "read", ["code"]))
        as_auditor = scope.with_user(self.auditor)
        self.assertTrue(as_auditor.read())
        self.assertTrue(as_auditor.rule_ids.read())
        self.assertEqual(as_auditor.rule_ids.field_ids.mapped("name"), ["code"])
        for write in (
            lambda: as_auditor.write({"name": "x"}),
            lambda: as_auditor.rule_ids.write({"perm_write": True}),
            lambda: as_auditor.copy(),
            lambda: as_auditor.unlink(),
        ):
            with self.assertRaises(AccessError):
                write()

    def test_groups(self):
        self.assertTrue(self.auditor.has_group("base.group_user"))
        self.assertFalse(self.auditor.has_group("base.group_system"))
        self.assertFalse(self.user.has_group("scoped_apikey.group_auditor"))

    def test_secrets_of_keys_are_no_fields(self):
        self.assertNotIn("key", self.keys._fields)
        self.assertNotIn("index", self.keys._fields)
