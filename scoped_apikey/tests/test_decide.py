# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The second room: what rules grant, and the words that say what they do not."""

from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..footprint.arguments import Arguments
from ..policy import catalogue
from ..policy.decide import Refusal
from ..rooms import decide as room
from .common import OPERATIONS, ScopedCase, make_user

ALL = "read write create unlink"


@tagged("post_install", "-at_install", "scoped_apikey")
class TestSentences(ScopedCase):
    """Each refusal, word for word. ``why`` checks how each begins."""

    def test_operations(self):
        scope = self.scope(self.rule("res.partner", ""))
        for method, kwargs, word in (
            ("read", {"ids": [1], "fields": ["name"]}, "read"),
            ("write", {"ids": [1], "vals": {"name": "x"}}, "write"),
            ("create", {"vals_list": [{"name": "x"}]}, "create"),
            ("unlink", {"ids": [1]}, "delete"),
            ("fields_get", {}, "anything"),
        ):
            with self.subTest(method):
                self.assertEqual(
                    self.why(scope, "res.partner", method, **kwargs),
                    f"no rule grants {word} on Contact (res.partner).",
                )

    def test_the_whole_sentence(self):
        self.assertEqual(
            self.refusal(self.scope(), "res.partner", "unlink", [1]),
            'Key "n8n" (scope "Enrichment") may not call res.partner.unlink: no rule'
            " grants delete on Contact (res.partner).",
        )

    def test_protected(self):
        scope = self.scope(self.rule(None, ALL))
        self.assertEqual(
            self.why(scope, "ir.cron", "search", domain=[]),
            "no rule grants read on Scheduled Actions (ir.cron), which is protected and"
            " must be named by a rule.",
        )

    def test_fields(self):
        scope = self.scope(self.rule("res.partner", "read", ["name", "email"]))
        self.assertEqual(
            self.why(
                scope, "res.partner", "read", [1], fields=["phone", "name", "city"]
            ),
            "no single rule grants read on Contact (res.partner) with city, phone.",
        )

    def test_secrets(self):
        scope = self.scope(self.rule("res.users", "read"))
        self.assertEqual(
            self.why(scope, "res.users", "read", [1], fields=["name", "password"]),
            "no rule on User (res.users) names password, and what is secret or grants"
            " rights must be named.",
        )

    def test_link(self):
        scope = self.scope(self.rule("res.partner", "write"))
        vals = {"country_id": self.env.ref("base.be").id}
        self.assertEqual(
            self.why(scope, "res.partner", "write", [1], vals=vals),
            "setting country_id needs a rule that grants read on Country (res.country),"
            " or one that names the field.",
        )

    def test_method(self):
        scope = self.scope(self.rule("res.partner", ALL))
        self.assertEqual(
            self.why(scope, "res.partner", "message_post", [1], body="x"),
            "no rule grants the method message_post on Contact (res.partner).",
        )

    def test_arguments(self):
        scope = self.scope(self.rule("res.partner", methods="message_post(body)"))
        self.assertEqual(
            self.why(
                scope, "res.partner", "message_post", [1], body="x", partner_ids=[3]
            ),
            "no rule grants the method message_post on Contact (res.partner) with the"
            " argument partner_ids.",
        )

    def test_dangerous(self):
        scope = self.scope(self.rule("res.partner", ALL, any_method=True))
        self.assertEqual(
            self.why(scope, "res.partner", "message_subscribe", [1]),
            "no rule on Contact (res.partner) names the method message_subscribe, which"
            " sends or reaches whatever it is given and must be named.",
        )

    def test_ungrantable(self):
        scope = self.scope(self.rule("res.users", ALL, any_method=True))
        self.assertEqual(
            self.why(scope, "res.users", "change_password"),
            "no rule grants the method change_password, and none can, for it makes"
            " credentials, changes the server or runs what it is given.",
        )

    def test_web_client(self):
        scope = self.scope(self.rule("res.partner", ALL, any_method=True))
        for method in ("onchange", "get_views", "web_read_group", "check_access_rule"):
            with self.subTest(method):
                self.assertEqual(
                    self.why(scope, "res.partner", method),
                    "the method serves the web client, which uses no key, and no rule"
                    " can grant it.",
                )

    def test_off_limits(self):
        scope = self.scope(self.rule(None, ALL, any_method=True))
        for model, name in (
            ("apikey.call", "API Call"),
            ("apikey.history", "API Key History"),
            ("apikey.scope", "API Key Scope"),
            ("apikey.scope.rule", "API Key Scope Rule"),
            ("apikey.scope.window", "API Key Scope Hours"),
            ("res.users.apikeys", "Users API Keys"),
        ):
            with self.subTest(model):
                self.assertEqual(
                    self.why(scope, model, "search", domain=[]),
                    f"{name} ({model}) is out of reach of every scoped key.",
                )

    def test_runs_code(self):
        scope = self.scope(self.rule("ir.cron", "read"))
        for method, word in (("unlink", "delete"), ("mine", "calling methods")):
            self.assertEqual(
                self.why(scope, "ir.cron", method, [1]),
                f"no rule grants {word} on Scheduled Actions (ir.cron), and none can, for"
                " Odoo runs what it holds.",
            )

    def test_context(self):
        scope = self.scope(self.rule("res.partner", ALL))
        context = {"lang": "en_US", "default_name": "x", "active_id": 1}
        self.assertEqual(
            self.why(scope, "res.partner", "search", None, context, domain=[]),
            "the context may not hold active_id, default_name.",
        )

    def test_malformed_context(self):
        scope = self.scope(self.rule("res.partner", ALL))
        for context in ([["default_name", "x"]], "x", {1: "x"}):
            with self.subTest(context):
                self.assertEqual(
                    self.why(scope, "res.partner", "search", None, context, domain=[]),
                    "context is not understood.",
                )

    def test_unknown_model(self):
        for model in ("no.such.model", "res.partner; DROP TABLE"):
            with self.subTest(model):
                self.assertEqual(
                    self.why(self.scope(), model, "read"),
                    "there is no such model.",
                )

    def test_unknown_field(self):
        scope = self.scope(self.rule("res.partner", ALL))
        self.assertEqual(
            self.why(scope, "res.partner", "read", [1], fields=["no_such"]),
            "Contact (res.partner) has no field no_such.",
        )

    def test_unsupported(self):
        scope = self.scope(self.rule(None, ALL), self.rule("ir.attachment", ALL))
        for model, method, kwargs, what in (
            (
                "ir.attachment",
                "web_read",
                {"ids": [1], "specification": {"res_id": {"fields": {"name": {}}}}},
                "what lies beneath res_id",
            ),
            (
                "res.partner",
                "export_data",
                {"ids": [1], "fields_to_export": ["country_id/id"]},
                "exporting external ids",
            ),
            ("crm.lead", "write", {"ids": [1], "vals": {"lead_properties": []}}, "set"),
        ):
            with self.subTest(method=method, what=what):
                reason = self.why(scope, model, method, **kwargs)
                self.assertTrue(reason.startswith(what), reason)
                self.assertTrue(
                    reason.endswith(
                        " is more than this version can limit, so it is refused."
                    ),
                    reason,
                )

    def test_malformed(self):
        scope = self.scope(self.rule(None, ALL))
        for method, kwargs, what in (
            ("read", {"ids": ["1"]}, "ids"),
            ("read", {"ids": [True]}, "ids"),
            ("read", {"ids": [0]}, "ids"),
            ("read", {"ids": {"a": 1}}, "ids"),
            ("read", {"ids": [1], "nonsense": 1}, "nonsense"),
            ("read", {"ids": [1], "fields": "name"}, "fields"),
            ("search", {"domain": "x"}, "domain"),
            ("search", {"domain": [("name", "=")]}, "domain"),
            ("search", {"domain": [], "limit": "5; DROP"}, "limit"),
            ("search", {"domain": [], "order": "name; DROP"}, "order"),
            ("create", {"vals_list": "x"}, "vals_list"),
            ("create", {"vals_list": []}, "vals_list"),
            ("write", {"ids": [1], "vals": [1]}, "values"),
            ("write", {"ids": [1], "vals": {"country_id": "BE"}}, "country_id"),
            ("has_access", {"operation": "everything"}, "operation"),
            ("_write", {"ids": [1]}, "method"),
        ):
            with self.subTest(method=method, what=what, kwargs=kwargs):
                self.assertEqual(
                    self.why(scope, "res.partner", method, **kwargs),
                    f"{what} is not understood.",
                )

    @mute_logger("odoo.addons.scoped_apikey.rooms.decide")
    def test_what_fails_while_it_is_decided(self):
        scope = self.scope(self.rule(None, ALL))
        with patch.object(room, "read_footprint", side_effect=RecursionError):
            self.assertEqual(
                self.why(scope, "res.partner", "read", [1]), "it could not be decided."
            )

    def test_route(self):
        call = self.call_with(self.key(self.scope()), None, "/json/1/res.partner")
        with self.assertRaises(AccessError) as caught:
            room.refuse(self.env, call, Refusal("route"))
        self.assertEqual(
            str(caught.exception),
            'Key "n8n" (scope "Enrichment") may not call /json/1/res.partner: its scope'
            " does not name this route.",
        )
        self.assertEqual(call.refusal, str(caught.exception))


