# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whatever a call narrows, no cache keeps the narrowed answer for anybody else.

The same user calls with a scoped key, with a key without a scope, and from a browser, on the
same process, in any order, also when the caches are as empty as after a start.
"""

import json
from itertools import permutations
from random import Random
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tests.common import Opener
from odoo.tools.cache import ormcache

from ..rooms.wall import wall_around, walled
from .common import CallCase, ScopedCase, make_user

ROUNDS = 6


@tagged("post_install", "-at_install", "scoped_apikey")
class TestCachesInside(ScopedCase):
    """What Odoo's caches hold after work inside a wall is what they hold without one."""

    def work(self, env):
        """Do what fills caches; inside a wall, much of it is refused."""
        lead = env["crm.lead"]
        partner = env["res.partner"]
        for step in (
            lambda: lead._track_get_fields(),
            lambda: partner._track_get_fields(),
            lambda: env["mail.message.subtype"].default_subtypes("crm.lead"),
            lambda: env["mail.message.subtype"]._get_auto_subscription_subtypes("x"),
            lambda: env["ir.ui.menu"].load_menus(False),
            lambda: env["ir.ui.menu"]._visible_menu_ids(),
            lambda: env["res.users"].context_get(),
            lambda: env["res.users"].browse(env.uid)._get_company_ids(),
            lambda: env["res.users"].browse(env.uid)._get_group_ids(),
            lambda: env["ir.default"]._get_model_defaults("crm.lead"),
            lambda: env["ir.model.access"]._get_allowed_models("read"),
            lambda: env["ir.rule"]._compute_domain("res.users", "read"),
            lambda: env["ir.rule"]._compute_domain("res.partner", "read"),
            lambda: env["ir.rule"]._compute_domain("res.company", "read"),
            lambda: env["ir.actions.actions"]._get_bindings("crm.lead"),
            lambda: lead.get_view(),
            lambda: partner.get_views([(False, "list"), (False, "form")]),
            lambda: partner.fields_get(),
            lambda: partner.search([], limit=3).read(),
            lambda: lead.create({"name": "x"}).write({"name": "y"}),
            lambda: env["decimal.precision"].precision_get("Product Price"),
            lambda: env["res.lang"].get_installed(),
            lambda: env["res.company"].search([]),
            lambda: env.company._get_company_root_delegated_field_names(),
        ):
            try:
                with env.cr.savepoint():
                    step()
            except Exception:  # refused, or not there
                env.invalidate_all()

    def filled(self, env, wall=None):
        """Return what the caches hold after the work, when they were empty before."""
        self.env.registry.clear_all_caches()
        self.env.invalidate_all()
        with walled(wall):
            self.work(env)
        caches = self.env.registry._Registry__caches
        return {
            (name, key): value
            for name, cache in caches.items()
            for key, value in cache.snapshot.items()
        }

    def narrow_wall(self):
        near = self.env["res.company"].create({"name": "Near"})
        self.user.company_ids |= near
        key = self.key(
            self.scope(
                self.rule("res.partner", "read", ["email"]),
                self.rule("crm.lead", "read write create", ["name", "phone"]),
                company_ids=[Command.set(near.ids)],
            )
        )
        self.user.group_ids += self.env.ref("sales_team.group_sale_manager")
        return wall_around(self.env, self.call_with(key, None, "/somewhere"))

    def differences(self, wall):
        env = self.env(user=self.user.id, context={})
        narrowed = self.filled(env, wall)
        whole, again = self.filled(env), self.filled(env)
        # Some of what is cached has no equality, and is itself at most.
        common = {
            one
            for one in set(narrowed) & set(whole) & set(again)
            if whole[one] == again[one]
        }
        self.assertGreater(len(common), 20)
        return sorted(
            key[1].__name__ if callable(key[1]) else str(key)
            for _name, key in (one for one in common if whole[one] != narrowed[one])
        )

    def test_same_caches(self):
        self.assertEqual(self.differences(self.narrow_wall()), [])

    def test_it_would_be_noticed(self):
        """Without the seam, the tracked fields are those that the key may read."""
        wall = self.narrow_wall()
        original = ormcache.lookup.__wrapped__
        with patch.object(ormcache, "lookup", original):
            self.assertIn("_track_get_fields", self.differences(wall))


