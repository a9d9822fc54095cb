# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Limits on calls, at each door: what is counted, what is refused, and what is said."""

from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

import psycopg2
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import config, mute_logger

from .. import call as call_module
from ..call import Call, utcnow
from ..limits import counters, leases
from ..limits.counter import CounterUnreachable
from ..limits.leases import Leases
from ..limits.slots import slots_of
from ..rooms import limits as room
from ..rooms.identify import identify_key
from ..seams import limit_headers
from .common import LOGGED_AS, TRANSPORTS, CallCase, ScopedCase, key_of, make_key

METHOD = "action_of_this_test"
RPC = TRANSPORTS[1:]
WHO = 'Key "n8n" (scope "Enrichment")'
TOO_MANY = {"json2": 429, "xmlrpc2": 4, "jsonrpc": "odoo.exceptions.AccessError"}
UNCOUNTED = {**TOO_MANY, "json2": 503}
WINDOWS = {
    "rate_limit": ("it may make 2 calls a minute", "key-minute", 60, 43),
    "daily_quota": ("it may make 2 calls a day", "key-day", 86400, 86383),
    "shared_rate_limit": (
        "all keys of its scope together may make 2 calls a minute",
        "scope-minute",
        60,
        43,
    ),
    "shared_daily_quota": (
        "all keys of its scope together may make 2 calls a day",
        "scope-day",
        86400,
        86383,
    ),
}
LOUD = (
    "odoo.http",
    "odoo.sql_db",
    "odoo.addons.rpc.controllers.xmlrpc",
    "odoo.addons.scoped_apikey.rooms.limits",
)


