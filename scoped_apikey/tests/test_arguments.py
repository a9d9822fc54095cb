# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the call log keeps of arguments: as the scope says, or the setting, and no secrets."""

import base64
import json
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.service import model as service
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..policy.arguments import LIMIT
from ..seams import rpc
from .common import (
    TRANSPORTS,
    CallCase,
    ScopedCase,
    calls,
    events,
    make_key,
    make_scope,
    rule,
)

PARAMETER = "scoped_apikey.log_arguments"
SEARCH = {
    "domain": [["name", "=", "Ada"], ["id", ">", 0]],
    "fields": ["name", "email"],
    "limit": 5,
}
SHAPE = (
    '{"domain":[["name","=","text(3)"],["id",">",0]],'
    '"fields":["name","email"],"limit":"number"}'
)
FULL = (
    '{"domain":[["name","=","Ada"],["id",">",0]],"fields":["name","email"],"limit":5}'
)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestArgumentsOfCalls(CallCase):
    def setUp(self):
        super().setUp()
        self.keep(False)
        self.addCleanup(self.keep, False)

    def keep(self, value):
        """Set what is kept where no scope says."""
        with self.committing() as env:
            env["ir.config_parameter"].set_param(PARAMETER, value)

    def kept(self, transport, *args, outcome="allowed", **kwargs):
        """Make a call, and return what its row keeps of its arguments."""
        before = len(self.rows())
        answer = self.call(transport, *args, **kwargs)
        [row] = self.rows()[before:]
        self.assertEqual(row["outcome"], outcome, answer.text)
        return row["arguments"]

    def kept_by_all(self, expected, *args, transports=TRANSPORTS, **kwargs):
        for transport in transports:
            with self.subTest(transport):
                self.assertEqual(self.kept(transport, *args, **kwargs), expected)

    def test_by_the_setting(self):
        secret = self.issue(("res.partner", "read"))
        unscoped = self.issue_unscoped()
        with self.committing() as env:
            env["res.users"].browse(self.user_id).password = "s3cret-pass"
        for setting, expected in (
            (False, None),
            ("none", None),
            ("shape", SHAPE),
            ("full", FULL),
            ("nonsense", None),
        ):
            self.keep(setting)
            with self.subTest(setting):
                search = ("res.partner", "search_read")
                self.kept_by_all(expected, secret, *search, **SEARCH)
                self.kept_by_all(expected, unscoped, *search, **SEARCH)
                self.kept_by_all(
                    expected,
                    "s3cret-pass",
                    *search,
                    transports=TRANSPORTS[1:],
                    **SEARCH,
                )

    def test_the_scope_overrides_the_setting(self):
        for setting, by_scope, expected in (
            ("full", "none", None),
            ("none", "shape", SHAPE),
            ("shape", "full", FULL),
            ("shape", False, SHAPE),
        ):
            self.keep(setting)
            secret = self.issue(("res.partner", "read"), log_arguments=by_scope)
            with self.subTest(setting, by_scope=by_scope):
                self.kept_by_all(
                    expected, secret, "res.partner", "search_read", **SEARCH
                )

    def test_an_edit_of_the_scope_holds_at_once(self):
        with self.committing() as env:
            scope = self.make(make_scope(env, rule(env, "res.partner", "read")))
            user = env["res.users"].browse(self.user_id)
            secret = make_key(env, user, scope)
        for by_scope, expected in (("full", FULL), ("shape", SHAPE), (False, None)):
            with self.committing() as env:
                env["apikey.scope"].browse(scope.id).log_arguments = by_scope
            self.kept_by_all(expected, secret, "res.partner", "search_read", **SEARCH)

    def test_of_refused_and_failed_calls(self):
        secret = self.issue(("res.partner", "read"), log_arguments="full")
        self.kept_by_all(
            f'{{"ids":[{self.partner_id}],"vals":{{"name":"Eve"}}}}',
            secret,
            "res.partner",
            "write",
            [self.partner_id],
            vals={"name": "Eve"},
            outcome="denied",
        )
        self.kept_by_all(
            '{"domain":"text(3)"}',
            secret,
            "res.partner",
            "search",
            domain="(((",
            outcome="denied",
        )
        # Nobody knows what the values of an unknown model are.
        kept = self.kept("json2", secret, "no.such", "do", x="y", outcome="denied")
        self.assertEqual(kept, '{"x":"text(1)"}')
        unscoped = self.issue_unscoped()
        self.keep("full")
        with mute_logger("odoo.http", "odoo.addons.rpc.controllers.xmlrpc"):
            self.kept_by_all(
                '{"ids":[0],"fields":["no_such_field"]}',
                unscoped,
                "res.partner",
                "read",
                [0],
                fields=["no_such_field"],
                outcome="error",
            )

    def test_what_was_sent_is_kept_and_not_what_odoo_made_of_it(self):
        secret = self.issue(("res.partner", "create"), log_arguments="full")
        vals_list = [{"name": "Made", "category_id": [[6, 0, []]]}]
        for transport in TRANSPORTS:
            kept = self.kept(
                transport, secret, "res.partner", "create", vals_list=vals_list
            )
            self.assertEqual(json.loads(kept), {"vals_list": vals_list})
        with self.committing() as env:
            env["res.partner"].search([("name", "=", "Made")]).unlink()

    def test_secrets(self):
        for by_scope in ("shape", "full"):
            secret = self.issue(("res.partner", "write"), log_arguments=by_scope)
            for model, method, ids, kwargs, kept in (
                (
                    "res.users",
                    "write",
                    [self.user_id],
                    {"vals": {"password": "n3w-pass"}},
                    {"ids": [self.user_id], "vals": {"password": "[redacted]"}},
                ),
                (
                    "res.partner",
                    "write",
                    [self.partner_id],
                    {"vals": {"user_ids": [[1, 2, {"password": "n3w-pass"}]]}},
                    {
                        "ids": [self.partner_id],
                        "vals": {"user_ids": [[1, 2, {"password": "[redacted]"}]]},
                    },
                ),
                (
                    "res.users",
                    "search",
                    None,
                    {"domain": [["signup_token", "=", "n3w-pass"]]},
                    {"domain": [["signup_token", "=", "[redacted]"]]},
                ),
                (
                    "ir.config_parameter",
                    "set_param",
                    None,
                    {"key": "my.own", "value": "n3w-pass"},
                    {"key": "[redacted]", "value": "[redacted]"},
                ),
                (
                    "ir.config_parameter",
                    "search",
                    None,
                    {"domain": [["value", "=", "n3w-pass"]]},
                    {"domain": [["value", "=", "[redacted]"]]},
                ),
                (
                    "res.users",
                    "change_password",
                    None,
                    {"old_passwd": "n3w-pass", "new_passwd": "n3w-pass"},
                    {"old_passwd": "[redacted]", "new_passwd": "[redacted]"},
                ),
            ):
                for transport in TRANSPORTS:
                    with self.subTest(transport, model=model, method=method):
                        shown = self.kept(
                            transport,
                            secret,
                            model,
                            method,
                            ids,
                            outcome="denied",
                            **kwargs,
                        )
                        self.assertEqual(json.loads(shown), kept)

    def test_the_key_itself(self):
        secret = self.issue(("res.partner", "read"), log_arguments="full")
        for transport in TRANSPORTS:
            kept = self.kept(
                transport,
                secret,
                "res.partner",
                "search",
                domain=[["name", "=", secret]],
            )
            self.assertEqual(kept, '{"domain":[["name","=","[redacted]"]]}')

    def test_files(self):
        image = base64.b64encode(b"GIF89a" + b"\0" * 20).decode()
        for by_scope in ("shape", "full"):
            secret = self.issue(("res.partner", "read"), log_arguments=by_scope)
            for transport in TRANSPORTS:
                kept = self.kept(
                    transport,
                    secret,
                    "res.partner",
                    "write",
                    [self.partner_id],
                    vals={"image_1920": image},
                    outcome="denied",
                )
                self.assertEqual(
                    json.loads(kept)["vals"], {"image_1920": "[binary, 26 bytes]"}
                )

    def test_long_arguments_are_cut(self):
        secret = self.issue(("res.partner", "read"), log_arguments="full")
        # What cannot be stored stands in other characters, and not in more of them.
        values = [
            {"name": f"\0\x7f\ud800 {number}" + "x" * 50} for number in range(100)
        ]
        for transport in ("json2", "jsonrpc"):
            kept = self.kept(
                transport,
                secret,
                "res.partner",
                "create",
                vals_list=values,
                outcome="denied",
            )
            self.assertEqual(len(kept), LIMIT)
            self.assertRegex(kept, r"… cut: \d,\d{3} characters in all$")

    def test_what_cannot_be_shown_is_said(self):
        secret = self.issue(("res.partner", "read"), log_arguments="full")
        room = "odoo.addons.scoped_apikey.rooms.arguments"
        with (
            patch(f"{room}.show_arguments", side_effect=KeyError("n3w-pass")),
            mute_logger(room),
        ):
            self.kept_by_all(
                "could not be shown: KeyError",
                secret,
                "res.partner",
                "search_read",
                **SEARCH,
            )

    def test_a_route_has_none(self):
        secret = self.issue(("res.partner", "read"), log_arguments="full")
        self.post("/json/1/res.partner", {"x": "y"}, secret)
        self.assertEqual({row["arguments"] for row in self.rows()}, {None})


