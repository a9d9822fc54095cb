# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is read off the arguments of generic methods, down to their depths."""

from unittest.mock import patch

from odoo.addons.scoped_apikey.footprint import Unreadable, read_footprint
from odoo.addons.scoped_apikey.footprint.arguments import Arguments
from odoo.addons.scoped_apikey.policy import catalogue
from odoo.tests import tagged

from .common import ScopedCase

PARTNER, COUNTRY, USER = "res.partner", "res.country", "res.users"


@tagged("post_install", "-at_install", "scoped_apikey")
class TestFootprint(ScopedCase):
    def touched(self, model, method, ids=None, context=None, /, **kwargs):
        """Return the fields of a footprint by model and operation."""
        footprint = self.footprint(model, method, ids, context, **kwargs)
        return {
            (access.resource.model, access.operation): set(access.fields)
            for access in footprint.accesses
        }

    def footprint(self, model, method, ids=None, context=None, /, **kwargs):
        arguments = Arguments(model, method, ids, (), kwargs, context or {})
        return read_footprint(self.env(user=self.admin.id), arguments)

    def access(self, footprint, model, operation):
        [access] = [
            access
            for access in footprint.accesses
            if (access.resource.model, access.operation) == (model, operation)
        ]
        return access

    def unreadable(self, code, model, method, ids=None, context=None, /, **kwargs):
        with self.assertRaises(Unreadable) as caught:
            self.footprint(model, method, ids, context, **kwargs)
        self.assertEqual(caught.exception.refusal.code, code)

    def reads(self, domain, expected, model=PARTNER):
        self.assertEqual(self.touched(model, "search", domain=domain), expected)

    # ------------------------------------------------------------------
    # Domains
    # ------------------------------------------------------------------

    def test_a_domain_follows_paths(self):
        self.reads(
            [("country_id.code", "=", "BE"), ("name", "ilike", "a")],
            {(PARTNER, "read"): {"country_id", "name"}, (COUNTRY, "read"): {"code"}},
        )
        self.reads(
            [("user_ids.company_id.name", "=", "x")],
            {
                (PARTNER, "read"): {"user_ids"},
                (USER, "read"): {"company_id"},
                ("res.company", "read"): {"name"},
            },
        )

    def test_a_domain_follows_subdomains(self):
        inner = [
            "|",
            ("login", "like", "a"),
            ("company_id", "not any", [("id", "=", 1)]),
        ]
        self.reads(
            ["!", ("user_ids", "any", inner)],
            {
                (PARTNER, "read"): {"user_ids"},
                (USER, "read"): {"login", "company_id"},
                ("res.company", "read"): {"id"},
            },
        )
        self.reads(
            [("id", "any", [("name", "=", "x")])], {(PARTNER, "read"): {"id", "name"}}
        )

    def test_a_text_searches_names(self):
        names = {"display_name", "complete_name", "email", "ref", "vat"}
        names.add("company_registry")
        for operator, value in (
            ("=", "x"), ("ilike", "x"), ("in", ["x", 1]), ("not like", "x"),
            ("!=", "x"), ("=ilike", "x"), ("ilike", 98765),
        ):  # fmt: skip
            with self.subTest(operator=operator):
                touched = self.touched(
                    "crm.lead", "search", domain=[("partner_id", operator, value)]
                )
                self.assertEqual(touched[PARTNER, "read"], names)
        for domain in (
            [("display_name", "ilike", "x")],
            [("parent_id", "child_of", "x")],
        ):
            with self.subTest(domain=domain):
                touched = self.touched(PARTNER, "search", domain=domain)
                self.assertLessEqual(names, touched[PARTNER, "read"])
        touched = self.touched(PARTNER, "name_search", name="x")
        self.assertEqual(touched[PARTNER, "read"], names)

    def test_an_id_searches_nothing_else(self):
        for operator, value in (("=", 1), ("in", [1, False]), ("!=", False), ("=?", 2)):
            with self.subTest(operator=operator):
                self.reads(
                    [("country_id", operator, value)],
                    {(PARTNER, "read"): {"country_id"}},
                )

    def test_a_name_is_searched_along_its_path(self):
        touched = self.touched("sale.order.line", "name_search", name="x")
        self.assertEqual(touched["sale.order", "read"], {"name"})

    def test_a_hierarchy_passes_record_rules(self):
        for domain, field in (
            ([("id", "child_of", 1)], "parent_id"),
            ([("parent_id", "parent_of", [1])], "parent_id"),
        ):
            with self.subTest(domain=domain):
                footprint = self.footprint(PARTNER, "search", domain=domain)
                access = self.access(footprint, PARTNER, "read")
                self.assertTrue(access.unfiltered)
                self.assertIn(field, access.fields)

    def test_a_field_that_bypasses_access_passes_record_rules(self):
        [(model, name)] = [
            (model, name)
            for model, name in [("res.users", "partner_id")]
            if self.env[model]._fields[name].bypass_search_access
        ]
        footprint = self.footprint(model, "search", domain=[(f"{name}.ref", "=", "x")])
        self.assertTrue(self.access(footprint, PARTNER, "read").unfiltered)
        self.assertFalse(self.access(footprint, model, "read").unfiltered)

    def test_a_search_method_of_its_own_passes_record_rules(self):
        domain = [("message_partner_ids.email", "=like", "a%")]
        footprint = self.footprint("crm.lead", "search", domain=domain)
        self.assertTrue(self.access(footprint, PARTNER, "read").unfiltered)

    def test_names_that_are_searched_in_another_way(self):
        touched = self.touched("product.template", "name_search", name="x")
        self.assertLessEqual(
            {"barcode", "default_code"}, touched["product.product", "read"]
        )
        touched = self.touched(USER, "search", domain=[("create_uid", "=", "x")])
        self.assertIn("login", touched[USER, "read"])
        unknown = {"display_name": ("name",)}
        with patch.object(catalogue, "NAMES_SEARCHED", unknown):
            touched = self.touched("product.product", "name_search", name="x")
        self.assertIn("description_sale", touched["product.product", "read"])

    def test_parts_of_dates(self):
        self.reads(
            [("create_date.month_number", "=", 5)], {(PARTNER, "read"): {"create_date"}}
        )

    def test_domains_that_are_not_understood(self):
        for domain in (
            [("name", "any!", [])],
            [("country_id", "any!", [])],
            [("country_id", "any", "x")],
            [("name", "any", [])],
            [("name.code", "=", 1)],
            [("country_id", "=", 1.5)],
            [("country_id", "=", {"a": 1})],
            [("country_id", "child_of", {"a": 1})],
            [("name", "child_of", 1)],
            "[]",
            {"a": 1},
            [["a"]],
        ):
            with self.subTest(domain=domain):
                self.assertIn(
                    self._code(PARTNER, "search", domain=domain),
                    ("malformed", "unsupported"),
                )
        self.unreadable("unknown_field", PARTNER, "search", domain=[("nope", "=", 1)])
        deep = [("parent_id", "any", [])]
        for _level in range(3000):
            deep = [("parent_id", "any", deep)]
        self.unreadable("malformed", PARTNER, "search", domain=deep)

    def _code(self, *args, **kwargs):
        with self.assertRaises(Unreadable) as caught:
            self.footprint(*args, **kwargs)
        return caught.exception.refusal.code

    def test_what_lies_beneath_data(self):
        for model, domain in (
            ("ir.attachment", [("res_id.name", "=", "x")]),
            ("crm.lead", [("lead_properties.abc", "=", "x")]),
            ("crm.lead", [("lead_properties", "=", "x")]),
            ("ir.attachment", [("res_id", "any", [("name", "=", "x")])]),
        ):
            with self.subTest(domain=domain):
                self.unreadable("unsupported", model, "search", domain=domain)

    # ------------------------------------------------------------------
    # Order, groups
    # ------------------------------------------------------------------

    def test_order(self):
        touched = self.touched(
            PARTNER, "search", domain=[], order="country_id desc, id"
        )
        self.assertEqual(touched[COUNTRY, "read"], {"name"})
        footprint = self.footprint(PARTNER, "search", domain=[], order="country_id")
        self.assertTrue(self.access(footprint, COUNTRY, "read").unfiltered)
        touched = self.touched(PARTNER, "search", domain=[], order="country_id.id")
        self.assertEqual(touched, {(PARTNER, "read"): {"country_id"}})
        for order in ("country_id.name", "name.id", "name foo", "name,,id", 5, "a;b"):
            with self.subTest(order=order):
                code = self._code(PARTNER, "search", domain=[], order=order)
                self.assertIn(code, ("malformed", "unknown_field"))

    def test_groups(self):
        touched = self.touched(
            PARTNER,
            "formatted_read_group",
            domain=[],
            groupby=["country_id.code", "create_date:month"],
            aggregates=["__count", "color:max", "email:array_agg"],
            having=["|", ("vat:max", ">", "a"), ("__count", ">", 1)],
            order="phone:min desc, country_id",
        )
        self.assertEqual(
            touched,
            {
                (PARTNER, "read"): {
                    "country_id", "create_date", "color", "email", "vat", "phone",
                },
                (COUNTRY, "read"): {"code", "name"},
            },
        )  # fmt: skip
        touched = self.touched(
            PARTNER,
            "read_group",
            domain=[],
            fields=["x:max(email)", "color", "vat:min"],
            groupby="country_id",
        )
        self.assertEqual(
            touched, {(PARTNER, "read"): {"email", "color", "vat", "country_id"}}
        )
        for arguments in (
            {"groupby": ["category_id.name"]},
            {"groupby": ["name:nope"]},
            {"aggregates": ["name:nope"]},
            {"aggregates": ["x:max(name)"]},
            {"having": [("name", "like", "x")]},
            {"having": "x"},
            {"having": [[("name:max", "=", "x")]]},
            {"groupby": [["name"]]},
        ):
            with self.subTest(arguments=arguments):
                self.unreadable(
                    "malformed", PARTNER, "formatted_read_group", domain=[], **arguments
                )

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------

    def test_specifications(self):
        specification = {
            "name": {},
            "country_id": {"fields": {"display_name": {}}},
            "user_ids": {
                "fields": {"login": {}, "company_id": {"fields": {"name": {}}}},
                "order": "name desc",
                "limit": 5,
                "context": {"lang": "en_US", "show_email": True},
            },
        }
        footprint = self.footprint(
            PARTNER, "web_read", [1], specification=specification
        )
        self.assertEqual(footprint.context_keys, {"show_email"})
        touched = self.touched(PARTNER, "web_read", [1], specification=specification)
        self.assertEqual(
            touched,
            {
                (PARTNER, "read"): {"name", "country_id", "user_ids"},
                (USER, "read"): {"login", "company_id", "name"},
                ("res.company", "read"): {"name"},
            },
        )
        self.assertEqual(self.access(footprint, PARTNER, "read").ids, {1})
        for specification in (
            {"country_id": {"fields": {"code": {}}, "domain": []}},
            {"country_id": {"limit": 1}},
            {"user_ids": {"unknown": 1}},
            {"name": {"fields": {"code": {}}}},
            {"country_id": [1]},
            {"country_id": {"fields": ["code"]}},
            [],
            None,
        ):
            with self.subTest(specification=specification):
                self.unreadable(
                    "malformed", PARTNER, "web_read", [1], specification=specification
                )
        for model, name in (
            ("ir.attachment", "res_id"),
            ("crm.lead", "lead_properties"),
        ):
            with self.subTest(name=name):
                self.unreadable(
                    "unsupported",
                    model,
                    "web_read",
                    [1],
                    specification={name: {"fields": {"x": {}}}},
                )

    def test_exports(self):
        columns = ["name", "country_id/code", ".id", "country_id.id", "child_ids/email"]
        self.assertEqual(
            self.touched(PARTNER, "export_data", [1], fields_to_export=columns),
            {
                (PARTNER, "read"): {"name", "country_id", "child_ids", "email"},
                (COUNTRY, "read"): {"code"},
            },
        )
        for column in ("id", "country_id/id", "country_id:id"):
            with self.subTest(column=column):
                self.unreadable(
                    "unsupported",
                    PARTNER,
                    "export_data",
                    [1],
                    fields_to_export=[column],
                )

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    def test_commands(self):
        values = {
            "name": "x",
            "child_ids": [
                [0, 0, {"name": "y", "category_id": [[6, 0, [7]]]}],
                [1, 5, {"email": "z"}],
                [2, 6, 0],
                [4, 8, 0],
                [3, 9, 0],
            ],
            "category_id": [[4, 3, 0], [0, 0, {"name": "new"}]],
        }
        footprint = self.footprint(PARTNER, "write", [1], vals=values)
        write = self.access(footprint, PARTNER, "write")
        self.assertLessEqual({"name", "child_ids", "email", "parent_id"}, write.fields)
        self.assertEqual(write.ids, {1, 5, 8, 9})
        create = self.access(footprint, PARTNER, "create")
        self.assertEqual(create.fields, {"name", "category_id", "parent_id"})
        self.assertEqual(self.access(footprint, PARTNER, "unlink").ids, {6})
        tag = self.access(footprint, "res.partner.category", "create")
        self.assertEqual(tag.fields, {"name"})
        reached = {
            access.ids for name, access in write.reaches if name == "category_id"
        }
        self.assertEqual(reached, {frozenset({3})})
        reached = {access.ids for name, access in create.reaches}
        self.assertEqual(reached, {frozenset({7})})

    def test_lines_are_cut_off_or_deleted(self):
        for value in (False, [], None, [[5]], [[6, 0, []]]):
            with self.subTest(value=value):
                footprint = self.footprint(
                    "sale.order", "write", [1], vals={"order_line": value}
                )
                operations = {
                    access.operation
                    for access in footprint.accesses
                    if access.resource.model == "sale.order.line"
                }
                self.assertEqual(operations, set() if value == [] else {"unlink"})
        touched = self.touched(PARTNER, "write", [1], vals={"child_ids": [[5]]})
        self.assertIn("parent_id", touched[PARTNER, "write"])
        touched = self.touched("sale.order", "create", vals_list={"order_line": False})
        self.assertEqual(set(touched), {("sale.order", "create")})

    def test_ids_are_links(self):
        for value in ([7], (7,), [[6, 0, [7]]], [[6, False, 7]], [[4, 7]]):
            with self.subTest(value=value):
                footprint = self.footprint(
                    PARTNER, "write", [1], vals={"category_id": value}
                )
                write = self.access(footprint, PARTNER, "write")
                [(name, access)] = write.reaches
                self.assertEqual((name, access.ids), ("category_id", {7}))

    def test_the_other_side_of_a_many2many(self):
        values = {"user_ids": [[4, 2]]}
        footprint = self.footprint("res.company", "write", [1], vals=values)
        write = self.access(footprint, "res.company", "write")
        reached = {
            (access.resource.model, access.operation, access.fields)
            for _name, access in write.reaches
        }
        self.assertIn((USER, "write", frozenset({"company_ids"})), reached)

    def test_values_that_are_not_understood(self):
        for values in (
            {"child_ids": [[0, 0, "x"]]},
            {"child_ids": [[7, 1, 0]]},
            {"child_ids": [[1, "virtual", {}]]},
            {"child_ids": [[4, True]]},
            {"child_ids": [[4, -1]]},
            {"child_ids": [[6, 0, ["x"]]]},
            {"child_ids": [[]]},
            {"child_ids": [[0, 0, {}, 1]]},
            {"child_ids": ["x"]},
            {"child_ids": "x"},
            {"child_ids": {"a": 1}},
            {"country_id": "Belgium"},
            {"country_id": [1, "Belgium"]},
            {"country_id": True},
            [],
            None,
        ):
            with self.subTest(values=values):
                self.unreadable("malformed", PARTNER, "write", [1], vals=values)

    def test_references(self):
        footprint = self.footprint(
            "ir.attachment",
            "create",
            vals_list={"name": "x", "res_model": PARTNER, "res_id": 5},
        )
        create = self.access(footprint, "ir.attachment", "create")
        [(name, access)] = create.reaches
        self.assertEqual(
            (name, access.resource.model, access.operation, access.ids),
            ("res_id", PARTNER, "write", {5}),
        )
        model_id = self.env["ir.model"]._get_id(PARTNER)
        footprint = self.footprint(
            "mail.activity", "create", vals_list={"res_model_id": model_id, "res_id": 5}
        )
        create = self.access(footprint, "mail.activity", "create")
        self.assertIn(
            (PARTNER, "write", frozenset({5})),
            {
                (access.resource.model, access.operation, access.ids)
                for _name, access in create.reaches
            },
        )
        self.unreadable(
            "unsupported", "ir.attachment", "write", [1], vals={"res_id": 5}
        )
        self.unreadable(
            "malformed",
            "ir.attachment",
            "create",
            vals_list={"res_model": "nope", "res_id": 5},
        )
        self.unreadable(
            "unsupported", "crm.lead", "write", [1], vals={"lead_properties": []}
        )

    def test_copies(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env.user.partner_id.id,
                "order_line": [
                    [
                        0,
                        0,
                        {
                            "product_id": self.env["product.product"]
                            .search([], limit=1)
                            .id
                        },
                    ]
                ],
            }
        )
        touched = self.touched("sale.order", "copy", order.ids)
        for operation in ("read", "create"):
            self.assertIn("product_id", touched["sale.order.line", operation])
            self.assertIn("partner_id", touched["sale.order", operation])
        self.assertIn("order_id", touched["sale.order.line", "create"])
        self.assertNotIn(("product.attribute.custom.value", "create"), touched)
        touched = self.touched(
            "sale.order", "copy", order.ids, default={"order_line": []}
        )
        self.assertNotIn(("sale.order.line", "create"), touched)
        order.order_line.unlink()
        touched = self.touched("sale.order", "copy", order.ids)
        self.assertNotIn(("sale.order.line", "create"), touched)

    def test_copies_that_are_not_understood(self):
        for default in (-1, "x", ["name"]):
            self.unreadable("malformed", PARTNER, "copy", [1], default=default)

    def test_a_copy_writes_back_as_its_values_would(self):
        footprint = self.footprint("crm.lead", "copy", [1])
        create = self.access(footprint, "crm.lead", "create")
        self.assertIn(
            ("email_from", PARTNER, "write"),
            {
                (name, access.resource.model, access.operation)
                for name, access in create.reaches
            },
        )

    def test_external_ids_are_records_of_their_own(self):
        for method in ("get_external_id", "get_metadata"):
            footprint = self.footprint(PARTNER, method, [1])
            access = self.access(footprint, "ir.model.data", "read")
            self.assertTrue(access.unfiltered)

    def test_defaults_of_the_context(self):
        touched = self.touched(
            PARTNER, "create", None, {"default_ref": "x"}, vals_list={"name": "y"}
        )
        self.assertEqual(touched, {(PARTNER, "create"): {"ref", "name"}})
        self.unreadable(
            "unknown_field", PARTNER, "create", None, {"default_nope": 1}, vals_list={}
        )
        for method, kwargs in (
            ("write", {"ids": [1], "vals": {"name": "x"}}),
            ("search", {"domain": []}),
            ("message_post", {"ids": [1], "body": "x"}),
        ):
            with self.subTest(method=method):
                ids = kwargs.pop("ids", None)
                footprint = self.footprint(
                    PARTNER, method, ids, {"default_ref": "x"}, **kwargs
                )
                self.assertEqual(footprint.context_keys, {"default_ref"})

    # ------------------------------------------------------------------
    # Importing
    # ------------------------------------------------------------------

    def test_imports(self):
        footprint = self.footprint(
            PARTNER,
            "load",
            fields=["name", "country_id", "child_ids/email", "parent_id/.id"],
            data=[["x", "Belgium", "e@x", "7"]],
        )
        create = self.access(footprint, PARTNER, "create")
        self.assertEqual(
            create.fields, {"name", "country_id", "child_ids", "email", "parent_id"}
        )
        self.assertIn("name", self.access(footprint, COUNTRY, "read").fields)
        self.assertEqual(
            {access.ids for name, access in create.reaches if name == "parent_id"},
            {frozenset({7})},
        )
        footprint = self.footprint(
            PARTNER, "load", fields=[".id/x", "name"], data=[["5", "x"], ["6", "y"]]
        )
        write = self.access(footprint, PARTNER, "write")
        self.assertEqual((write.fields, write.ids), ({"name"}, {5, 6}))
        self.assertEqual(len(footprint.accesses), 1)
        belgium = self.env.ref("base.be")
        footprint = self.footprint(
            PARTNER, "load", fields=["name", "country_id/id"], data=[["x", "base.be"]]
        )
        create = self.access(footprint, PARTNER, "create")
        self.assertEqual(
            [access.ids for _name, access in create.reaches], [{belgium.id}]
        )
        self.env["ir.model.data"].create(
            {
                "module": "__import__",
                "name": "beer",
                "model": COUNTRY,
                "res_id": belgium.id,
            }
        )
        footprint = self.footprint(
            PARTNER, "load", fields=["name", "country_id/id"], data=[["x", "beer"]]
        )
        create = self.access(footprint, PARTNER, "create")
        self.assertEqual(
            [access.ids for _name, access in create.reaches], [{belgium.id}]
        )
        for columns, row, code in (
            (["id", "name"], ["base.main_partner", "y"], "unsupported"),
            (["child_ids/.id"], ["5"], "unsupported"),
            (["country_id/id"], ["base.nowhere"], "malformed"),
            (["country_id/id"], ["base.main_partner"], "malformed"),
            (["country_id/id"], ["be"], "malformed"),
            (["country_id/name"], ["x"], "unsupported"),
            (["child_ids"], ["x"], "unsupported"),
            ([".id"], ["x"], "malformed"),
            (["name"], ["x", "y"], "malformed"),
            (["name"], [{"a": 1}], "malformed"),
        ):
            with self.subTest(columns=columns):
                self.unreadable(code, PARTNER, "load", fields=columns, data=[row])
