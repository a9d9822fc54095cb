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

    def test_values_that_are_written_together(self):
        """A phone number set along with a contact is written to that contact."""
        lead = {"name": "x", "phone": "+1 555 0100", "email_from": "evil@example.com"}
        scope = self.scope(
            self.rule("crm.lead", "read create"),
            self.rule("res.partner", "read"),
            self.rule("res.partner", "write", ["opportunity_ids"]),
        )
        context = {"default_partner_id": 9}
        columns = ["name", "partner_id/.id", "phone"]
        for model, method, ids, sent, arguments in (
            ("crm.lead", "create", None, {}, {"vals_list": {**lead, "partner_id": 9}}),
            ("crm.lead", "create", None, context, {"vals_list": lead}),
            (
                "crm.lead",
                "load",
                None,
                {},
                {"fields": columns, "data": [["x", 9, "1"]]},
            ),
            ("crm.lead", "copy", [1], {}, {"default": {"partner_id": 9}}),
            (
                "res.partner",
                "write",
                [9],
                {},
                {"vals": {"opportunity_ids": [[0, 0, lead]]}},
            ),
        ):
            with self.subTest(model=model, method=method, context=sent):
                self.refused(
                    scope,
                    model,
                    method,
                    "needs a rule that grants write on Contact",
                    ids,
                    sent,
                    **arguments,
                )
        self.decide(scope, "crm.lead", "create", vals_list=lead, by=self.admin)
        products = self.scope(self.rule(None, "read create"))
        self.refused(
            products,
            "product.product",
            "create",
            "no rule grants write on Product",
            None,
            {"default_product_tmpl_id": 1},
            vals_list={"list_price": 1.0},
        )

    def test_a_model_that_is_spelled_twice(self):
        scope = self.scope(
            self.rule("calendar.event", "read write create"),
            self.rule("crm.lead", "read"),
            self.rule("ir.model", "read"),
        )
        orders = self.env["ir.model"]._get_id("sale.order")
        values = {"res_model": "crm.lead", "res_model_id": orders, "res_id": 1}
        self.refused(
            scope,
            "calendar.event",
            "create",
            "setting res_id without one res_model",
            vals_list=values,
        )
        for name, value in (("res_model", "sale.order"), ("res_model_id", orders)):
            self.refused(
                scope,
                "calendar.event",
                "write",
                "setting res_model without res_id",
                [1],
                vals={name: value},
            )

    def test_a_parameter_that_is_renamed_into_a_door(self):
        key = self.key(self.scope(self.rule("ir.config_parameter", ALL)), self.admin)
        [id_] = self.serve(
            key, "ir.config_parameter", "create", [{"key": "x.z", "value": "y"}]
        )
        self.serve(key, "ir.config_parameter", "write", [id_], {"value": "z"})
        for name in ("auth_signup.allow_uninvited", "some.secret", "iap.endpoint"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                self.serve(key, "ir.config_parameter", "write", [id_], {"key": name})
            values = {"key": name, "value": "x"}
            with self.subTest(name=name), self.assertRaises(AccessError):
                self.serve(key, "ir.config_parameter", "create", [values])

    def test_what_odoo_computes_and_keeps(self):
        """Whose mail it is goes by the computed address, not by the one that is shown."""
        scope = self.scope(self.rule("res.partner", ALL))
        for name in ("email_normalized", "partner_share", "signup_type"):
            with self.subTest(name=name):
                self.refused(
                    scope,
                    "res.partner",
                    "write",
                    "must be named",
                    [1],
                    vals={name: "x"},
                )

    def test_a_domain_that_others_run(self):
        scope = self.scope(self.rule(None, ALL, any_method=True))
        values = {"assignment_domain": "[('create_uid.login', '=like', 'a%')]"}
        self.refused(scope, "crm.team", "write", "must be named", [1], vals=values)

    def test_a_link_that_opens_without_a_key(self):
        scope = self.scope(self.rule(None, ALL, any_method=True))
        for model, method in (
            ("sale.order", "action_preview_sale_order"),
            ("account.move", "preview_invoice"),
            ("project.project", "action_customer_preview"),
        ):
            self.refused(scope, model, method, "must be named", [1])

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
            ("sale.order", "get_portal_url", {"ids": [1]}),
            ("ir.model.access", "create", {"vals_list": {"name": "x"}}),
            ("mail.mail", "search_read", {"domain": []}),
            # No rule can grant these.
            ("ir.config_parameter", "copy_data", {"ids": [1]}),
            ("res.users", "web_save_multi", {"ids": [2], "vals_list": []}),
            ("ir.attachment", "onchange", {"values": {}}),
            ("sms.composer", "create", {"vals_list": {"body": "x"}}),
            (
                "res.partner",
                "find_or_create",
                {"email": "x", "context": {"default_user_ids": [[0, 0, {}]]}},
            ),
            ("privacy.lookup.wizard.line", "read", {"ids": [1]}),
            # What is not understood could say anything beside it.
            ("res.users", "write", {"ids": [2.0], "vals": {"password": "evil"}}),
            ("sale.order", "read", {"ids": [1], "fields": ["access_token"], "load": 1}),
        ):
            with self.subTest(model=model, method=method, arguments=arguments):
                ids = arguments.pop("ids", None)
                reason = self.why(scope, model, method, ids, by=self.admin, **arguments)
                self.assertRegex(
                    reason,
                    "must be named|no rule|out of reach|serves the web|not understood"
                    "|context may not hold",
                )
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
            ("ir.module.module", {"name": "x"}),
        ):
            with (
                self.subTest(model=model),
                self.serving(key),
                self.assertRaises(AccessError),
            ):
                self.env[model].sudo().create(values)

    def test_modules_are_not_installed_on_the_way(self):
        """Stock code does so as superuser, for a new country of a company."""
        module = self.env["ir.module.module"].search([("name", "=", "l10n_mt")])
        module.state = "uninstalled"
        key = self.key(self.scope(mode="observe"), self.admin)
        with self.serving(key), self.assertRaisesRegex(AccessError, "out of reach"):
            module.sudo().button_install()
        self.assertEqual(module.state, "uninstalled")
        every = self.scope(self.rule(None, ALL))
        for model, values in (("res.company", {"name": "x", "country_id": 1}),):
            with self.subTest(model=model):
                self.refused(every, model, "write", "must be named", [1], vals=values)

    def test_languages_are_not_loaded_on_the_way(self):
        key = self.key(self.scope(self.rule(None, ALL, any_method=True)), self.admin)
        langs = self.env["res.lang"].with_context(active_test=False)
        two = langs.search([("active", "=", False)], limit=2)
        methods = ("action_activate_langs", "action_unarchive")
        for lang, method in zip(two, methods, strict=True):
            with self.assertRaisesRegex(AccessError, "out of reach"):
                self.serve(key, "res.lang", method, lang.ids, user=self.admin)

    def test_groups_are_not_changed_on_the_way(self):
        """A second currency, for one, gives everybody two groups."""
        every = self.rule(None, ALL, any_method=True)
        named = self.rule("res.groups", "write", ["implied_ids", "user_ids"])
        several = self.env.ref("base.group_multi_currency")
        self.env.ref("base.group_user").implied_ids -= several

        def create(scope, name):
            values = {"name": name, "symbol": name}
            key = self.key(scope, self.admin)
            self.serve(key, "res.currency", "create", [values], user=self.admin)

        for mode in ("enforce", "observe"):
            with self.assertRaisesRegex(AccessError, "what the users of a group may"):
                create(self.scope(every, mode=mode), mode[:3])
        create(self.scope(every, named), "ZZZ")
        self.assertIn(several, self.env.ref("base.group_user").implied_ids)

    def test_searching_all_records_of_which_a_field_shows_one(self):
        scope = self.scope(self.rule("crm.lead", "read"))
        self.refused(
            scope,
            "crm.lead",
            "search",
            "no rule grants read on Activity",
            domain=[["activity_summary", "ilike", "x"]],
        )
        for name, value in (
            ("activity_date_deadline", "2030-01-01"),
            ("activity_user_id", 5),
        ):
            self.refused(
                scope,
                "crm.lead",
                "search",
                "no rule grants read on Activity",
                domain=[[name, "=", value]],
            )
        self.decide(scope, "crm.lead", "read", [1], fields=["activity_summary"])
        self.decide(scope, "crm.lead", "search", domain=[["is_rotting", "=", True]])

    def test_activities_are_finished_only_by_name(self):
        every = self.scope(self.rule("crm.lead", ALL, any_method=True))
        named = self.scope(self.rule("crm.lead", methods="activity_feedback"))
        for method in ("activity_feedback", "activity_unlink"):
            self.refused(
                every, "crm.lead", method, "no rule grants", [1], act_type_xmlids=[]
            )
        self.decide(named, "crm.lead", "activity_feedback", [1], act_type_xmlids=[])

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