class LimitsCase(CallCase):
    """All of a test is one moment of today, 00:00:17: no minute and no day begins meanwhile.

    It is not in the future, where its rows would be the newest for all other tests.
    """

    def setUp(self):
        super().setUp()
        self.moment = utcnow().replace(hour=0, minute=0, second=17, microsecond=0)
        for module in (call_module, room, limit_headers):
            self.startPatcher(patch.object(module, "utcnow", lambda: self.moment))
        self.startPatcher(patch.object(room, "_leases", Leases()))
        self.startPatcher(patch.object(leases, "PAUSE", 0))
        self.startPatcher(mute_logger(*LOUD))

    def startPatcher(self, patcher):
        patcher.__enter__()
        self.addCleanup(patcher.__exit__, None, None, None)

    def issue(self, *rules, **values):
        return super().issue(*rules or [("res.partner", "read")], **values)

    def issue_another(self, secret):
        """Issue a key under the same scope."""
        with self.committing() as env:
            scope = key_of(env, secret).scope_id
            return make_key(env, env["res.users"].browse(self.user_id), scope)

    def ask(self, transport, secret, model="res.partner", **kwargs):
        kwargs = kwargs or {"domain": [("id", "=", self.partner_id)]}
        return self.call(transport, secret, model, "search_count", **kwargs)

    def assertServed(self, answer):
        self.assertIsNone(answer.code, answer.text)

    def assertRefused(self, transport, answer, sentence, codes=TOO_MANY):
        if transport == "xmlrpc1":
            self.assertTrue(answer.code.startswith("warning -- AccessError"))
            self.assertIn(sentence, answer.code)
        else:
            self.assertEqual(answer.code, codes[transport], answer.text)
            self.assertEqual(answer.message, sentence)
        row = self.rows()[-1]
        self.assertEqual((row["outcome"], row["reason"]), ("denied", sentence))
        self.assertEqual(row["apikey_name"], "n8n")
        self.assertEqual(row["transport"], LOGGED_AS[transport])
        self.assertEqual(row["method"], "search_count")

    @contextmanager
    def no_counter(self):
        """Take away what PostgreSQL counts in."""
        with self.committing() as env:
            env.cr.execute("ALTER TABLE apikey_permit RENAME TO apikey_permit_away")
        try:
            yield
        finally:
            with self.committing() as env:
                env.cr.execute("ALTER TABLE apikey_permit_away RENAME TO apikey_permit")

    @contextmanager
    def method(self, function):
        """Give ``res.partner`` a business method."""
        function._readonly = False
        with (
            patch.object(self.registry["res.partner"], METHOD, function, create=True),
            patch("odoo.service.model.random.uniform", return_value=0),
        ):
            yield

    def press(self, transport, secret):
        return self.call(transport, secret, "res.partner", METHOD, [self.partner_id])

    def issue_for_method(self, **values):
        return self.issue(("res.partner", "read", {"methods": METHOD}), **values)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestWindows(LimitsCase):
    def test_each_limit_at_each_door(self):
        for field, (limit, name, length, seconds) in WINDOWS.items():
            sentence = (
                f"{WHO} is not accepted now: {limit}, and no more are left. Try again in"
                f" {seconds} seconds."
            )
            for transport in TRANSPORTS:
                with self.subTest(field, transport=transport):
                    secret = self.issue(**{field: 2})
                    for left in (1, 0):
                        answer = self.ask(transport, secret)
                        self.assertServed(answer)
                        if transport == "json2":
                            self.assertHeaders(answer, name, length, left, seconds)
                    self.assertEqual(self.rows()[-1]["outcome"], "allowed")
                    answer = self.ask(transport, secret)
                    self.assertRefused(transport, answer, sentence)
                    if transport == "json2":
                        self.assertHeaders(answer, name, length, 0, seconds)
                        self.assertEqual(answer.headers["Retry-After"], str(seconds))
                    if transport in ("xmlrpc2", "jsonrpc"):
                        uid = self.authenticate_by(transport, secret)
                        self.assertIs(uid, False)
                        row = self.rows()[-1]
                        self.assertEqual(row["outcome"], "denied")
                        self.assertEqual(row["reason"], sentence)

    def assertHeaders(self, answer, name, length, left, seconds):
        self.assertEqual(answer.headers["RateLimit-Policy"], f'"{name}";q=2;w={length}')
        self.assertEqual(answer.headers["RateLimit"], f'"{name}";r={left};t={seconds}')

    def test_the_next_window(self):
        secret = self.issue(rate_limit=1, daily_quota=3)
        for _minute in range(3):
            self.assertServed(self.ask("json2", secret))
            self.assertEqual(self.ask("json2", secret).code, 429)
            self.moment += timedelta(minutes=1)
        answer = self.ask("json2", secret)
        self.assertEqual(answer.code, 429)
        self.assertIn("3 calls a day", answer.message)

    def test_authenticating_is_a_call(self):
        secret = self.issue(rate_limit=1)
        for transport in ("xmlrpc2", "jsonrpc"):
            secret = self.issue(rate_limit=1)
            self.assertEqual(self.authenticate_by(transport, secret), self.user_id)
            self.assertIs(self.authenticate_by(transport, secret), False)
            self.assertEqual(self.ask("json2", secret).code, 429)

    def test_all_limits_are_told(self):
        secret = self.issue(
            rate_limit=5, daily_quota=6, shared_rate_limit=7, shared_daily_quota=8
        )
        headers = self.ask("json2", secret).headers
        self.assertEqual(
            headers["RateLimit-Policy"],
            '"key-minute";q=5;w=60, "key-day";q=6;w=86400,'
            ' "scope-minute";q=7;w=60, "scope-day";q=8;w=86400',
        )
        self.assertEqual(
            headers["RateLimit"],
            '"key-minute";r=4;t=43, "key-day";r=5;t=86383,'
            ' "scope-minute";r=6;t=43, "scope-day";r=7;t=86383',
        )

    def test_rpc_is_told_in_words_only(self):
        secret = self.issue(rate_limit=5)
        response = self.url_open(
            "/jsonrpc",
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "params": {
                    "service": "object",
                    "method": "execute_kw",
                    "args": [self.db, self.user_id, secret]
                    + ["res.partner", "search_count", [[]]],
                },
            },
        )
        self.assertIn("result", response.json())
        self.assertNotIn("RateLimit", response.headers)

    def test_two_keys_share_what_is_shared(self):
        one = self.issue(shared_rate_limit=3, rate_limit=2)
        other = self.issue_another(one)
        for secret in (one, one, other):
            self.assertServed(self.ask("json2", secret))
        answer = self.ask("json2", one)
        self.assertIn("it may make 2 calls", answer.message)
        answer = self.ask("json2", other)
        self.assertIn("all keys of its scope together may make 3", answer.message)

    def test_a_key_without_a_scope_has_no_limits(self):
        secret = self.issue_unscoped()
        limited = self.issue(rate_limit=1)
        for transport in TRANSPORTS:
            for _time in range(3):
                answer = self.ask(transport, secret)
                self.assertServed(answer)
                self.assertNotIn("RateLimit", answer.headers)
        self.assertServed(self.ask("json2", limited))

    def test_a_scope_without_limits_asks_no_counter(self):
        secret = self.issue()
        with self.no_counter():
            answer = self.ask("json2", secret)
        self.assertServed(answer)
        self.assertNotIn("RateLimit", answer.headers)

    def test_a_limit_that_is_edited(self):
        secret = self.issue(rate_limit=1)
        self.assertServed(self.ask("json2", secret))
        self.assertEqual(self.ask("json2", secret).code, 429)
        for calls_a_minute, code in ((2, None), (1, 429), (0, None), (2, 429)):
            with self.committing() as env:
                key_of(env, secret).scope_id.rate_limit = calls_a_minute
            self.assertEqual(self.ask("json2", secret).code, code)

    # -- what is counted, and what is not

    def test_refused_calls_are_not_counted(self):
        secret = self.issue(rate_limit=2)
        for transport in TRANSPORTS:
            answer = self.ask(transport, secret, "res.country")  # no rule grants it
            self.assertIsNotNone(answer.code)
            if transport == "json2":
                self.assertEqual(answer.code, 403)
                self.assertEqual(answer.headers["RateLimit"], '"key-minute";r=2;t=43')
        self.assertEqual({row["outcome"] for row in self.rows()}, {"denied"})
        for code in (None, None, 429):
            self.assertEqual(self.ask("json2", secret).code, code)

    def test_what_is_refused_as_it_runs_is_counted(self):
        """Or who guesses, until a method no longer refuses him, could go on for ever."""
        for transport in TRANSPORTS:
            secret = self.issue(("ir.cron", "read"), rate_limit=1)
            self.assertIsNotNone(self.ask(transport, secret, "ir.cron").code)
            row = self.rows()[-1]
            self.assertEqual(row["outcome"], "denied")
            self.assertTrue(row["reason"].startswith("Odoo: "))
            self.assertEqual(self.ask("json2", secret, "ir.cron").code, 429)

    def test_a_call_from_elsewhere_is_not_counted(self):
        secret = self.issue(rate_limit=1, networks="203.0.113.0/24")
        for transport in TRANSPORTS:
            self.assertIsNotNone(self.ask(transport, secret).code)
        with self.committing() as env:
            key_of(env, secret).scope_id.networks = False
        for code in (None, 429):
            self.assertEqual(self.ask("json2", secret).code, code)

    def test_a_key_of_another_user_is_not_counted(self):
        secret = self.issue(rate_limit=1)
        admin = self.env.ref("base.user_admin").id
        with patch.object(type(self), "user_id", admin):
            for transport in RPC:
                self.assertIsNotNone(self.ask(transport, secret).code)
        for transport in ("xmlrpc2", "jsonrpc"):
            self.assertIs(self.authenticate_by(transport, secret, "admin"), False)
        for code in (None, 429):
            self.assertEqual(self.ask("json2", secret).code, code)

    def test_errors_are_counted(self):
        def fails(partners):
            raise UserError("It is closed.")

        with self.method(fails):
            for transport in TRANSPORTS:
                secret = self.issue_for_method(rate_limit=1)
                self.assertIn("It is closed.", self.press(transport, secret).text)
                self.assertEqual(self.rows()[-1]["outcome"], "error")
                self.assertEqual(self.ask("json2", secret).code, 429)

    def test_what_is_tried_again_is_counted_once(self):
        attempts = []

        def serializes(partners):
            attempts.append(1)
            if len(attempts) % 3:
                partners.env.cr.execute(
                    "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
                )
            return True

        with self.method(serializes):
            for number, transport in enumerate(TRANSPORTS, 1):
                secret = self.issue_for_method(rate_limit=2, concurrency_limit=1)
                self.assertServed(self.press(transport, secret))
                self.assertEqual(len(attempts), 3 * number)
                for code in (None, 429):
                    self.assertEqual(self.ask("json2", secret).code, code)

    def test_what_commits_half_way_is_counted_once(self):
        def commits(partners):
            for _time in range(3):
                partners.env.cr.commit()
            return True

        with self.method(commits):
            for transport in TRANSPORTS:
                secret = self.issue_for_method(rate_limit=2)
                self.assertServed(self.press(transport, secret))
                for code in (None, 429):
                    self.assertEqual(self.ask("json2", secret).code, code)

    def test_what_commits_half_way_and_is_then_refused_is_counted(self):
        """The log says that it was allowed, and then refused: what it did is there."""

        def commits(partners):
            partners.env.cr.commit()
            raise AccessError("Not any further.")

        with self.method(commits):
            for transport in TRANSPORTS:
                secret = self.issue_for_method(rate_limit=1)
                before = len(self.rows())
                self.assertIsNotNone(self.press(transport, secret).code)
                outcomes = [row["outcome"] for row in self.rows()[before:]]
                self.assertEqual(outcomes, ["allowed", "denied"])
                self.assertEqual(self.ask("json2", secret).code, 429)

    def test_calls_inside_a_call_are_not_counted(self):
        from odoo.service import model as service

        def calls_itself(partners):
            for _time in range(5):
                kwargs = {"domain": []}
                service.call_kw(partners.browse(), "search_count", [], kwargs)
            return True

        with self.method(calls_itself):
            for transport in TRANSPORTS:
                secret = self.issue_for_method(rate_limit=2, concurrency_limit=1)
                self.assertServed(self.press(transport, secret))
                for code in (None, 429):
                    self.assertEqual(self.ask("json2", secret).code, code)

    # -- who only observes

    def test_who_observes_is_told_in_the_log(self):
        for transport in TRANSPORTS:
            secret = self.issue(rate_limit=1, mode="observe")
            self.assertServed(self.ask(transport, secret))
            self.assertEqual(self.rows()[-1]["outcome"], "allowed")
            answer = self.ask(transport, secret)
            self.assertServed(answer)
            row = self.rows()[-1]
            self.assertEqual(row["outcome"], "observed")
            self.assertEqual(
                row["reason"],
                f"{WHO} is not accepted now: it may make 1 calls a minute, and no more"
                " are left. Try again in 43 seconds.",
            )
            if transport == "json2":
                self.assertEqual(answer.headers["RateLimit"], '"key-minute";r=0;t=43')

    # -- the counter cannot be reached

    def test_what_cannot_be_counted_is_refused(self):
        sentence = (
            f"{WHO} is not accepted now: its calls are limited, and cannot be counted."
            " Try again later."
        )
        secret = self.issue(rate_limit=5)
        for transport in TRANSPORTS:
            with self.no_counter():
                answer = self.ask(transport, secret)
                self.assertRefused(transport, answer, sentence, UNCOUNTED)
                if transport == "json2":
                    self.assertEqual(answer.headers["Retry-After"], "1")
                if transport in ("xmlrpc2", "jsonrpc"):
                    self.assertIs(self.authenticate_by(transport, secret), False)
                    self.assertEqual(self.rows()[-1]["reason"], sentence)
            self.assertServed(self.ask(transport, secret))
            self.assertIsNone(self.rows()[-1]["reason"])

    def test_what_cannot_be_counted_is_served(self):
        """Where an administrator has chosen that; each row says so."""
        remark = "Not counted: PostgreSQL does not count: UndefinedTable."

        def fails(partners):
            raise UserError("It is closed.")

        with self.method(fails), self.no_counter():
            secret = self.issue_for_method(
                rate_limit=1, networks="127.0.0.1", on_counter_failure="serve"
            )
            for transport in TRANSPORTS * 2:
                self.assertServed(self.ask(transport, secret))
                row = self.rows()[-1]
                self.assertEqual((row["outcome"], row["reason"]), ("allowed", remark))
            for transport in ("xmlrpc2", "jsonrpc"):
                self.assertEqual(self.authenticate_by(transport, secret), self.user_id)
                self.assertEqual(self.rows()[-1]["reason"], remark)
            self.press("json2", secret)
            self.assertEqual(self.rows()[-1]["reason"], f"{remark} It is closed.")
            with self.committing() as env:
                values = {"mode": "observe", "networks": "203.0.113.1"}
                key_of(env, secret).scope_id.write(values)
            self.assertServed(self.ask("json2", secret))
            row = self.rows()[-1]
            self.assertEqual(row["outcome"], "observed")
            self.assertTrue(row["reason"].startswith(f"{remark} {WHO} is not"))

    def test_who_observes_is_served_uncounted(self):
        secret = self.issue(rate_limit=1, mode="observe")
        with self.no_counter():
            self.assertServed(self.ask("json2", secret))
        row = self.one_row()
        self.assertEqual(row["outcome"], "observed")
        self.assertIn("cannot be counted", row["reason"])

    def test_counted_at_the_second_try(self):
        """The row of a call that was counted in the end says nothing else."""
        attempts = []
        taking = counters.postgres_counter.take

        def take(*request):
            if not attempts:
                raise CounterUnreachable("It is away.")
            return taking(*request)

        def serializes(partners):
            attempts.append(1)
            if len(attempts) == 1:
                partners.env.cr.execute(
                    "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
                )
            return True

        with (
            self.method(serializes),
            patch.object(counters.postgres_counter, "take", take),
        ):
            secret = self.issue_for_method(rate_limit=1, on_counter_failure="serve")
            self.assertServed(self.press("json2", secret))
        self.assertEqual(len(attempts), 2)
        self.assertIsNone(self.one_row()["reason"])
        self.assertEqual(self.ask("json2", secret).code, 429)

    def test_what_is_no_counter_cannot_be_reached(self):
        secret = self.issue(rate_limit=1)
        with patch.dict(config.options, {counters.REDIS_OPTION: "nonsense"}):
            self.assertEqual(self.ask("json2", secret).code, 503)
        self.assertServed(self.ask("json2", secret))