@tagged("post_install", "-at_install", "scoped_apikey")
class TestArguments(ScopedCase):
    def shown(self, key, *args, refused=False, **kwargs):
        """Make a call through the entrance of RPC, and return what is kept of it."""
        call = self.call_with(key, *args[:2])
        if refused:
            with self.assertRaises(AccessError):
                self.serve(key, *args, call=call, **kwargs)
        else:
            self.serve(key, *args, call=call, **kwargs)
        return call.arguments

    def test_arguments_by_position(self):
        """They have the names of the method's parameters, or none that could tell."""
        key = self.key(self.scope(log_arguments="full"))
        for args, shown in (
            (
                ("res.users", "change_password", "old", "new"),
                {"old_passwd": "[redacted]", "new_passwd": "[redacted]"},
            ),
            (
                ("res.partner", "search_read", [["name", "=", "Ada"]], ["name"], 0, 5),
                {
                    "domain": [["name", "=", "Ada"]],
                    "fields": ["name"],
                    "offset": 0,
                    "limit": 5,
                },
            ),
            (
                ("res.partner", "message_post", [5], "more than it takes"),
                {"ids": [5], "…": "text(18)"},
            ),
            (
                ("res.partner", "no_such_method", [5], "s3cret"),
                {"ids": [5], "…": "text(6)"},
            ),
        ):
            with self.subTest(args):
                shown_args = self.shown(key, *args, refused=True)
                self.assertEqual(json.loads(shown_args), shown)

    def test_context(self):
        key = self.key(self.scope(log_arguments="full"))
        shown = self.shown(
            key,
            "res.users",
            "create",
            [{"name": "x"}],
            context={"lang": "en_US", "default_password": "s3cret"},
            refused=True,
        )
        self.assertEqual(
            json.loads(shown),
            {
                "vals_list": [{"name": "x"}],
                "context": {"lang": "en_US", "default_password": "[redacted]"},
            },
        )

    def test_what_is_not_understood_is_not_kept(self):
        key = self.key(self.scope(log_arguments="full"))
        call = self.call_with(key, "res.partner", "read")
        partners = self.env["res.partner"]
        with self.assertRaises(AccessError):
            rpc._decide(call, partners.with_user(self.user), "read", "nonsense", {})
        self.assertIsNone(call.arguments)

    def test_nested_calls_leave_those_of_the_call_alone(self):
        key = self.key(
            self.scope(self.rule("res.partner", "read"), log_arguments="full")
        )
        with self.serving(key) as call:
            partners = self.env["res.partner"].with_user(self.user)
            service.call_kw(partners, "search", [[["name", "=", "x"]]], {})
            self.assertIsNone(call.arguments)
            call.arguments = "its own"
            service.call_kw(partners, "search", [[["name", "=", "x"]]], {})
            self.assertEqual(call.arguments, "its own")

    def test_all_secrets_of_all_models_are_known(self):
        """Where a value stands under no model's field, each of their names counts."""
        catalogue = self.env["apikey.catalogue"]
        anywhere = catalogue._names_of(None)
        for model in self.env.registry:
            names = catalogue._names_of(model)
            fields = self.env[model]._fields
            secrets = {name for name in names.secrets if not fields[name].relational}
            self.assertLessEqual(secrets, anywhere.secrets, model)
            self.assertLessEqual(names.binaries, anywhere.binaries, model)
            self.assertEqual(names.secrets, catalogue._secrets_of(model))
            self.assertEqual(names.fields, set(fields))
        self.assertTrue(catalogue._names_of("ir.config_parameter").store)
        self.assertFalse(catalogue._names_of("res.partner").store)
        self.assertLessEqual({"password", "new_passwd"}, anywhere.secrets)
        self.assertNotIn("user_ids", anywhere.secrets)
        self.assertLessEqual({"image_1920", "datas", "raw"}, anywhere.binaries)

    def test_a_scope_says_it(self):
        scope = self.scope()
        self.assertFalse(scope.log_arguments)
        self.assertEqual(scope._compile().log_arguments, "")
        self.assertNotIn("The call log", scope.summary)
        version = scope.version
        for value, words in (
            ("shape", "The call log keeps the shape of their arguments."),
            ("full", "The call log keeps their arguments, but no secrets."),
        ):
            scope.log_arguments = value
            self.assertEqual(scope._compile().log_arguments, value)
            self.assertEqual(scope._compile().in_force.log_arguments, value)
            self.assertIn(words, scope.summary)
            self.assertNotEqual(scope.version, version)
        scope.log_arguments = "none"
        self.assertNotIn("The call log", scope.summary)
        self.env.flush_all()
        changed = [
            json.loads(row["after"])["log_arguments"]
            for row in events(
                self.env, "subject = 'scope' AND subject_ref = %s", scope.id
            )
        ]
        self.assertEqual(changed, [None, "shape", "full", "none"])
        history = self.env["apikey.history"].search([("subject_ref", "=", scope.id)])
        self.assertIn("Arguments in the Call Log", history[0].changes)
        with self.assertRaises(ValueError):
            scope.log_arguments = "everything"

    def test_the_log_shows_it(self):
        key = self.key(
            self.scope(self.rule("res.partner", "read"), log_arguments="full")
        )
        call = self.call_with(key, "res.partner", "search")
        self.serve(key, "res.partner", "search", [["name", "=", "é"]], call=call)
        [row] = calls(self.env, "call_ref = %s", call.ref)
        self.assertEqual(row["arguments"], '{"domain":[["name","=","é"]]}')
        stored = self.env["apikey.call"].search([("call_ref", "=", call.ref)])
        self.assertEqual(stored.arguments, row["arguments"])
