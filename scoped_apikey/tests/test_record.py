# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The last room, with real commits: no row, no effect, and no effect without its row."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import sql_db
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..rooms.record import describe, recorded_before_commits
from .common import LOGGED_AS, TRANSPORTS, CallCase, ScopedCase, calls

METHOD = "action_of_this_test"
LOUD = (
    "odoo.http",
    "odoo.sql_db",
    "odoo.addons.rpc.controllers.xmlrpc",
    "odoo.addons.scoped_apikey.rooms.record",
)
UNAVAILABLE = "The call log cannot be written, so the call was refused."


@tagged("post_install", "-at_install", "scoped_apikey")
class TestRecord(CallCase):
    @contextmanager
    def method(self, function, readonly=False):
        """Give ``res.partner`` a business method, and a key that may call it."""
        model = self.registry["res.partner"]
        function._readonly = readonly
        with (
            mute_logger(*LOUD),
            patch.object(model, METHOD, function, create=True),
            patch("odoo.service.model.random.uniform", return_value=0),
        ):
            secret = self.issue(
                ("res.partner", "read", {"methods": METHOD}), ("res.partner", "create")
            )
            yield lambda transport, secret=secret: self.call(
                transport, secret, "res.partner", METHOD, [self.partner_id]
            )

    def partners(self, name):
        """Return the transactions that made the partners of a name."""
        with self.committing() as env:
            env.cr.execute(
                "SELECT xmin::text FROM res_partner WHERE name = %s ORDER BY id", [name]
            )
            return [row[0] for row in env.cr.fetchall()]

    def transaction_of(self, row):
        with self.committing() as env:
            env.cr.execute(
                "SELECT xmin::text FROM apikey_call WHERE id = %s", [row["id"]]
            )
            return env.cr.fetchone()[0]

    def tearDown(self):
        super().tearDown()
        with self.committing() as env:
            env.cr.execute("DELETE FROM res_partner WHERE name LIKE 'Made %%'")

    # -- together or not at all

    def test_the_row_is_in_the_transaction_of_the_effect(self):
        secret = self.issue(("res.partner", "create"))
        for transport in TRANSPORTS:
            name = f"Made by {transport}"
            with self.subTest(transport):
                answer = self.call(
                    transport,
                    secret,
                    "res.partner",
                    "create",
                    vals_list=[{"name": name}],
                )
                self.assertIsNone(answer.code, answer.text)
                row = self.rows()[-1]
                self.assertEqual(row["outcome"], "allowed")
                self.assertEqual(row["res_ids"], str(answer.result[0]))
                self.assertEqual(self.partners(name), [self.transaction_of(row)])
                self.assertGreater(row["duration_ms"], 0)
                self.assertIsNone(row["reason"])
        self.assertEqual(len({row["call_ref"] for row in self.rows()}), 4)

    def test_a_call_that_fails_leaves_one_row_and_no_effect(self):
        def fails(partners):
            partners.create({"name": "Made in vain"})
            partners.env.flush_all()
            raise UserError("It is closed.")

        with self.method(fails) as call:
            for transport in TRANSPORTS:
                with self.subTest(transport):
                    before = len(self.rows())
                    answer = call(transport)
                    self.assertIn("It is closed.", answer.text)
                    [row] = self.rows()[before:]
                    self.assertEqual(row["outcome"], "error")
                    self.assertEqual(row["reason"], "It is closed.")
                    self.assertEqual(row["transport"], LOGGED_AS[transport])
                    self.assertEqual(row["apikey_name"], "n8n")
                    self.assertEqual(row["res_ids"], str(self.partner_id))
                    self.assertEqual(self.partners("Made in vain"), [])

    def test_what_fails_when_it_is_flushed(self):
        """The row is the last statement: what is flushed after it would escape it."""

        def fails_late(partners):
            partners.env.cr.precommit.add(self.fail_late)

        with self.method(fails_late) as call:
            for transport in TRANSPORTS:
                with self.subTest(transport):
                    before = len(self.rows())
                    self.assertIsNotNone(call(transport).code)
                    [row] = self.rows()[before:]
                    self.assertEqual(row["outcome"], "error")

    @staticmethod
    def fail_late():
        raise UserError("Too late.")

    def test_the_row_is_the_last_statement(self):
        """What the method leaves to be flushed is written before the row."""

        def writes_late(partners):
            partners.city = "Written late"
            return True

        with self.method(writes_late) as call:
            for transport in TRANSPORTS:
                with self.subTest(transport):
                    self.assertIsNone(call(transport).code)
                    with self.committing() as env:
                        env.cr.execute(
                            "SELECT c.xmin::text = p.xmin::text,"
                            " c.cmin::text::int > p.cmin::text::int"
                            " FROM apikey_call c, res_partner p"
                            " WHERE c.id = %s AND p.id = %s",
                            [self.rows()[-1]["id"], self.partner_id],
                        )
                        self.assertEqual(env.cr.fetchone(), (True, True))
                        env["res.partner"].browse(self.partner_id).city = False

    def test_a_refused_call_leaves_one_row(self):
        secret = self.issue(("res.partner", "read"))
        codes = {
            "json2": 403,
            "xmlrpc2": 4,
            "jsonrpc": "odoo.exceptions.AccessError",
        }
        for transport in TRANSPORTS:
            with self.subTest(transport):
                before = len(self.rows())
                answer = self.call(
                    transport, secret, "res.partner", "unlink", [self.partner_id]
                )
                sentence = (
                    'Key "n8n" (scope "Enrichment") may not call res.partner.unlink: no'
                    " rule grants delete on Contact (res.partner)."
                )
                if transport == "xmlrpc1":
                    self.assertTrue(
                        answer.code.startswith("warning -- AccessError"), answer.code
                    )
                    self.assertIn(sentence, answer.code)
                else:
                    self.assertEqual(answer.code, codes[transport])
                    self.assertEqual(answer.message, sentence)
                [row] = self.rows()[before:]
                self.assertEqual((row["outcome"], row["reason"]), ("denied", sentence))
                self.assertEqual(row["res_ids"], str(self.partner_id))
        self.assertTrue(self.partners("Ada"))

    def test_odoos_own_refusal(self):
        secret = self.issue(("ir.cron", "read"))
        for transport in TRANSPORTS:
            with self.subTest(transport):
                before = len(self.rows())
                answer = self.call(transport, secret, "ir.cron", "search", domain=[])
                self.assertIn("Scheduled Actions", answer.text)
                [row] = self.rows()[before:]
                self.assertEqual(row["outcome"], "denied")
                self.assertTrue(row["reason"].startswith("Odoo: "), row["reason"])
                self.assertIn("ir.cron", row["reason"])

    def test_calls_without_a_key_are_recorded(self):
        with self.committing() as env:
            env["res.users"].browse(self.user_id).password = "s3cret-pass"
        for transport in TRANSPORTS[1:]:
            for method, outcome in (("read", "allowed"), ("unlink", "error")):
                with self.subTest(transport, method=method), mute_logger(*LOUD):
                    before = len(self.rows())
                    ids = [self.partner_id] if method == "read" else ["nonsense"]
                    kwargs = {"fields": ["name"]} if method == "read" else {}
                    self.call(
                        transport, "s3cret-pass", "res.partner", method, ids, **kwargs
                    )
                    [row] = self.rows()[before:]
                    self.assertEqual(row["outcome"], outcome)
                    self.assertIsNone(row["apikey_ref"])
                    self.assertNotIn("s3cret-pass", str(row))

    def test_malformed_calls_leave_one_row(self):
        secret = self.issue(("res.partner", "read write create unlink"))
        for model, method, ids, kwargs in (
            ("no.such.model", "read", [1], {}),
            ("res.partner", "no_such_method", [1], {}),
            ("res.partner", "_write", [1], {}),
            ("res.partner", "read", ["x"], {}),
            ("res.partner", "read", list(range(1, 10_001)), {"fields": ["nope"]}),
            ("res.partner", "search", None, {"domain": [["name", "=", "a\0b"]]}),
            ("res.partner", "search", None, {"domain": "((("}),
            ("res.partner", "write", [1], {"vals": {"name": "x" * 5_000_000}, "y": 1}),
        ):
            for transport in ("json2", "jsonrpc"):
                with (
                    self.subTest(transport, model=model, method=method),
                    mute_logger(*LOUD),
                ):
                    before = len(self.rows())
                    answer = self.call(transport, secret, model, method, ids, **kwargs)
                    self.assertIsNotNone(answer.code, answer.text[:200])
                    self.assertNotIn("Traceback", answer.text)
                    [row] = self.rows()[before:]
                    self.assertIn(row["outcome"], ("denied", "error"))
                    self.assertEqual((row["model"], row["method"]), (model, method))

    # -- no values, no tracebacks

    def test_no_traceback_in_keyed_answers(self):
        def breaks(partners):
            return {}["the secret inside"]

        with self.method(breaks) as call:
            for transport in TRANSPORTS:
                with self.subTest(transport):
                    before = len(self.rows())
                    answer = call(transport)
                    [row] = self.rows()[before:]
                    self.assertEqual(row["outcome"], "error")
                    self.assertEqual(row["reason"], "KeyError: 'the secret inside'")
                    self.assertNotIn("the secret inside", answer.text)
                    self.assertNotIn("Traceback", answer.text)
                    self.assertIn(row["call_ref"], answer.text)

    def test_no_failing_row_in_keyed_answers(self):
        def violates(partners):
            partners.env.cr.execute(
                "UPDATE res_partner SET id = NULL, city = 'hidden value' WHERE id = %s",
                [partners.id],
            )

        unscoped = self.issue_unscoped()
        with self.method(violates) as call:
            for transport in TRANSPORTS:
                for secret in ({}, {"secret": unscoped}):
                    with self.subTest(transport, scoped=not secret):
                        before = len(self.rows())
                        answer = call(transport, **secret)
                        self.assertIsNotNone(answer.code)
                        self.assertNotIn("hidden value", answer.text)
                        self.assertNotIn("Failing row", answer.text)
                        [row] = self.rows()[before:]
                        self.assertEqual(row["outcome"], "error")
                        self.assertNotIn("hidden value", str(row))

    def test_debug_is_empty(self):
        def closed(partners):
            raise UserError("It is closed.")

        with self.method(closed) as call:
            answer = call("json2")
            self.assertIn('"debug": ""', answer.text)
            answer = call("jsonrpc")
            self.assertIn('"debug": ""', answer.text)

    def test_an_answer_that_cannot_be_written(self):
        """XML-RPC knows no ``None``: the call succeeded, its caller is told it failed."""

        def returns_nothing(partners):
            partners.create({"name": "Made in silence"})

        with self.method(returns_nothing) as call:
            for count, transport in enumerate(("xmlrpc2", "xmlrpc1"), 1):
                with self.subTest(transport):
                    before = len(self.rows())
                    answer = call(transport)
                    first, second = self.rows()[before:]
                    self.assertEqual(first["call_ref"], second["call_ref"])
                    self.assertEqual(first["outcome"], "allowed")
                    self.assertEqual(second["outcome"], "error")
                    self.assertIn(first["call_ref"], answer.text)
                    self.assertNotIn("Traceback", answer.text)
                    self.assertEqual(len(self.partners("Made in silence")), count)

    # -- commits half-way

    def test_commit_half_way_then_success(self):
        def commits(partners):
            partners.create({"name": "Made first"})
            partners.env.cr.commit()
            partners.create({"name": "Made second"})
            partners.env.cr.commit()
            partners.create({"name": "Made third"})
            return True

        with self.method(commits) as call:
            for count, transport in enumerate(TRANSPORTS, 1):
                with self.subTest(transport):
                    before = len(self.rows())
                    self.assertIsNone(call(transport).code)
                    [row] = self.rows()[before:]
                    self.assertEqual(row["outcome"], "allowed")
                    self.assertIsNone(row["duration_ms"])
                    first = self.partners("Made first")
                    self.assertEqual(first[-1], self.transaction_of(row))
                    self.assertEqual(len(first), count)
                    self.assertEqual(len(self.partners("Made third")), count)

    def test_commit_half_way_then_failure(self):
        def commits(partners):
            partners.create({"name": "Made first"})
            partners.env.cr.commit()
            partners.create({"name": "Made second"})
            partners.env.flush_all()
            raise UserError("It is closed.")

        with self.method(commits) as call:
            for count, transport in enumerate(TRANSPORTS, 1):
                with self.subTest(transport):
                    before = len(self.rows())
                    self.assertIsNotNone(call(transport).code)
                    first, second = self.rows()[before:]
                    self.assertEqual(first["call_ref"], second["call_ref"])
                    self.assertEqual(first["outcome"], "allowed")
                    self.assertIsNone(first["duration_ms"])
                    self.assertEqual(second["outcome"], "error")
                    self.assertEqual(second["reason"], "It is closed.")
                    self.assertGreater(second["duration_ms"], 0)
                    self.assertEqual(
                        self.partners("Made first")[-1], self.transaction_of(first)
                    )
                    self.assertEqual(len(self.partners("Made first")), count)
                    self.assertEqual(self.partners("Made second"), [])

    def test_commit_is_given_back(self):
        """A cursor that lives on commits as before."""
        seen = []

        def remembers(partners):
            seen.append((partners.env.cr, "commit" in vars(partners.env.cr)))

        with self.method(remembers) as call:
            self.assertIsNone(call("json2").code)
        [(cr, while_it_ran)] = seen
        self.assertTrue(while_it_ran)
        self.assertNotIn("commit", vars(cr))

    # -- tried again

    def failing_until(self, tries):
        """Return a method that fails to serialize until it is tried so often."""
        attempts = []

        def serializes(partners):
            attempts.append(1)
            partners.create({"name": "Made in the end"})
            partners.env.flush_all()
            if len(attempts) < tries:
                partners.env.cr.execute(
                    "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
                )
            return True

        return serializes, attempts

    def test_a_retried_call_leaves_one_row(self):
        for transport in TRANSPORTS:
            function, attempts = self.failing_until(3)
            with self.subTest(transport), self.method(function) as call:
                before, made = len(self.rows()), len(self.partners("Made in the end"))
                answer = call(transport)
                self.assertIsNone(answer.code, answer.text)
                self.assertEqual(len(attempts), 3)
                [row] = self.rows()[before:]
                self.assertEqual(row["outcome"], "allowed")
                self.assertEqual(row["apikey_name"], "n8n")
                transactions = self.partners("Made in the end")
                self.assertEqual(len(transactions), made + 1)
                self.assertEqual(transactions[-1], self.transaction_of(row))

    def test_a_call_that_never_serializes(self):
        for transport in TRANSPORTS:
            function, attempts = self.failing_until(99)
            with self.subTest(transport), self.method(function) as call:
                before = len(self.rows())
                self.assertIsNotNone(call(transport).code)
                self.assertEqual(len(attempts), 5)
                [row] = self.rows()[before:]
                self.assertEqual(row["outcome"], "error")
                self.assertTrue(row["reason"].startswith("SerializationFailure"))
        self.assertEqual(self.partners("Made in the end"), [])

    def test_the_key_is_asked_again_at_each_try(self):
        """Suspended between two tries: over HTTP the second is refused."""
        secret = None
        suspend = self.change_key

        def suspends(partners):
            suspend(secret, "suspended = true")
            partners.env.cr.execute(
                "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
            )

        with self.method(suspends) as call:
            secret = call.__defaults__[0]
            self.assertEqual(call("json2").code, 401)
            row = self.one_row()
            self.assertEqual(row["outcome"], "denied")
            self.assertEqual(row["reason"], "The key is suspended.")

    # -- the row cannot be written

    @contextmanager
    def no_log(self):
        with self.committing() as env:
            env.cr.execute("ALTER TABLE apikey_call RENAME TO apikey_call_away")
        try:
            with mute_logger(*LOUD):
                yield
        finally:
            with self.committing() as env:
                env.cr.execute("ALTER TABLE apikey_call_away RENAME TO apikey_call")

    def assertUnavailable(self, transport, answer):
        codes = {
            "json2": 503,
            "xmlrpc2": 2,
            "jsonrpc": "odoo.exceptions.UserError",
        }
        if transport == "xmlrpc1":
            self.assertIn("warning -- UserError", answer.code)
            self.assertIn(UNAVAILABLE, answer.code)
        else:
            self.assertEqual(answer.code, codes[transport], answer.text)
            self.assertEqual(answer.message, UNAVAILABLE)
        self.assertNotIn("Traceback", answer.text)
        self.assertNotIn("relation", answer.text)

    def test_no_row_no_effect(self):
        secrets = self.issue(("res.partner", "read create")), self.issue_unscoped()
        for transport in TRANSPORTS:
            for secret in secrets:
                with self.subTest(transport, scoped=secret == secrets[0]):
                    with self.no_log():
                        answer = self.call(
                            transport,
                            secret,
                            "res.partner",
                            "create",
                            vals_list=[{"name": "Made unseen"}],
                        )
                    self.assertUnavailable(transport, answer)
                    self.assertEqual(self.partners("Made unseen"), [])

    def test_no_row_no_answer(self):
        secret = self.issue(("res.partner", "read"))
        for transport in TRANSPORTS:
            with self.subTest(transport):
                with self.no_log():
                    answer = self.call(
                        transport, secret, "res.partner", "search", domain=[]
                    )
                self.assertUnavailable(transport, answer)

    def test_no_row_of_a_refusal(self):
        secret = self.issue(("res.partner", "read"))
        for transport in TRANSPORTS:
            with self.subTest(transport):
                with self.no_log():
                    answer = self.call(transport, secret, "res.partner", "unlink", [1])
                self.assertUnavailable(transport, answer)

    def test_no_row_no_authentication(self):
        for secret in (self.issue(("res.partner", "read")), self.issue_unscoped()):
            for transport in TRANSPORTS[1:]:
                with self.subTest(transport):
                    with self.no_log():
                        self.assertIs(self.authenticate_by(transport, secret), False)
                    uid = self.authenticate_by(transport, secret)
                    self.assertEqual(uid, self.user_id)

    def test_no_row_no_half_way_commit(self):
        def commits(partners):
            partners.create({"name": "Made unseen"})
            partners.env.cr.commit()

        for transport in TRANSPORTS:
            with self.method(commits) as call, self.no_log():
                answer = call(transport)
            self.assertUnavailable(transport, answer)
            self.assertEqual(self.partners("Made unseen"), [])

    # -- a read-only cursor

    @contextmanager
    def replica(self):
        """Serve read-only routes through a read-only connection, as with a replica."""
        pool = sql_db.ConnectionPool(8, readonly=True)
        info = sql_db.connection_info_for(self.db)[1]
        connection = sql_db.Connection(pool, self.db, info)
        with (
            patch.object(self.registry, "_db_readonly", connection),
            patch.object(self.registry, "_db_readonly_failed_time", None),
        ):
            with self.registry.cursor(readonly=True) as cr:
                self.assertTrue(cr.readonly)
            yield
        pool.close_all()

    def test_read_only(self):
        seen = []

        def looks(partners):
            seen.append(partners.env.cr.readonly)
            return partners.name

        with self.method(looks, readonly=True) as call, self.replica():
            answer = call("json2")
            self.assertEqual(answer.result, "Ada", answer.text)
            self.assertEqual(seen, [True])
            row = self.one_row()
            self.assertEqual(row["outcome"], "allowed")
            self.assertGreater(row["duration_ms"], 0)

    def test_read_only_refusal(self):
        secret = self.issue(("res.country", "read"))
        with self.replica():
            answer = self.call("json2", secret, "res.partner", "search", domain=[])
        self.assertEqual(answer.code, 403)
        self.assertEqual(self.one_row()["outcome"], "denied")

    def test_read_only_that_writes_after_all(self):
        seen = []

        def writes(partners):
            seen.append(partners.env.cr.readonly)
            partners.create({"name": "Made on the second try"})
            partners.env.flush_all()

        with self.method(writes, readonly=True) as call, self.replica():
            answer = call("json2")
            self.assertIsNone(answer.code, answer.text)
            self.assertEqual(seen, [True, False])
            row = self.one_row()
            self.assertEqual(row["outcome"], "allowed")
            self.assertEqual(
                self.partners("Made on the second try"), [self.transaction_of(row)]
            )

    def test_read_only_without_a_log(self):
        secret = self.issue(("res.partner", "read"))
        with self.replica(), self.no_log():
            answer = self.call("json2", secret, "res.partner", "search", domain=[])
        self.assertUnavailable("json2", answer)

    # -- nothing stays behind

    def test_nothing_leaks_into_the_next_call(self):
        scoped = self.issue(("res.country", "read"))
        unscoped = self.issue_unscoped()
        for transport in TRANSPORTS:
            for _repeat in range(2):
                denied = self.call(
                    transport, scoped, "res.partner", "search", domain=[]
                )
                self.assertIsNotNone(denied.code)
                allowed = self.call(
                    transport, unscoped, "res.partner", "search_count", domain=[]
                )
                self.assertIsNone(allowed.code, allowed.text)
        response = self.url_open("/web/login")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(
            [row["outcome"] for row in self.rows()], ["denied", "allowed"] * 8
        )


