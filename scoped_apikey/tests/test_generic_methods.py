# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Each generic method, through the entrance of RPC: granted and run, and refused."""

import inspect

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from ..footprint import READERS
from ..policy import catalogue
from .common import OPERATIONS, ScopedCase

MODEL = "res.partner.category"
PARTNER = "res.partner"

# method: what it needs, its arguments (``IDS`` for the record), and what tells its answer
IDS = object()
METHODS = {
    "search": ("read", [[("name", "=", "Tag")]], lambda self, r: r == self.tag.ids),
    "search_count": ("read", [[("name", "=", "Tag")]], lambda self, r: r == 1),
    "search_read": (
        "read",
        [[("name", "=", "Tag")], ["name"]],
        lambda self, r: r == [{"id": self.tag.id, "name": "Tag"}],
    ),
    "read": ("read", [IDS, ["name"]], lambda self, r: r[0]["name"] == "Tag"),
    "read_group": (
        "read",
        [[("name", "=", "Tag")], ["color"], ["name"]],
        lambda self, r: r[0]["name_count"] == 1,
    ),
    "formatted_read_group": (
        "read",
        [[("name", "=", "Tag")], ["name"], ["__count"]],
        lambda self, r: r[0]["__count"] == 1,
    ),
    "name_search": (
        "read",
        ["Tag"],
        lambda self, r: (self.tag.id, "Tag") in map(tuple, r),
    ),
    "name_create": ("create", ["New"], lambda self, r: r[1] == "New"),
    "create": ("create", [{"name": "New"}], lambda self, r: self.named(r) == "New"),
    "write": ("write", [IDS, {"name": "Now"}], lambda self, r: self.tag.name == "Now"),
    "unlink": ("unlink", [IDS], lambda self, r: not self.tag.exists()),
    "copy": (
        "read create",
        [IDS],
        lambda self, r: r != self.tag.ids and self.named(r).startswith("Tag"),
    ),
    "default_get": ("create", [["active"]], lambda self, r: r == {"active": True}),
    "fields_get": ("read", [["name"], ["type"]], lambda self, r: set(r) == {"name"}),
    "has_access": ("read", [IDS, "read"], lambda self, r: r is True),
    "check_access_rights": ("read", ["read", False], lambda self, r: r is True),
    "export_data": (
        "read",
        [IDS, ["name"]],
        lambda self, r: r["datas"] == [["Tag"]],
    ),
    "load": (
        "create",
        [["name"], [["Loaded"]]],
        lambda self, r: self.named(r["ids"]) == "Loaded",
    ),
    "action_archive": ("write", [IDS], lambda self, r: not self.tag.active),
    "action_unarchive": ("write", [IDS], lambda self, r: self.tag.active),
    "get_metadata": ("read", [IDS], lambda self, r: r[0]["id"] == self.tag.id),
    "get_external_id": ("read", [IDS], lambda self, r: r == {self.tag.id: ""}),
    "web_read": (
        "read",
        [IDS, {"name": {}}],
        lambda self, r: r == [{"id": self.tag.id, "name": "Tag"}],
    ),
    "web_search_read": (
        "read",
        [[("name", "=", "Tag")], {"name": {}}],
        lambda self, r: r["records"] == [{"id": self.tag.id, "name": "Tag"}],
    ),
    "web_save": (
        "read write",
        [IDS, {"name": "Now"}, {"name": {}}],
        lambda self, r: r == [{"id": self.tag.id, "name": "Now"}],
    ),
}
WORDS = {"read": "read", "write": "write", "create": "create", "unlink": "delete"}