@tagged("post_install", "-at_install", "scoped_apikey")
class TestRules(ScopedCase):
    def assertGranted(self, scope, *args, **kwargs):
        self.assertIsInstance(self.decide(scope, *args, **kwargs), Arguments)

    def test_no_rule_grants_nothing(self):
        scope = self.scope()
        for model in ("res.partner", "res.country"):
            for method in catalogue.GENERIC_METHODS:
                with self.subTest(model=model, method=method):
                    self.refusal(scope, model, method)

    def test_unscoped_key_is_stock(self):
        call = self.call_with(self.key(None), "ir.cron", "anything")
        arguments = Arguments("ir.cron", "anything", context={"default_x": 1})
        self.assertIs(room.check_grants(self.env, call, arguments), arguments)

    def test_a_rule_is_for_its_model(self):
        scope = self.scope(self.rule("res.country", ALL))
        self.assertGranted(scope, "res.country", "search", domain=[])
        self.refusal(scope, "res.partner", "search", domain=[])

    def test_a_rule_grants_what_it_ticks(self):
        trials = {
            "read": ("read", {"ids": [1], "fields": ["name"]}),
            "write": ("write", {"ids": [1], "vals": {"name": "x"}}),
            "create": ("create", {"vals_list": {"name": "x"}}),
            "unlink": ("unlink", {"ids": [1]}),
        }
        self.assertEqual(set(trials), set(OPERATIONS))
        for ticked in OPERATIONS:
            scope = self.scope(self.rule("res.country", ticked))
            for operation, (method, kwargs) in trials.items():
                with self.subTest(ticked=ticked, operation=operation):
                    if operation == ticked:
                        self.assertGranted(scope, "res.country", method, **kwargs)
                    else:
                        self.refusal(scope, "res.country", method, **kwargs)

    def test_rules_add_up_over_operations_and_models(self):
        scope = self.scope(
            self.rule("res.partner", "read", ["name"]),
            self.rule("res.partner", "write", ["email"]),
            self.rule("res.country", "read"),
        )
        self.assertGranted(scope, "res.partner", "read", [1], fields=["name"])
        self.assertGranted(scope, "res.partner", "write", [1], vals={"email": "x"})
        self.assertGranted(scope, "res.country", "read", [1], fields=["code"])
        self.refusal(scope, "res.partner", "read", [1], fields=["email"])
        self.refusal(scope, "res.partner", "write", [1], vals={"name": "x"})
        self.refusal(scope, "res.country", "write", [1], vals={"code": "x"})

    def test_one_rule_covers_all_fields_of_an_access(self):
        """A field through one rule and another through a second is a leak."""
        scope = self.scope(
            self.rule("res.partner", "read", ["name"]),
            self.rule("res.partner", "read", ["email"]),
        )
        self.assertGranted(scope, "res.partner", "read", [1], fields=["name"])
        self.assertGranted(scope, "res.partner", "read", [1], fields=["email"])
        self.refusal(scope, "res.partner", "read", [1], fields=["name", "email"])
        self.refusal(
            scope,
            "res.partner",
            "search_read",
            fields=["name"],
            domain=[("email", "=", "x")],
        )

    def test_every_use_of_a_field_is_a_use(self):
        scope = self.scope(self.rule("res.partner", ALL, ["name", "active"]))
        for method, granted, refused in (
            ("read", {"ids": [1], "fields": ["name"]}, {"fields": ["email"]}),
            (
                "search",
                {"domain": [("name", "=", "x")]},
                {"domain": [("email", "=", 1)]},
            ),
            ("search_count", {"domain": []}, {"domain": ["!", ("email", "=", 1)]}),
            ("search", {"domain": [], "order": "name"}, {"order": "email desc"}),
            ("search_read", {"fields": ["name"]}, {"fields": ["name", "email"]}),
            ("write", {"ids": [1], "vals": {"name": "x"}}, {"vals": {"email": "x"}}),
            ("create", {"vals_list": [{"name": "x"}]}, {"vals_list": [{"email": "x"}]}),
            (
                "create",
                {"vals_list": {"name": "x"}},
                {"vals_list": [{"name": "x"}, {"name": "y", "email": "x"}]},
            ),
            ("default_get", {"fields": ["name"]}, {"fields": ["email"]}),
            ("fields_get", {"allfields": ["name"]}, {"allfields": ["email"]}),
            (
                "export_data",
                {"fields_to_export": ["name"]},
                {"fields_to_export": ["email"]},
            ),
            (
                "load",
                {"fields": ["name"], "data": [["x"]]},
                {"fields": ["name", "email"], "data": [["x", "y"]]},
            ),
            (
                "formatted_read_group",
                {"domain": [], "groupby": ["name"], "aggregates": ["__count"]},
                {"groupby": ["email"]},
            ),
            (
                "formatted_read_group",
                {"domain": [], "aggregates": ["name:array_agg"]},
                {"aggregates": ["email:array_agg"]},
            ),
            (
                "read_group",
                {"domain": [], "fields": ["name"], "groupby": "name"},
                {"groupby": "email"},
            ),
            (
                "web_read",
                {"specification": {"name": {}}},
                {"specification": {"email": {}}},
            ),
            (
                "web_save",
                {"vals": {"name": "x"}, "specification": {"name": {}}},
                {"specification": {"email": {}}},
            ),
        ):
            with self.subTest(method=method, refused=refused):
                self.assertGranted(scope, "res.partner", method, **granted)
                reason = self.why(
                    scope, "res.partner", method, **{**granted, **refused}
                )
                self.assertIn("with email.", reason)

    def test_any_model(self):
        scope = self.scope(self.rule(None, "read"))
        for model in ("res.partner", "res.country", "res.currency"):
            self.assertGranted(scope, model, "search", domain=[])
            self.refusal(scope, model, "unlink", [1])

    def test_any_model_never_covers_protected_ones(self):
        scope = self.scope(self.rule(None, ALL, any_method=True))
        for model in (
            "base.language.export",
            "base.module.upgrade",
            "ir.actions.server",
            "ir.config_parameter",
            "ir.cron",
            "ir.mail_server",
            "ir.model",
            "ir.model.access",
            "ir.model.fields",
            "ir.module.module",
            "ir.rule",
            "ir.sequence",
            "ir.ui.view",
            "mail.template",
            "res.config.settings",
            "res.groups",
            "res.users",
        ):
            with self.subTest(model):
                self.assertIn("protected", self.why(scope, model, "search", domain=[]))
                named = self.scope(self.rule(model, "read"))
                self.assertGranted(named, model, "search", domain=[])

    def test_heirs_of_protected_mixins(self):
        mixin = self.env.registry["mail.render.mixin"]
        heirs = [
            name
            for name, model in self.env.registry.items()
            if issubclass(model, mixin) and not catalogue.is_off_limits(name)
        ]
        self.assertIn("mail.template", heirs)
        scope = self.scope(self.rule(None, ALL))
        for model in heirs:
            with self.subTest(model):
                self.refusal(scope, model, "search", domain=[])

    def test_off_limits_though_a_rule_would_name_it(self):
        """A rule cannot be saved; one that got into the database grants nothing."""
        scope = self.scope(self.rule("res.partner", ALL, any_method=True))
        for model in ("apikey.scope", "res.users.apikeys"):
            self.env.cr.execute(
                "UPDATE apikey_scope_rule SET model_id = %s WHERE scope_id = %s",
                [self.env["ir.model"]._get_id(model), scope.id],
            )
            self.env.invalidate_all()
            for method in ("search", "write", "anything"):
                with self.subTest(model=model, method=method):
                    self.assertIn("out of reach", self.why(scope, model, method))

    def test_links(self):
        country = self.env.ref("base.be").id
        trial = ("res.partner", "write", [1])
        for rules, granted in (
            ([self.rule("res.partner", "write")], False),
            ([self.rule("res.partner", "write", ["country_id"])], True),
            (
                [self.rule("res.partner", "write"), self.rule("res.country", "read")],
                True,
            ),
            (
                [self.rule("res.partner", "write"), self.rule("res.country", "write")],
                False,
            ),
            ([self.rule("res.partner", "write"), self.rule(None, "read")], True),
        ):
            scope = self.scope(*rules)
            with self.subTest(rules=rules):
                if granted:
                    self.assertGranted(scope, *trial, vals={"country_id": country})
                else:
                    self.assertIn(
                        "setting country_id needs",
                        self.why(scope, *trial, vals={"country_id": country}),
                    )
                self.assertGranted(scope, *trial, vals={"country_id": False})

    def test_link_to_a_protected_model(self):
        """``any model`` reads no users, so it does not set them either."""
        scope = self.scope(self.rule(None, ALL))
        self.assertIn(
            "setting user_id",
            self.why(scope, "res.partner", "write", [1], vals={"user_id": 2}),
        )
        scope = self.scope(self.rule(None, ALL), self.rule("res.users", "read"))
        self.assertGranted(scope, "res.partner", "write", [1], vals={"user_id": 2})

    def test_deleted_model_narrows(self):
        model = self.env["ir.model"].create({"model": "x_gone", "name": "Gone"})
        scope = self.scope(
            self.rule("res.country", "read"), self.rule("x_gone", "read")
        )
        self.assertEqual(len(scope.rule_ids), 2)
        model.unlink()
        self.env.invalidate_all()
        self.assertEqual(scope.rule_ids.mapped("model"), ["res.country"])
        self.refusal(scope, "res.partner", "search", domain=[])

    # -- methods

    def test_methods(self):
        scope = self.scope(
            self.rule("res.partner", methods="address_get, create_company")
        )
        self.assertGranted(scope, "res.partner", "address_get", [1])
        self.assertGranted(scope, "res.partner", "address_get", [1], adr_pref=["x"])
        self.assertGranted(scope, "res.partner", "create_company", [1])
        self.refusal(scope, "res.partner", "open_commercial_entity", [1])
        self.refusal(scope, "res.country", "address_get", [1])
        self.refusal(scope, "res.partner", "read", [1])

    def test_argument_lists(self):
        post = ("res.partner", "message_post", [1])
        for methods, granted, refused in (
            (
                "message_post(body)",
                [{}, {"body": "x"}],
                [{"subject": "x"}, {"body": "x", "author_id": 1}],
            ),
            ("message_post()", [{}], [{"body": "x"}]),
            (
                "message_post(body, email_from)",
                [{"body": "x", "email_from": "x"}],
                [{"attachment_ids": [1]}],
            ),
            (
                "message_post",
                [
                    {"body": "x", "subject": "x", "subtype_xmlid": "mail.mt_note"},
                    {"body": "x", "message_type": "comment", "body_is_html": True},
                ],
                [
                    {"message_type": "email"},
                    {"author_id": 1},
                    {"attachment_ids": [1]},
                    {"attachments": []},
                    {"email_from": "x"},
                    {"outgoing_email_to": "x"},
                    {"partner_ids": [1]},
                    {"parent_id": 1},
                    {"invented": 1},
                ],
            ),
        ):
            scope = self.scope(self.rule("res.partner", methods=methods))
            for kwargs in granted:
                with self.subTest(methods=methods, granted=kwargs):
                    self.assertGranted(scope, *post, **kwargs)
            for kwargs in refused:
                with self.subTest(methods=methods, refused=kwargs):
                    self.assertIn("with the argument", self.why(scope, *post, **kwargs))

    def test_positional_arguments_have_names(self):
        key = self.key(self.scope(self.rule("res.partner", methods="address_get()")))
        call = self.call_with(key, "res.partner", "address_get")
        granted = Arguments("res.partner", "address_get", [1])
        self.assertIs(room.check_grants(self.env, call, granted), granted)
        with self.assertRaises(AccessError) as caught:
            room.check_grants(
                self.env, call, Arguments("res.partner", "address_get", [1], (["x"],))
            )
        self.assertIn("with the argument adr_pref", str(caught.exception))

    def test_arguments_that_do_not_fit(self):
        scope = self.scope(self.rule("res.partner", methods="address_get"))
        self.assertEqual(
            self.why(scope, "res.partner", "address_get", [1], nonsense=1),
            "arguments is not understood.",
        )

    def test_any_method(self):
        scope = self.scope(self.rule("res.partner", any_method=True))
        self.assertGranted(scope, "res.partner", "address_get", [1])
        self.assertGranted(scope, "res.partner", "message_post", [1], body="x")
        self.refusal(scope, "res.partner", "message_post", [1], author_id=1)
        self.refusal(scope, "res.country", "get_address_fields", [1])
        scope = self.scope(self.rule(None, any_method=True))
        self.assertGranted(scope, "res.country", "get_address_fields", [1])
        self.refusal(scope, "res.users", "action_show_groups", [1])

    def test_any_method_on_a_protected_model(self):
        """Each method of a protected model must be named."""
        scope = self.scope(self.rule("res.users", any_method=True))
        self.refusal(
            scope, "res.users", "has_group", [1], group_ext_id="base.group_user"
        )
        scope = self.scope(self.rule("res.users", methods="has_group"))
        self.assertGranted(
            scope, "res.users", "has_group", [1], group_ext_id="base.group_user"
        )

    def test_what_odoo_runs_is_read_only(self):
        """Whoever could write it could run code, which no scope limits."""
        for model in (
            "ir.actions.server",
            "ir.cron",
            "ir.model",
            "ir.model.fields",
            "ir.module.module",
            "ir.ui.view",
        ):
            read = self.scope(self.rule(model, "read"))
            with self.subTest(model):
                self.assertGranted(read, model, "search", domain=[])
            for scope in (read, self.scope(self.rule(None, ALL, any_method=True))):
                for method, kwargs in (
                    ("write", {"ids": [1], "vals": {}}),
                    ("create", {"vals_list": [{}]}),
                    ("unlink", {"ids": [1]}),
                    ("copy", {"ids": [1]}),
                    ("action_archive", {"ids": [1]}),
                    ("anything", {"ids": [1]}),
                ):
                    with self.subTest(model, method=method):
                        self.refusal(scope, model, method, **kwargs)
            for values in (
                {"perm_write": True},
                {"perm_create": True},
                {"perm_unlink": True},
                {"any_method": True},
            ):
                with (
                    self.subTest(model, values=values),
                    self.assertRaises(ValidationError),
                ):
                    self.scope(self.rule(model, "read", **values))

    def test_a_dangerous_method_is_granted_by_its_name(self):
        """Never as any method, and with a bare name not with every argument."""
        every = self.scope(self.rule(None, ALL, any_method=True))
        subscribe = ("res.partner", "message_subscribe", [1])
        self.assertIn("must be named", self.why(every, *subscribe))
        named = self.scope(self.rule("res.partner", methods="message_subscribe"))
        self.assertGranted(named, *subscribe)
        self.assertGranted(named, *subscribe, subtype_ids=[1])
        update = ("res.partner", "message_update", [1])
        bare = self.scope(self.rule("res.partner", methods="message_update"))
        self.assertGranted(bare, *update, msg_dict=1)
        self.assertIn(
            "with the argument update_vals",
            self.why(bare, *update, msg_dict=1, update_vals={}),
        )
        listed = self.rule(
            "res.partner", methods="message_update(msg_dict, update_vals)"
        )
        self.assertGranted(
            self.scope(listed), *update, msg_dict={}, update_vals={"name": "x"}
        )

    def test_any_method_grants_no_dangerous_one_of_any_model(self):
        scope = self.scope(self.rule(None, ALL, any_method=True))
        known = self.env["apikey.catalogue"]
        tried = 0
        for model in self.env.registry:
            for method in known._dangerous_of(model) | known._ungrantable_of(model):
                if not callable(getattr(self.env[model], method, None)):
                    continue
                tried += 1
                with self.subTest(model=model, method=method):
                    self.refusal(scope, model, method, by=self.admin)
        self.assertGreater(tried, 500)

    def test_no_rule_grants_what_makes_credentials(self):
        """Not even one that got into the database, and observing neither."""
        rule = self.rule("res.users", ALL, methods="context_get", any_method=True)
        for mode in ("enforce", "observe"):
            scope = self.scope(rule, mode=mode)
            self.env.cr.execute(
                "UPDATE apikey_scope_rule SET methods = 'authenticate, change_password'"
                " WHERE scope_id = %s",
                [scope.id],
            )
            self.env.invalidate_all()
            for method, kwargs in (
                ("authenticate", {"credential": {}, "user_agent_env": {}}),
                ("authenticate", {}),
                ("change_password", {"old_passwd": "x", "new_passwd": "y"}),
                ("action_reset_password", {"ids": [1]}),
                ("api_key_wizard", {"ids": ["not", "understood"]}),
            ):
                with self.subTest(method=method, mode=mode):
                    self.assertIn(
                        "and none can", self.why(scope, "res.users", method, **kwargs)
                    )

    def test_what_arguments_name_must_be_readable(self):
        """Whoever may attach a file to a message could read it there."""
        post = ("res.partner", "message_post", [1])
        rule = self.rule("res.partner", methods="message_post(body, attachment_ids)")
        self.assertGranted(self.scope(rule), *post, body="x")
        self.assertGranted(self.scope(rule), *post, body="x", attachment_ids=[])
        self.assertIn(
            "no rule grants read on Attachment (ir.attachment)",
            self.why(self.scope(rule), *post, body="x", attachment_ids=[1]),
        )
        own = self.env["ir.attachment"].with_user(self.user).create({"name": "x"})
        readable = self.scope(rule, self.rule("ir.attachment", "read"))
        self.assertGranted(readable, *post, body="x", attachment_ids=own.ids)
        other = self.env["ir.attachment"].with_user(self.admin).create({"name": "y"})
        self.assertIn(
            f"no rule grants read on the records {other.id} of",
            self.why(readable, *post, body="x", attachment_ids=(own | other).ids),
        )
        for ids in (["1"], [[4, 1]], [0], [True], "1", {"1": 1}):
            with self.subTest(ids=ids):
                self.assertIn(
                    "attachment_ids is not understood",
                    self.why(self.scope(rule), *post, attachment_ids=ids),
                )

    def test_private_methods(self):
        scope = self.scope(self.rule(None, ALL, any_method=True))
        for method in ("_write", "__init__", "_message_log", None, 5):
            with self.subTest(method):
                self.refusal(scope, "res.partner", method)

    # -- context

    def test_harmless_context(self):
        scope = self.scope(self.rule("res.partner", "read"))
        for key in ("lang", "tz", "allowed_company_ids", "active_test", "bin_size"):
            with self.subTest(key):
                self.assertGranted(
                    scope, "res.partner", "search", None, {key: 1}, domain=[]
                )
        for key in (
            "default_name",
            "show_address",
            "show_email",
            "show_vat",
            "_force_unlink",
            "tracking_disable",
            "mail_post_autofollow",
            "active_model",
            "active_ids",
            "no_such_key",
        ):
            with self.subTest(key):
                self.assertEqual(
                    self.why(scope, "res.partner", "search", None, {key: 1}, domain=[]),
                    f"the context may not hold {key}.",
                )

    def test_context_of_a_business_method(self):
        scope = self.scope(self.rule("res.partner", methods="address_get"))
        self.assertGranted(scope, "res.partner", "address_get", [1], {"lang": "en_US"})
        self.assertIn(
            "the context may not hold default_x",
            self.why(scope, "res.partner", "address_get", [1], {"default_x": 1}),
        )

    # -- who decides

    def test_the_policy_is_that_of_the_key(self):
        """Two keys of one user, two scopes: no decision is kept by user."""
        reads = self.scope(self.rule("res.partner", "read"))
        writes = self.scope(self.rule("res.partner", "write"))
        for _repeat in range(2):
            self.assertGranted(reads, "res.partner", "search", domain=[])
            self.refusal(writes, "res.partner", "search", domain=[])
            self.assertGranted(writes, "res.partner", "write", [1], vals={"name": "x"})
            self.refusal(reads, "res.partner", "write", [1], vals={"name": "x"})

    def test_a_scope_adds_no_right(self):
        """What the user may not do, the widest scope does not let it do."""
        portal = make_user(self.env, "portal.user", "base.group_portal")
        partner = self.env["res.partner"].create({"name": "Hidden"})
        key = self.key(self.scope(self.rule(None, ALL)), portal)
        with self.assertRaises(AccessError):
            self.serve(key, "res.partner", "write", partner.ids, {"name": "Seen"})
        self.assertEqual(partner.name, "Hidden")

    def test_refusals_are_in_english_in_the_log(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        key = self.key(self.scope())
        call = self.call_with(key, "res.partner", "unlink")
        env = self.env(context={"lang": "fr_FR"})
        with self.assertRaises(AccessError):
            room.check_grants(env, call, Arguments("res.partner", "unlink", [1]))
        self.assertEqual(
            call.refusal,
            'Key "n8n" (scope "Enrichment") may not call res.partner.unlink: no rule'
            " grants delete on Contact (res.partner).",
        )