@tagged("post_install", "-at_install", "scoped_apikey")
class TestAtATime(LimitsCase):
    SENTENCE = (
        f"{WHO} may make 2 calls at a time, and as many are running. Try again when one"
        " of them has ended."
    )

    def key_id(self, secret):
        with self.committing() as env:
            return key_of(env, secret).id

    @contextmanager
    def running(self, secret, count=1):
        """Have so many calls of a key run in another process, as far as the database knows."""
        with psycopg2.connect(dbname=self.db) as connection:
            connection.autocommit = True
            cr = connection.cursor()
            first = 0x5CA9 << 48 | self.key_id(secret) << 16
            for slot in range(first, first + count):
                cr.execute("SELECT pg_try_advisory_lock(%s)", [slot])
                self.assertEqual(cr.fetchone(), (True,))
            yield
            cr.execute("SELECT pg_advisory_unlock_all()")
        connection.close()

    def test_at_each_door(self):
        secret = self.issue(concurrency_limit=2, rate_limit=9)
        for transport in TRANSPORTS:
            with self.subTest(transport):
                with self.running(secret, 1):
                    self.assertServed(self.ask(transport, secret))
                with self.running(secret, 2):
                    answer = self.ask(transport, secret)
                    self.assertRefused(transport, answer, self.SENTENCE)
                    if transport == "json2":
                        self.assertEqual(answer.headers["Retry-After"], "1")
                        # it is refused, and so it is not counted
                        self.assertIn("r=8;", answer.headers["RateLimit"])
                self.assertServed(self.ask(transport, secret))
        with self.running(secret, 2):
            self.assertEqual(self.authenticate_by("xmlrpc2", secret), self.user_id)

    def test_a_call_holds_its_slot_while_it_runs(self):
        """Whatever becomes of it."""
        refused = []

        def looks(partners):
            refused.append(self.press_apart(secret))
            if partners.env.context.get("lang"):
                raise UserError("It is closed.")
            return True

        args = "res.partner", METHOD, [self.partner_id]
        with self.method(looks):
            for transport in TRANSPORTS:
                for context in ({}, {"lang": "en_US"}):
                    secret = self.issue_for_method(concurrency_limit=1)
                    answer = self.call(transport, secret, *args, context=context)
                    self.assertEqual(answer.code is None, not context, answer.text)
                    self.assertIn("1 calls at a time", refused.pop())
                    self.assertServed(self.ask(transport, secret))

    def press_apart(self, secret):
        """Call while another call runs. :return: the refusal"""
        call = Call(self.db, "json2", "127.0.0.1", "res.partner", METHOD)
        with self.committing() as env:
            identify_key(env, call, secret)
            with self.assertRaises(AccessError) as caught, room.slot(env, call):
                self.fail("There was a slot.")
        return str(caught.exception)

    def test_who_observes_is_told_in_the_log(self):
        secret = self.issue(concurrency_limit=2, mode="observe")
        for transport in TRANSPORTS:
            with self.running(secret, 2):
                self.assertServed(self.ask(transport, secret))
            row = self.rows()[-1]
            self.assertEqual(
                (row["outcome"], row["reason"]), ("observed", self.SENTENCE)
            )

    def test_a_connection_that_is_not_to_be_had(self):
        def unreachable(*_about, **_options):
            raise psycopg2.OperationalError("It is away.")

        slots = slots_of(self.db)
        for choice, code in (("refuse", 503), ("serve", None)):
            secret = self.issue(concurrency_limit=1, on_counter_failure=choice)
            slots._disconnect()
            with patch(
                "odoo.addons.scoped_apikey.limits.slots.psycopg2.connect", unreachable
            ):
                # Odoo connects by another name of it, and has connections.
                answer = self.ask("json2", secret)
            self.assertEqual(answer.code, code, answer.text)
        row = self.rows()[-1]
        self.assertEqual(row["outcome"], "allowed")
        self.assertEqual(
            row["reason"], "Not counted: PostgreSQL gives no slot: OperationalError."
        )


