# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records: a rule's domain holds wherever a call could touch a record."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import OPERATIONS, ScopedCase

PARTNER, TAG = "res.partner", "res.partner.category"
ALL = " ".join(OPERATIONS)


class RecordsCase(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inside = cls.env[PARTNER].create({"name": "Ada Inside", "ref": "in"})
        cls.outside = cls.env[PARTNER].create({"name": "Bob Outside", "ref": "out"})
        cls.both = cls.inside | cls.outside

    def limited(self, *rules, perms=ALL, fields=(), **values):
        """Return a key that is limited to the partners whose reference is "in"."""
        rule = self.rule(
            PARTNER, perms, fields, domain="[('ref', '=', 'in')]", **values
        )
        return self.key(self.scope(rule, *rules), user=self.admin)

    def refused(self, key, model, method, /, *args, **kwargs):
        with self.assertRaises(AccessError) as caught, self.cr.savepoint():
            self.serve(key, model, method, *args, **kwargs)
        return str(caught.exception)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestRecords(RecordsCase):
    def test_what_is_found(self):
        key = self.limited()
        domain = [("id", "in", self.both.ids)]
        self.assertEqual(self.serve(key, PARTNER, "search", domain), self.inside.ids)
        self.assertEqual(self.serve(key, PARTNER, "search_count", domain), 1)
        rows = self.serve(key, PARTNER, "search_read", domain, ["name"])
        self.assertEqual([row["id"] for row in rows], self.inside.ids)
        found = self.serve(key, PARTNER, "web_search_read", domain, {"name": {}})
        self.assertEqual(found["length"], 1)
        groups = self.serve(
            key, PARTNER, "formatted_read_group", domain, ["ref"], ["__count"]
        )
        self.assertEqual([group["ref"] for group in groups], ["in"])
        groups = self.serve(key, PARTNER, "read_group", domain, ["ref"], ["ref"])
        self.assertEqual([group["ref"] for group in groups], ["in"])
        self.assertEqual(
            self.serve(key, PARTNER, "name_search", "Bob Outside", domain), []
        )

    def test_records_that_are_chosen(self):
        key = self.limited(self.rule("ir.model.data", "read"))
        for method, arguments in (
            ("read", [["name"]]),
            ("web_read", [{"name": {}}]),
            ("web_read", [{}]),
            ("export_data", [["name"]]),
            ("write", [{"name": "x"}]),
            ("web_save", [{"name": "x"}, {}]),
            ("action_archive", []),
            ("action_unarchive", []),
            ("copy", []),
            ("get_metadata", []),
            ("get_external_id", []),
            ("unlink", []),
        ):
            with self.subTest(method=method):
                sentence = self.refused(key, PARTNER, method, self.both.ids, *arguments)
                self.assertIn(f"on the records {self.outside.id} of", sentence)
        self.assertEqual(self.outside.name, "Bob Outside")
        [row] = self.serve(key, PARTNER, "read", self.inside.ids, ["name"])
        self.assertEqual(row["name"], "Ada Inside")
        self.serve(key, PARTNER, "write", self.inside.ids, {"name": "x"})
        self.assertEqual(self.inside.name, "x")

    def test_records_that_do_not_exist_are_refused_alike(self):
        key = self.limited()
        gone = self.env[PARTNER].create({"name": "x"})
        gone.unlink()
        hidden = self.refused(key, PARTNER, "read", self.outside.ids, ["name"])
        missing = self.refused(key, PARTNER, "read", gone.ids, ["name"])
        self.assertEqual(
            hidden.replace(str(self.outside.id), "?"),
            missing.replace(str(gone.id), "?"),
        )

    def test_has_access(self):
        key = self.limited()
        for records, expected in ((self.inside, True), (self.outside, False)):
            self.assertIs(
                self.serve(key, PARTNER, "has_access", records.ids, "write"), expected
            )

    def test_what_is_created_is_checked(self):
        key = self.limited()
        for method, arguments in (
            ("create", [{"name": "x", "ref": "out"}]),
            ("create", [[{"name": "x", "ref": "in"}, {"name": "y"}]]),
            ("name_create", ["x"]),
            ("load", [["name", "ref"], [["x", "in"], ["y", "out"]]]),
            ("web_save", [[], {"name": "x"}, {}]),
            ("copy", [self.inside.ids, {"ref": "out"}]),
        ):
            with self.subTest(method=method):
                before = self.env[PARTNER].search_count([])
                try:
                    sentence = self.refused(key, PARTNER, method, *arguments)
                except AssertionError:
                    # Import reports what it could not do, and has done nothing.
                    self.assertEqual(method, "load")
                else:
                    self.assertIn("create", sentence)
                self.env.invalidate_all()
                self.assertEqual(self.env[PARTNER].search_count([]), before)
        created = self.serve(key, PARTNER, "create", {"name": "x", "ref": "in"})
        self.assertEqual(self.env[PARTNER].browse(created).ref, "in")

    def test_lines_are_held_by_their_own_rule(self):
        key = self.limited()
        for commands in (
            [[1, self.outside.id, {"name": "x"}]],
            [[2, self.outside.id]],
            [[4, self.outside.id]],
            [[6, 0, [self.outside.id]]],
        ):
            with self.subTest(commands=commands):
                self.refused(
                    key, PARTNER, "write", self.inside.ids, {"child_ids": commands}
                )
        self.assertEqual(self.outside.name, "Bob Outside")
        self.outside.parent_id = self.inside
        self.refused(key, PARTNER, "write", self.inside.ids, {"child_ids": [[5]]})
        self.refused(
            key,
            PARTNER,
            "write",
            self.inside.ids,
            {"child_ids": [[0, 0, {"name": "x", "ref": "out"}]]},
        )

    def test_a_path_filters_by_granted_records_only(self):
        self.inside.child_ids = [(0, 0, {"name": "c", "ref": "out"})]
        key = self.limited()
        domain = [("child_ids.name", "=", "c")]
        self.assertEqual(self.serve(key, PARTNER, "search", domain), [])
        specification = {"child_ids": {"fields": {"name": {}}}}
        [row] = self.serve(key, PARTNER, "web_read", self.inside.ids, specification)
        self.assertEqual(row["child_ids"], [])

    def test_where_odoo_filters_nothing_only_a_rule_for_every_record_helps(self):
        key = self.limited()
        for arguments in (
            [[("id", "child_of", 1)]],
            [[("parent_id", "parent_of", [1])]],
            [[], 0, 1, "parent_id"],
        ):
            with self.subTest(arguments=arguments):
                sentence = self.refused(key, PARTNER, "search", *arguments)
                self.assertIn("would not be limited to the records of a rule", sentence)
        key = self.limited(self.rule(PARTNER, "read"))
        self.serve(key, PARTNER, "search", [("id", "child_of", 1)])

    # ------------------------------------------------------------------
    # Related records that a granted field lists
    # ------------------------------------------------------------------

    def tagged(self, perms="read"):
        tag = self.env[TAG].create({"name": "Tag"})
        self.both.write({"category_id": [[4, tag.id]]})
        return tag, self.limited(self.rule(TAG, "read"), perms=perms)

    def test_only_granted_records_are_listed(self):
        tag, key = self.tagged()
        [row] = self.serve(key, TAG, "read", tag.ids, ["partner_ids"])
        self.assertEqual(row["partner_ids"], self.inside.ids)
        [row] = self.serve(key, TAG, "read", tag.ids)
        self.assertEqual(row["partner_ids"], self.inside.ids)
        [row] = self.serve(key, TAG, "web_read", tag.ids, {"partner_ids": {}})
        self.assertEqual(row["partner_ids"], self.inside.ids)
        answer = self.serve(key, TAG, "export_data", tag.ids, ["partner_ids"])
        self.assertEqual(answer["datas"], [["Ada Inside"]])
        for method in ("read_group", "formatted_read_group"):
            arguments = [[("id", "=", tag.id)], ["partner_ids"]]
            if method == "read_group":
                arguments.insert(1, [])
            groups = self.serve(key, TAG, method, *arguments)
            shown = {
                group["partner_ids"] and group["partner_ids"][1] for group in groups
            }
            self.assertEqual(shown, {"Ada Inside"})

    def test_without_a_rule_for_them_they_are_listed_as_stock_does(self):
        tag, _key = self.tagged()
        key = self.key(self.scope(self.rule(TAG, "read")), user=self.admin)
        [row] = self.serve(key, TAG, "read", tag.ids, ["partner_ids"])
        self.assertEqual(set(row["partner_ids"]), set(self.both.ids))

    def test_comparing_with_hidden_ids(self):
        tag, key = self.tagged()
        for operator, value in (("in", self.both.ids), ("=", self.outside.id)):
            for model, name in ((TAG, "partner_ids"), (PARTNER, "child_ids")):
                with self.subTest(operator=operator, name=name):
                    domain = [(name, operator, value)]
                    sentence = self.refused(key, model, "search", domain)
                    self.assertIn(f"on the records {self.outside.id} of", sentence)
        domain = [("partner_ids", "in", self.inside.ids)]
        self.assertEqual(self.serve(key, TAG, "search", domain), tag.ids)

    # ------------------------------------------------------------------
    # Several rules
    # ------------------------------------------------------------------

    def test_a_field_through_one_rule_and_a_row_through_another(self):
        key = self.limited(
            self.rule(PARTNER, "read", ["name"], domain="[('ref', '=', 'out')]"),
            perms="read",
            fields=["email", "name"],
        )
        domain = [("id", "in", self.both.ids)]
        names = self.serve(key, PARTNER, "search_read", domain, ["name"])
        self.assertEqual({row["id"] for row in names}, set(self.both.ids))
        emails = self.serve(key, PARTNER, "search_read", domain, ["name", "email"])
        self.assertEqual([row["id"] for row in emails], self.inside.ids)
        filtered = self.serve(
            key, PARTNER, "search_read", [*domain, ("email", "=", False)], ["name"]
        )
        self.assertEqual([row["id"] for row in filtered], self.inside.ids)
        # Asking for none gives what the most generous rule does, for its records only.
        offered = self.serve(key, PARTNER, "search_read", domain)
        self.assertEqual(
            [(row["id"], set(row)) for row in offered],
            [(self.inside.id, {"id", "name", "email"})],
        )
        self.refused(key, PARTNER, "read", self.outside.ids, ["email"])
        self.serve(key, PARTNER, "read", self.outside.ids, ["name"])

    # ------------------------------------------------------------------
    # A many2one that is set
    # ------------------------------------------------------------------

    def test_a_many2one_that_is_set_is_a_read_of_its_target(self):
        lead = self.rule("crm.lead", "create read")
        key = self.limited(lead, perms="read")
        values = {"name": "x", "partner_id": self.outside.id}
        sentence = self.refused(key, "crm.lead", "create", values)
        self.assertIn("setting partner_id needs a rule that grants read", sentence)
        created = self.serve(
            key, "crm.lead", "create", {"name": "x", "partner_id": self.inside.id}
        )
        self.assertEqual(self.env["crm.lead"].browse(created).partner_id, self.inside)

    def test_a_rule_that_names_the_many2one_needs_no_target(self):
        lead = self.rule("crm.lead", "create", ["name", "partner_id"])
        key = self.key(self.scope(lead), user=self.admin)
        values = {"name": "x", "partner_id": self.outside.id}
        self.serve(key, "crm.lead", "create", values)

    def test_of_two_rules_the_one_that_names_the_field_helps(self):
        key = self.limited(
            self.rule("crm.lead", "create"),
            self.rule("crm.lead", "create", ["name", "partner_id"]),
            perms="read",
        )
        values = {"name": "x", "partner_id": self.outside.id}
        self.serve(key, "crm.lead", "create", values)
        self.refused(key, "crm.lead", "create", {**values, "description": "y"})

    def test_links_of_a_many2many(self):
        tag = self.env[TAG].create({"name": "Tag"})
        key = self.key(
            self.scope(
                self.rule(PARTNER, "write"),
                self.rule(TAG, "read", domain="[('name', '=', 'Other')]"),
            ),
            user=self.admin,
        )
        for value in ([[4, tag.id]], [[6, 0, tag.ids]], tag.ids):
            with self.subTest(value=value):
                self.refused(
                    key, PARTNER, "write", self.inside.ids, {"category_id": value}
                )

    # ------------------------------------------------------------------
    # Business methods
    # ------------------------------------------------------------------

    def test_business_methods(self):
        key = self.limited(perms="", methods="message_post(body)")
        self.serve(key, PARTNER, "message_post", self.inside.ids, body="x")
        sentence = self.refused(
            key, PARTNER, "message_post", self.outside.ids, body="x"
        )
        self.assertIn("on the records", sentence)
        sentence = self.refused(key, PARTNER, "message_post", [], body="x")
        self.assertIn("it is called on no records", sentence)

    def test_followers_rights_notwithstanding(self):
        self.outside.message_subscribe(partner_ids=self.user.partner_id.ids)
        key = self.key(
            self.scope(
                self.rule(
                    PARTNER, methods="message_post", domain="[('ref', '=', 'in')]"
                )
            )
        )
        self.refused(key, PARTNER, "message_post", self.outside.ids, body="x")


@tagged("post_install", "-at_install", "scoped_apikey")
class TestDocuments(RecordsCase):
    """Rows that belong to a document of any model reach no further than it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls.env["crm.lead"].create({"name": "Lead"})
        for record in (cls.inside, cls.outside, cls.lead):
            record.message_post(body=f"about {record.id}")
            cls.env["ir.attachment"].create(
                {
                    "name": f"about {record.id}",
                    "raw": b"x",
                    "res_model": record._name,
                    "res_id": record.id,
                }
            )
            record.activity_schedule(
                "mail.mail_activity_data_todo", summary=f"about {record.id}"
            )
        documents = (cls.inside, cls.outside, cls.lead)
        cls.everything = {(record._name, record.id) for record in documents}
        cls.model_field = {
            "mail.message": "model",
            "mail.activity": "res_model",
            "ir.attachment": "res_model",
        }

    def documents(self, key, model):
        """Return the documents of the rows that a key finds."""
        name = self.model_field[model]
        ours = [("res_id", "in", [*self.both.ids, *self.lead.ids])]
        ours += [(name, "in", [PARTNER, "crm.lead"])]
        rows = self.serve(key, model, "search_read", ours, [name, "res_id"])
        return {(row[name], row["res_id"]) for row in rows} & self.everything

    def test_reading_needs_reading_the_document(self):
        for model in self.model_field:
            with self.subTest(model=model):
                rows = self.rule(model, "read")
                key = self.key(self.scope(rows), user=self.admin)
                self.assertEqual(self.documents(key, model), set())
                key = self.limited(rows, perms="read")
                self.assertEqual(
                    self.documents(key, model), {(PARTNER, self.inside.id)}
                )
                key = self.key(
                    self.scope(rows, self.rule("crm.lead", "read")), user=self.admin
                )
                self.assertEqual(
                    self.documents(key, model), {("crm.lead", self.lead.id)}
                )
                key = self.key(
                    self.scope(rows, self.rule(None, "read")), user=self.admin
                )
                self.assertEqual(self.documents(key, model), self.everything)

    def test_rows_that_are_chosen(self):
        for model, name in self.model_field.items():
            key = self.limited(self.rule(model, ALL), perms="read write")
            for document, granted in ((self.inside, True), (self.outside, False)):
                row = self.env[model].search(
                    [(name, "=", PARTNER), ("res_id", "=", document.id)], limit=1
                )
                with self.subTest(model=model, granted=granted):
                    if granted:
                        self.serve(key, model, "read", row.ids, ["res_id"])
                    else:
                        for method, arguments in (
                            ("read", [["res_id"]]),
                            ("write", [{}]),
                            ("unlink", []),
                            ("copy", []),
                        ):
                            self.refused(key, model, method, row.ids, *arguments)

    def test_changing_needs_writing_to_the_document(self):
        row = self.env["ir.attachment"].search(
            [("res_model", "=", PARTNER), ("res_id", "=", self.inside.id)], limit=1
        )
        key = self.limited(self.rule("ir.attachment", ALL), perms="read")
        self.refused(key, "ir.attachment", "write", row.ids, {"name": "x"})
        self.refused(key, "ir.attachment", "unlink", row.ids)
        key = self.limited(self.rule("ir.attachment", ALL), perms="write")
        self.serve(key, "ir.attachment", "write", row.ids, {"name": "x"})
        self.assertEqual(row.name, "x")

    def test_creating_needs_writing_to_the_document(self):
        values = {"name": "x", "raw": "x", "res_model": PARTNER}
        key = self.limited(self.rule("ir.attachment", "create"), perms="write")
        self.refused(
            key, "ir.attachment", "create", {**values, "res_id": self.outside.id}
        )
        self.serve(key, "ir.attachment", "create", {**values, "res_id": self.inside.id})
        key = self.limited(self.rule("ir.attachment", "create"), perms="read")
        self.refused(
            key, "ir.attachment", "create", {**values, "res_id": self.inside.id}
        )

    def test_exports_end_at_them(self):
        key = self.limited(self.rule("mail.message", "read"), perms="read")
        sentence = self.refused(
            key, PARTNER, "export_data", self.inside.ids, ["message_ids/body"]
        )
        self.assertIn("would not be limited", sentence)

    def test_an_activity_needs_no_rule_for_models(self):
        model_id = self.env["ir.model"]._get_id(PARTNER)
        key = self.limited(self.rule("mail.activity", "create"), perms="write")
        values = {"res_model_id": model_id, "summary": "x"}
        self.serve(key, "mail.activity", "create", {**values, "res_id": self.inside.id})
        self.refused(
            key, "mail.activity", "create", {**values, "res_id": self.outside.id}
        )

    def test_a_row_cannot_be_moved_within_another_record(self):
        row = self.env["ir.attachment"].search(
            [("res_model", "=", PARTNER), ("res_id", "=", self.inside.id)], limit=1
        )
        message = self.env["mail.message"].search(
            [("model", "=", PARTNER), ("res_id", "=", self.inside.id)], limit=1
        )
        key = self.limited(
            self.rule("ir.attachment", ALL), self.rule("mail.message", ALL), perms=ALL
        )
        values = {"res_model": PARTNER, "res_id": self.outside.id}
        for model, record, field, moved, moves in (
            ("mail.message", message, "attachment_ids", row, values),
            (PARTNER, self.inside, "message_ids", message, {"model": "crm.lead"}),
        ):
            with self.subTest(model=model):
                self.refused(
                    key, model, "write", record.ids, {field: [[1, moved.id, moves]]}
                )

    def test_a_row_cannot_be_moved_to_another_document(self):
        row = self.env["ir.attachment"].search(
            [("res_model", "=", PARTNER), ("res_id", "=", self.inside.id)], limit=1
        )
        key = self.limited(self.rule("ir.attachment", ALL), perms="read write")
        for values in (
            {"res_model": PARTNER, "res_id": self.outside.id},
            {"res_model": "crm.lead", "res_id": self.lead.id},
        ):
            with self.subTest(values=values):
                self.refused(key, "ir.attachment", "write", row.ids, values)

    def test_the_value_of_a_field_needs_the_field(self):
        self.inside.image_1920 = (
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8A"
            b"AQUBAScY42YAAAAASUVORK5CYII="
        )
        domain = [
            ("res_model", "=", PARTNER),
            ("res_id", "=", self.inside.id),
            ("res_field", "!=", False),
        ]
        asked = ["res_field", "res_model", "res_id"]
        for fields, expected in ((["name"], False), (["name", "image_1920"], True)):
            key = self.key(
                self.scope(
                    self.rule("ir.attachment", "read", asked),
                    self.rule(PARTNER, "read", fields),
                ),
                user=self.admin,
            )
            found = self.serve(key, "ir.attachment", "search_count", domain)
            self.assertEqual(bool(found), expected, fields)

    def test_rows_without_a_document_are_their_authors(self):
        own = self.env["ir.attachment"].with_user(self.admin).create({"name": "own"})
        other = self.env["ir.attachment"].with_user(self.user).create({"name": "other"})
        key = self.key(self.scope(self.rule("ir.attachment", "read")), user=self.admin)
        found = self.serve(
            key, "ir.attachment", "search", [("id", "in", (own | other).ids)]
        )
        self.assertEqual(found, own.ids)