@tagged("post_install", "-at_install", "scoped_apikey")
class TestRecordRoom(ScopedCase):
    def test_commit_is_put_back(self):
        """Somebody else may have put a ``commit`` on this very cursor, as tests do."""
        call = self.call_with(self.key(self.scope()))
        with self.registry.cursor() as cr:
            commits = []
            cr.commit = lambda: commits.append(1)
            mine = cr.commit
            with recorded_before_commits(self.env(cr=cr), call):
                self.assertIsNot(cr.commit, mine)
            self.assertIs(vars(cr).get("commit"), mine)
            vars(cr).pop("commit", None)
            cr.rollback()

    def test_no_values_of_a_database_error(self):
        message = None
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                self.env.cr.execute(
                    "INSERT INTO apikey_scope_rule (scope_id, domain)"
                    " VALUES (NULL, 'hidden value')"
                )
        except Exception as error:  # noqa: BLE001
            message = describe(error)
            self.assertIn("hidden value", str(error))
        self.assertTrue(message.startswith("NotNullViolation: null value in column"))
        self.assertNotIn("hidden value", message)

    def test_long_and_unprintable_texts(self):
        key = self.key(self.scope(self.rule("res.partner", "read")))
        call = self.call_with(key, "res.partner", "x" * 5000)
        self.env["apikey.call"]._insert(
            call.row("denied", "a\0b\ud800c\x1b" + "y" * 5000)
        )
        [row] = calls(self.env, "call_ref = %s", call.ref)
        self.assertEqual(row["method"], "x" * 79 + "…")
        self.assertTrue(row["reason"].startswith("a\ufffdb\ufffdc\ufffdyyy"))
        self.assertEqual(len(row["reason"]), 4000)