@tagged("post_install", "-at_install", "scoped_apikey")
class TestCaches(CallCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.committing() as env:
            cls.near_id = cls.make(env["res.company"].create({"name": "Near"})).id
            user = cls.make(
                make_user(
                    env,
                    "thrice",
                    "base.group_user",
                    "base.group_partner_manager",
                    "base.group_allow_export",
                    "sales_team.group_sale_manager",
                    "api_doc.group_allow_doc",
                )
            )
            user.password = "thrice"
            user.company_ids |= env["res.company"].browse(cls.near_id)
            cls.thrice_id = user.id
            cls.lead_id = cls.make(env["crm.lead"].create({"name": "Tracked"})).id

    def setUp(self):
        super().setUp()
        self.scoped = self.issue(
            ("res.partner", "read", ("name", "email")),
            ("res.company", "read", ("name",)),
            ("crm.lead", "read write create", ("name", "phone", "company_id")),
            ("ir.ui.menu", "read"),
            ("mail.message.subtype", "read", ("name",)),
            user_id=self.thrice_id,
            company_ids=[Command.set([self.near_id])],
            routes="/json/1\n/doc-bearer",
        )
        self.unscoped = self.issue_unscoped(self.thrice_id)
        self.authenticate("thrice", "thrice")

    # -- what each asks

    KEYED = (
        ("res.partner", "fields_get", {"attributes": ["type", "readonly"]}),
        ("crm.lead", "fields_get", {"attributes": ["type"]}),
        ("res.partner", "search_count", {"domain": []}),
        ("res.partner", "search_read", {"domain": [], "limit": 5, "order": "id"}),
        ("res.company", "search_read", {"domain": [], "fields": ["name"]}),
        (
            "res.partner",
            "formatted_read_group",
            {"domain": [], "groupby": [], "aggregates": ["__count"]},
        ),
        ("crm.lead", "default_get", {"fields": ["company_id", "name"]}),
        ("ir.ui.menu", "search_count", {"domain": []}),
        ("mail.message.subtype", "search_count", {"domain": []}),
    )

    def by_key(self, secret):
        return {
            (model, method): self.call("json2", secret, model, method, **kwargs).text
            for model, method, kwargs in self.KEYED
        }

    def by_session(self):
        answers = {
            (model, method, str(args)): self.call_kw(model, method, args, kwargs)
            for model, method, args, kwargs in (
                ("res.partner", "fields_get", [], {"attributes": ["type"]}),
                ("crm.lead", "fields_get", [], {}),
                ("res.partner", "web_search_read", [[], {"name": {}}], {"limit": 9}),
                ("crm.lead", "get_views", [[[False, "form"], [False, "list"]]], {}),
                ("res.partner", "get_views", [[[False, "form"]]], {}),
                ("res.users", "context_get", [], {}),
                ("crm.lead", "default_get", [["company_id", "team_id"]], {}),
                ("res.company", "search_read", [[], ["name"]], {}),
                ("res.company", "search_count", [[]], {}),
            )
        }
        answers["menus"] = self.url_open("/web/webclient/load_menus").text
        answers["doc"] = self.url_open("/doc/res.country.json").text
        return answers

    def call_kw(self, model, method, args, kwargs):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={"jsonrpc": "2.0", "method": "call", "params": params},
        )
        answer = response.json()
        self.assertIn("result", answer, (model, method))
        return json.dumps(answer["result"], sort_keys=True)

    def by_scoped(self):
        answers = self.by_key(self.scoped)
        values = {"vals": {"phone": "1", "name": "By a key"}}
        self.call("json2", self.scoped, "crm.lead", "write", [self.lead_id], **values)
        created = self.call(
            "json2", self.scoped, "crm.lead", "create", vals_list=[{"name": "New"}]
        )
        if created.result:
            with self.committing() as env:
                env["crm.lead"].browse(created.result).unlink()
        headers = {"Authorization": f"bearer {self.scoped}"}
        for path in ("/json/1/res.partner", "/doc-bearer/res.partner.json"):
            self.url_open(path, headers=headers)
        return answers

    def bare(self, ask, *args):
        """Ask by a client that has no cookie."""
        with patch.object(self, "opener", Opener(self)):
            return ask(*args)

    def assertTracked(self):
        """A tracked field that the session changes leaves its tracking value."""
        with self.committing() as env:
            tracking = env["mail.tracking.value"]
            before = tracking.search_count(
                [("mail_message_id.res_id", "=", self.lead_id)]
            )
            lead = env["crm.lead"].browse(self.lead_id)
            revenue = lead.expected_revenue + 1
        values = {"expected_revenue": revenue}
        self.call_kw("crm.lead", "write", [[self.lead_id], values], {})
        with self.committing() as env:
            tracking = env["mail.tracking.value"]
            domain = [("mail_message_id.res_id", "=", self.lead_id)]
            self.assertEqual(tracking.search_count(domain), before + 1)

    def test_interleaved(self):
        self.registry.clear_all_caches()
        unscoped, session = self.bare(self.by_key, self.unscoped), self.by_session()
        self.assertTracked()
        scoped = self.bare(self.by_scoped)
        changed = sorted(key for key in scoped if scoped[key] != unscoped[key])
        self.assertGreaterEqual(len(changed), 4, "the key narrows nothing")
        asking = {
            "scoped": lambda: self.assertEqual(self.bare(self.by_scoped), scoped),
            "unscoped": lambda: self.assertEqual(
                self.bare(self.by_key, self.unscoped), unscoped
            ),
            "session": lambda: self.assertEqual(self.by_session(), session),
        }
        random = Random(7)
        orders = list(permutations(asking))
        for number in range(ROUNDS):
            order = orders[number % len(orders)]
            if random.random() < 0.7:
                self.registry.clear_all_caches()
            for who in order:
                with self.subTest(number=number, order=order, who=who):
                    asking[who]()
            self.assertTracked()
