# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Each filter, field and group-by of our search views, with the web client's own calls."""

from lxml import etree
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..call import Call
from .common import ScopedCase, make_user

ACTIONS = (
    "apikey_call_action",
    "apikey_history_action",
    "apikey_scope_action",
    "apikey_seal_action",
    "apikey_usage_action",
    "apikey_verification_action",
    "res_users_apikeys_action",
)
UNALTERABLE = (
    "apikey_call_action",
    "apikey_history_action",
    "apikey_seal_action",
    "apikey_usage_action",
    "apikey_verification_action",
)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestSearchViews(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = make_user(cls.env, "auditor", "scoped_apikey.group_auditor")
        cls.env = cls.env(user=cls.auditor)

    def open(self, name):
        """Open an action. :return: the model, its views by kind, and the search view"""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"scoped_apikey.{name}")
        model = self.env[action["res_model"]]
        views = [*action["views"], (action["search_view_id"][0], "search")]
        archs = model.get_views(views)["views"]
        return model, {
            kind: etree.fromstring(view["arch"]) for kind, view in archs.items()
        }

    def test_everything_that_can_be_searched_for(self):
        for name in ACTIONS:
            model, archs = self.open(name)
            specification = {
                node.get("name"): {} for node in archs["list"].iterfind(".//field")
            }
            for domain in self.domains(model, archs["search"]):
                with self.subTest(name, domain=domain):
                    found = model.web_search_read(domain, specification, limit=5)
                    self.assertGreaterEqual(found["length"], len(found["records"]))
                    model.formatted_read_group(domain, (), ["__count"])

    def domains(self, model, search):
        yield []
        for node in search.iter("filter"):
            if node.get("domain"):
                yield self.evaluated(node.get("domain"))
            if node.get("date"):
                yield [(node.get("date"), ">=", "2026-01-01 00:00:00")]
        for node in search.iter("field"):
            if node.get("filter_domain"):
                yield self.evaluated(node.get("filter_domain"))
                continue
            field = model._fields[node.get("name")]
            if field.type == "selection":
                value = field.get_values(self.env)[0]
            else:
                value = 1 if field.type == "integer" else "a"
            operator = node.get("operator")
            yield [(field.name, operator or ("=" if value != "a" else "ilike"), value)]

    def evaluated(self, domain):
        return safe_eval(domain, {"self": "a", "uid": self.env.uid})

    def test_everything_that_can_be_grouped_by(self):
        for name in ACTIONS:
            model, archs = self.open(name)
            contexts = [node.get("context") for node in archs["search"].iter("filter")]
            groups = [
                safe_eval(context)["group_by"]
                for context in contexts
                if context and "group_by" in context
            ]
            for group in groups:
                with self.subTest(name, group=group):
                    model.web_read_group([], [group], auto_unfold=True)
                    found = model.formatted_read_group([], [group], ["__count"])
                    self.assertEqual(
                        sum(one["__count"] for one in found), model.search_count([])
                    )

    def test_measures(self):
        calls = self.env["apikey.call"]
        for aggregate in ("__count", "call_count:sum", "duration_ms:avg"):
            sets = calls.formatted_read_grouping_sets(
                [("outcome", "=", "denied")],
                [[], ["apikey_name"], ["apikey_name", "outcome"], ["called_at:day"]],
                [aggregate],
            )
            self.assertEqual(len(sets), 4)

    def test_calls_that_stand_for_many_count_as_many(self):
        for count in (None, 40):
            call = Call(self.env.cr.dbname, "json2", "192.0.2.9", "x", "counted")
            row = {**call.row("denied", "Refused."), "call_count": count}
            self.env["apikey.call"].sudo()._insert(row)
        [[group]] = self.env["apikey.call"].formatted_read_grouping_sets(
            [("method", "=", "counted")], [["outcome"]], ["call_count:sum", "__count"]
        )
        self.assertEqual((group["call_count:sum"], group["__count"]), (41, 2))

    def test_views_offer_no_change(self):
        for name in UNALTERABLE:
            model, archs = self.open(name)
            for kind in archs.keys() & {"list", "kanban", "form"}:
                arch = archs[kind]
                with self.subTest(name, kind=kind):
                    for operation in ("create", "edit", "delete"):
                        self.assertIn(arch.get(operation), ("0", "false", "False"))
                    if kind != "kanban":
                        self.assertIn(arch.get("duplicate"), ("0", "false", "False"))
                    if kind != "form":
                        self.assertIn(arch.get("import"), ("0", "false", "False"))
                        self.assertTrue(
                            arch.get("js_class"), "Odoo's export is offered"
                        )
            self.assertNotIn("active", model._fields, "it could be archived")