@tagged("post_install", "-at_install", "scoped_apikey")
class TestGenericMethods(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user.group_ids = [Command.link(cls.env.ref("base.group_allow_export").id)]
        cls.tag = cls.env[MODEL].create({"name": "Tag"})
        # A method of Odoo's that is no method of the model any more would prove nothing.
        cls.arguments_of = {
            method: [cls.tag.ids if value is IDS else value for value in arguments]
            for method, (_needed, arguments, _check) in METHODS.items()
        }

    def named(self, ids):
        return self.env[MODEL].browse(ids).name

    def test_each_is_here(self):
        self.assertEqual(set(METHODS), set(catalogue.GENERIC_METHODS))
        self.assertEqual(set(READERS), set(catalogue.GENERIC_METHODS))

    def test_parameters_are_odoos(self):
        """The names and the order are the method's own, or arguments would be misread."""
        for method, parameters in catalogue.GENERIC_METHODS.items():
            with self.subTest(method):
                function = getattr(type(self.env[MODEL]), method)
                own = list(inspect.signature(function).parameters.values())[1:]
                if own and own[-1].kind is inspect.Parameter.VAR_KEYWORD:
                    # ``search_read`` hands what it does not know on to ``read``
                    own[-1:] = [inspect.signature(self.tag.read).parameters["load"]]
                names = [parameter.name for parameter in own]
                self.assertEqual(names[: len(parameters)], list(parameters))

    def assert_works(self, key, method, check):
        """Call a method, check what it did, and take it back."""
        with self.env.cr.savepoint() as savepoint:
            result = self.serve(key, MODEL, method, *self.arguments_of[method])
            self.env.invalidate_all()
            self.assertTrue(check(self, result), result)
            savepoint.rollback()
        self.env.invalidate_all()

    def test_granted(self):
        for method, (needed, _arguments, check) in METHODS.items():
            with self.subTest(method):
                rules = [self.rule(MODEL, needed)]
                if method in ("get_metadata", "get_external_id"):
                    rules.append(self.rule("ir.model.data", "read"))
                self.assert_works(self.key(self.scope(*rules)), method, check)

    def test_refused_without_what_it_needs(self):
        for method, (needed, _arguments, _check) in METHODS.items():
            for lacking in needed.split():
                with self.subTest(method, lacking=lacking):
                    if (
                        method == "fields_get"
                    ):  # any operation lets one learn the fields
                        others, word = "", "anything"
                    else:
                        others = " ".join(o for o in OPERATIONS if o != lacking)
                        word = WORDS[lacking]
                    key = self.key(self.scope(self.rule(MODEL, others)))
                    with self.assertRaises(AccessError) as caught:
                        self.serve(key, MODEL, method, *self.arguments_of[method])
                    self.assertEqual(
                        str(caught.exception),
                        f'Key "n8n" (scope "Enrichment") may not call {MODEL}.{method}:'
                        f" no rule grants {word} on Partner Tags ({MODEL}).",
                    )
        self.assertEqual(self.tag.name, "Tag")

    def test_refused_with_a_stray_argument(self):
        key = self.key(self.scope(self.rule(MODEL, " ".join(OPERATIONS))))
        for method in METHODS:
            with self.subTest(method), self.assertRaises(AccessError) as caught:
                self.serve(key, MODEL, method, *self.arguments_of[method], stray=1)
            self.assertIn("stray is not understood", str(caught.exception))

    def test_refused_on_another_model(self):
        scope = self.scope(self.rule("res.country", " ".join(OPERATIONS)))
        key = self.key(scope)
        for method in METHODS:
            with self.subTest(method), self.assertRaises(AccessError) as caught:
                self.serve(key, MODEL, method, *self.arguments_of[method])
            self.assertIn("no rule grants", str(caught.exception))

    def test_no_rule_names_a_generic_method(self):
        """Nor does ``any_method`` make one of them a business method."""
        key = self.key(self.scope(self.rule(MODEL, any_method=True)))
        for method in METHODS:
            with self.subTest(method), self.assertRaises(AccessError):
                self.serve(key, MODEL, method, *self.arguments_of[method])

    def test_unscoped_key_calls_them_all(self):
        key = self.key()
        for method, (_needed, _arguments, check) in METHODS.items():
            with self.subTest(method):
                self.assert_works(key, method, check)

    # -- what reaches further is refused, not half understood

    def test_what_reaches_further(self):
        """A rule for the called model alone grants nothing of what lies beyond it."""
        key = self.key(self.scope(self.rule(PARTNER, " ".join(OPERATIONS))))
        country = {"country_id": {"fields": {"code": {}}}}
        for method, arguments, model in (
            ("search", [[("user_ids.login", "like", "a")]], "res.users"),
            ("search", [[("user_ids", "any", [("login", "=", "a")])]], "res.users"),
            ("search", [[("country_id", "ilike", "be")]], "res.country"),
            ("search", [[("country_id", "in", ["be"])]], "res.country"),
            ("search", [[], 0, 1, "country_id"], "res.country"),
            ("export_data", [[1], ["country_id/name"]], "res.country"),
            ("web_read", [[1], country], "res.country"),
            ("web_search_read", [[], country], "res.country"),
            ("formatted_read_group", [[], ["country_id.code"]], "res.country"),
            ("create", [{"name": "x", "user_ids": [[0, 0, {}]]}], "res.users"),
            ("create", [{"name": "x", "category_id": [[4, 1, 0]]}], MODEL),
            ("create", [{"name": "x", "category_id": [1]}], MODEL),
            ("write", [[1], {"user_ids": [[2, 5, 0]]}], "res.users"),
            ("web_save", [[1], {"country_id": 1}, {}], "res.country"),
            ("copy", [[1], {"category_id": [[0, 0, {"name": "x"}]]}], MODEL),
            ("load", [["name", "country_id"], [["x", "Belgium"]]], "res.country"),
            (
                "load",
                [["name", "bank_ids/acc_number"], [["x", "1"]]],
                "res.partner.bank",
            ),
        ):
            with (
                self.subTest(method=method, arguments=arguments),
                self.assertRaises(AccessError) as caught,
            ):
                self.serve(key, PARTNER, method, *arguments)
            self.assertIn(f"({model})", str(caught.exception))

    def test_name_search_reads_what_it_searches(self):
        """By a name, Odoo finds partners by email and VAT as well."""
        searched = self.env["res.partner"]._rec_names_search
        self.assertIn("email", searched)
        key = self.key(self.scope(self.rule("res.partner", "read", ["complete_name"])))
        for method, arguments in (
            ("name_search", ["ada@"]),
            ("search", [[("display_name", "ilike", "ada@")]]),
        ):
            with self.assertRaises(AccessError) as caught:
                self.serve(key, "res.partner", method, *arguments)
            self.assertIn("email", str(caught.exception))

    def test_inherits_writes_the_parent_record(self):
        """A field of the parent is an access of its own."""
        user = self.admin
        key = self.key(self.scope(self.rule("res.users", "write")), user)
        with self.assertRaises(AccessError) as caught:
            self.serve(key, "res.users", "write", [self.user.id], {"phone": "12"})
        self.assertIn("write on Contact (res.partner)", str(caught.exception))
        key = self.key(
            self.scope(
                self.rule("res.users", "write"), self.rule("res.partner", "write")
            ),
            user,
        )
        self.serve(key, "res.users", "write", [self.user.id], {"phone": "12"})
        self.assertEqual(self.user.partner_id.phone, "12")

    def test_properties_and_references(self):
        key = self.key(
            self.scope(
                self.rule(None, " ".join(OPERATIONS)),
                self.rule("ir.filters", "read write"),
            )
        )
        properties = [
            (name, field.name)
            for name, model in self.env.registry.items()
            for field in model._fields.values()
            if field.type in ("properties", "reference")
            and field.store
            and not model._abstract
            and not model._transient
        ]
        self.assertTrue(properties)
        for model, field in properties:
            for method, arguments in (
                ("create", [{field: "x"}]),
                ("write", [[1], {field: "x"}]),
            ):
                with self.subTest(model=model), self.assertRaises(AccessError):
                    self.serve(key, model, method, *arguments)
