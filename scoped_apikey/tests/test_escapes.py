# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ways around a scope that worked once, each by its name."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import OPERATIONS, ScopedCase, make_user

ALL = " ".join(OPERATIONS)
NEW_ADMINISTRATOR = [[0, 0, {"login": "evil", "name": "Evil", "password": "evil"}]]


@tagged("post_install", "-at_install", "scoped_apikey")
class TestEscapes(ScopedCase):
    def refused(self, scope, model, method, reason, /, *args, **kwargs):
        self.assertIn(
            reason, self.why(scope, model, method, *args, by=self.admin, **kwargs)
        )

    def test_methods_that_write_what_they_are_given(self):
        scope = self.scope(self.rule(None, ALL, any_method=True))
        for model, method, arguments in (
            ("res.partner", "message_update", {"msg_dict": {}}),
            ("res.partner", "message_new", {"msg_dict": {}}),
            ("res.partner", "activity_schedule", {"act_type_xmlid": "x"}),
            ("res.partner", "get_mention_suggestions", {"search": ""}),
        ):
            with self.subTest(method=method):
                self.refused(scope, model, method, "must be named", [1], **arguments)
        self.refused(scope, "res.partner", "signup_get_auth_param", "and none can", [1])

    def test_arguments_that_go_on_to_write(self):
        commands = {"calendar_event_ids": NEW_ADMINISTRATOR}
        for scope in (
            self.scope(self.rule("crm.lead", methods="action_set_lost")),
            self.scope(self.rule(None, any_method=True)),
        ):
            self.refused(
                scope,
                "crm.lead",
                "action_set_lost",
                "with the argument calendar_event_ids",
                [1],
                **commands,
            )

    def test_an_argument_that_is_named_is_granted(self):
        rule = self.rule("crm.lead", methods="action_set_lost(lost_reason_id)")
        self.decide(
            self.scope(rule), "crm.lead", "action_set_lost", [1], lost_reason_id=1
        )

    def test_methods_of_mixins_are_not_any_method(self):
        scope = self.scope(self.rule(None, any_method=True))
        self.refused(
            scope, "res.partner", "message_subscribe", "no rule", [1], partner_ids=[3]
        )
        self.decide(scope, "res.partner", "message_post", [1], body="x")

    def test_fields_that_write_another_model(self):
        for model, values, target in (
            ("crm.lead", {"email_from": "evil@example.com"}, "res.partner"),
            ("sale.order", {"activity_summary": "forged"}, "mail.activity"),
            ("product.product", {"lst_price": 1.0}, "product.template"),
        ):
            with self.subTest(values=values):
                scope = self.scope(self.rule(model, ALL))
                reason = f"({target}), or one that names the field"
                self.refused(scope, model, "write", reason, [1], vals=values)
                named = self.scope(self.rule(model, ALL, fields=list(values)))
                self.decide(named, model, "write", [1], vals=values)

    def test_a_display_name_that_is_parsed(self):
        scope = self.scope(self.rule("project.task", ALL))
        values = {"display_name": "Hello #tag @demo"}
        reason = "writes more than its field"
        self.refused(scope, "project.task", "write", reason, [1], vals=values)

    def test_name_create_that_sets_more_than_the_name(self):
        scope = self.scope(self.rule("res.partner", "create", fields=["name"]))
        reason = "no single rule grants create"
        self.refused(scope, "res.partner", "name_create", reason, name="a <a@b.c>")
        self.decide(
            self.scope(self.rule("res.partner", "read create")),
            "res.partner",
            "name_create",
            name="a <a@b.c>",
        )

    def test_observing_lets_nobody_out(self):
        """An observed key that could set a password would be no key any more."""
        scope = self.scope(self.rule("res.partner", "read write"), mode="observe")
        for model, method, arguments in (
            ("res.users", "write", {"ids": [2], "vals": {"password": "evil"}}),
            ("res.users", "write", {"ids": [2], "vals": {"group_ids": [[4, 1]]}}),
            ("res.users", "create", {"vals_list": {"name": "x", "login": "x"}}),
            ("res.partner", "write", {"ids": [1], "vals": {"user_ids": [[4, 1]]}}),
            ("res.company", "write", {"ids": [1], "vals": {"user_ids": [[4, 1]]}}),
            ("ir.config_parameter", "get_param", {"key": "database.secret"}),
            ("ir.config_parameter", "set_param", {"key": "web.base.url", "value": "x"}),
            ("ir.config_parameter", "search_read", {"domain": []}),
            ("ir.attachment", "create", {"vals_list": {"name": "x", "url": "/x.js"}}),
            ("sale.order", "read", {"ids": [1], "fields": ["access_token"]}),
        ):
            with self.subTest(model=model, method=method, arguments=arguments):
                ids = arguments.pop("ids", None)
                reason = self.why(scope, model, method, ids, by=self.admin, **arguments)
                self.assertRegex(reason, "must be named|no rule names it|out of reach")
        answer = self.decide(scope, "res.users", "read", [2], by=self.admin)
        self.assertIn("login", answer.kwargs["fields"])
        self.assertNotIn("password", answer.kwargs["fields"])

    def test_searching_a_related_record_by_a_number(self):
        scope = self.scope(self.rule("crm.lead", "read"))
        for operator, value in (("ilike", 98765), ("=", "x"), ("in", ["x"])):
            with self.subTest(operator=operator):
                self.refused(
                    scope,
                    "crm.lead",
                    "search",
                    "no rule grants read on Contact (res.partner)",
                    domain=[["partner_id", operator, value]],
                )
        for operator, value in (("=", 1), ("in", [1, False]), ("!=", False)):
            domain = [["partner_id", operator, value]]
            self.decide(scope, "crm.lead", "search", domain=domain)

    def test_grouping_by_id_shows_names(self):
        scope = self.scope(self.rule("res.partner", "read", fields=["email"]))
        self.refused(
            scope,
            "res.partner",
            "formatted_read_group",
            "with display_name",
            domain=[],
            groupby=["id"],
        )

    def test_what_odoo_runs_cannot_be_written(self):
        for mode in ("enforce", "observe"):
            scope = self.scope(self.rule(None, ALL, any_method=True), mode=mode)
            for model in (
                "ir.actions.server",
                "ir.cron",
                "ir.rule",
                "ir.ui.view",
                "mail.template",
                "mail.compose.message",
                "sms.template",
                "digest.tip",
            ):
                with self.subTest(mode=mode, model=model):
                    reason = "and none can, for Odoo runs what it holds"
                    vals_list = [{"name": "x"}]
                    self.refused(scope, model, "create", reason, vals_list=vals_list)

    def test_what_odoo_runs_cannot_be_granted(self):
        for model in ("ir.rule", "mail.template", "digest.tip", "ir.cron"):
            self.scope(self.rule(model, "read"))
            with self.subTest(model=model), self.assertRaises(ValidationError):
                self.scope(self.rule(model, "read write"))

    def test_code_is_out_of_reach_on_every_way(self):
        key = self.key(self.scope(mode="observe"), self.admin)
        for model, values in (
            ("ir.rule", {"name": "x", "model_id": 1, "domain_force": "[]"}),
            ("mail.template", {"name": "x"}),
            ("ir.actions.server", {"name": "x", "model_id": 1}),
        ):
            with (
                self.subTest(model=model),
                self.serving(key),
                self.assertRaises(AccessError),
            ):
                self.env[model].sudo().create(values)

    def test_second_factors_are_out_of_reach(self):
        scope = self.scope(self.rule(None, ALL))
        for model in ("auth_totp.device", "auth.passkey.key"):
            reason = "is out of reach of every scoped key"
            self.refused(scope, model, "search", reason, domain=[])

    def test_the_email_of_a_user(self):
        scope = self.scope(self.rule("res.partner", "read write"))
        key = self.key(scope, self.admin)
        victim = make_user(self.env, "victim", "base.group_user").partner_id
        other = self.env["res.partner"].create({"name": "No user"})
        email = {"email": "evil@example.com"}
        with self.assertRaisesRegex(AccessError, "grants write on User"):
            self.serve(key, "res.partner", "write", victim.ids, email, user=self.admin)
        self.serve(key, "res.partner", "write", other.ids, email, user=self.admin)
        self.assertEqual(other.email, "evil@example.com")
        scope.rule_ids = [self.rule("res.users", "write", ["email"])]
        self.serve(
            self.key(scope, self.admin),
            "res.partner",
            "write",
            victim.ids,
            email,
            user=self.admin,
        )
        self.assertEqual(victim.email, "evil@example.com")

    def test_ordinary_work_is_not_refused(self):
        scope = self.scope(self.rule(None, ALL, any_method=True))
        for model, values in (
            ("project.project", {"name": "P"}),
            ("product.product", {"name": "P"}),
            ("crm.lead", {"name": "L", "contact_name": "Ada", "partner_id": 1}),
            ("res.partner", {"name": "Ada", "email": "a@b.c", "phone": "1"}),
        ):
            with self.subTest(model=model):
                self.decide(scope, model, "create", vals_list=[values], by=self.admin)
        self.decide(scope, "crm.lead", "action_set_won", [1])


@tagged("post_install", "-at_install", "scoped_apikey")
class TestEscapesOfUsers(ScopedCase):
    """What somebody who is logged in, and no administrator, must not get."""

    def test_a_trusted_device_is_no_key(self):
        devices = self.env["auth_totp.device"].with_user(self.user).browse(1)
        for method in ("_suspend", "_resume", "_lift"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(devices, method)()

    def test_the_wizard_tells_nothing_of_a_scope_one_may_not_choose(self):
        scope = self.scope(self.rule("res.partner", "read"), networks="203.0.113.0/24")
        wizards = self.env["res.users.apikeys.description"].with_user(self.user)
        with self.assertRaises(AccessError):
            wizards.create({"name": "x", "duration": "1", "scope_id": scope.id})
        self.assertFalse(wizards.new({"scope_id": scope.id}).scope_summary)
        scope.group_ids = self.env.ref("base.group_user")
        self.assertIn("Contact", wizards.new({"scope_id": scope.id}).scope_summary)

    def test_the_wizard_tells_nothing_of_somebody_elses_key(self):
        key = self.key(self.scope(), self.admin)
        with self.assertRaises(AccessError):
            self.env["apikey.rotate.wizard"].with_user(self.user).create(
                {"key_id": key.id}
            )