@tagged("post_install", "-at_install", "scoped_apikey")
class TestCounters(ScopedCase):
    def test_which_counter(self):
        with patch.dict(config.options, {counters.REDIS_OPTION: ""}):
            take = counters.counter_of(self.env)
        self.assertEqual(take.args, (self.cr.dbname,))
        self.assertIs(take.func, counters.postgres_counter.take)
        with patch.dict(config.options, {counters.REDIS_OPTION: "redis://localhost"}):
            takes = [counters.counter_of(self.env) for _time in range(2)]
        uuid = self.env["ir.config_parameter"].get_param("database.uuid")
        for take in takes:
            self.assertEqual(take.args, (f"{uuid}:{self.cr.dbname}",))
        self.assertIs(takes[0].func.__self__, takes[1].func.__self__)

    def test_the_daily_job_forgets_old_counts(self):
        self.env.cr.execute(
            "INSERT INTO apikey_permit (subject, seconds, started, taken, granted)"
            " VALUES ('key:0', 60, %s, 1, 1), ('key:0', 86400, %s, 1, 1)",
            [datetime(2020, 1, 1), datetime.now() - timedelta(days=3)],
        )
        self.env["apikey.scope"]._gc_permits()
        self.env.cr.execute("SELECT seconds FROM apikey_permit WHERE subject = 'key:0'")
        self.assertEqual(self.env.cr.fetchall(), [(86400,)])
