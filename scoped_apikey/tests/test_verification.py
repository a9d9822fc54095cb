# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Verifications: asked for by a button or by nobody, done by a job, told when they fail."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..call import Call
from ..ledger.tables import TRIGGER
from ..ledger.verifier import Report
from ..models import apikey_verification
from .common import ScopedCase, make_user, stamped
from .test_seals import LedgerCase

LOGGER = "odoo.addons.scoped_apikey.models.apikey_verification"


@tagged("post_install", "-at_install", "scoped_apikey")
class TestVerification(LedgerCase):
    """With real commits: the job commits how far it is, and so is seen by others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.committing() as env:
            auditor = make_user(env, "verifying.auditor", "scoped_apikey.group_auditor")
            auditor.notification_type = "inbox"
            plain = make_user(env, "verifying.user", "base.group_user")
            cls.auditor_id, cls.plain_id = auditor.id, plain.id
        cls.addClassCleanup(cls._remove_users)
        cls.row_id, _other = cls.write_rows("verified", "verified")
        cls.seal()

    @classmethod
    def _remove_users(cls):
        with cls.committing() as env:
            users = env["res.users"].browse([cls.auditor_id, cls.plain_id])
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    @classmethod
    @contextmanager
    def committing(cls):
        with cls.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            # What other tests, or other runs, have left is not ours to count.
            env["apikey.verification"].search([]).unlink()
        self.addCleanup(self._remove)

    def _remove(self):
        with self.committing() as env:
            env["apikey.verification"].search([]).unlink()
            env["mail.message"].search(
                [("subject", "=like", "The call log of%")]
            ).unlink()

    @contextmanager
    def as_user(self, user_id):
        with self.committing() as env:
            yield env(user=user_id)["apikey.verification"]

    def ask(self, user_id=None):
        """Press Verify Now. :return: the verification's id"""
        with self.as_user(user_id or self.auditor_id) as verifications:
            return verifications.action_verify()["res_id"]

    def work(self):
        """Do what the scheduled job does."""
        with self.committing() as env:
            env["apikey.verification"]._run_waiting()

    def read(self, id_):
        with self.as_user(self.auditor_id) as verifications:
            [values] = verifications.browse(id_).read()
        return values

    def count(self):
        with self.committing() as env:
            return env["apikey.verification"].search_count([])

    def messages(self):
        """Return how often the auditor was told."""
        with self.committing() as env:
            partner = env["res.users"].browse(self.auditor_id).partner_id
            return env["mail.notification"].search_count(
                [
                    ("res_partner_id", "=", partner.id),
                    ("notification_type", "=", "inbox"),
                    ("mail_message_id.body", "ilike", "was altered"),
                ]
            )

    @contextmanager
    def altered(self):
        """Alter a row as the owner of the database can, and put it back as it was."""
        with self.committing() as env:
            env.cr.execute(
                "SELECT tableoid::regclass::text FROM apikey_call WHERE id = %s",
                [self.row_id],
            )
            [week] = env.cr.fetchone()

        def put(outcome):
            with self.committing() as env:
                env.cr.execute(f"ALTER TABLE {week} DISABLE TRIGGER {TRIGGER}")
                env.cr.execute(
                    f"UPDATE {week} SET outcome = %s WHERE id = %s",
                    [outcome, self.row_id],
                )
                env.cr.execute(f"ALTER TABLE {week} ENABLE ALWAYS TRIGGER {TRIGGER}")

        put("denied")
        try:
            yield
        finally:
            put("allowed")

    def test_asked_for_done_and_passed(self):
        asked = self.ask()
        waiting = self.read(asked)
        self.assertEqual((waiting["state"], waiting["progress"]), ("waiting", 0))
        self.assertEqual(waiting["create_uid"][0], self.auditor_id)
        self.assertEqual(self.ask(), asked, "one that waits is not asked for again")
        self.work()
        done = self.read(asked)
        self.assertEqual(done["state"], "passed")
        self.assertEqual((done["progress"], done["problem_count"]), (100, 0))
        self.assertGreaterEqual(done["row_count"], 2)
        self.assertGreaterEqual(done["seal_count"], 1)
        self.assertTrue(done["started_at"] <= done["ended_at"])
        self.assertIn("were verified", done["report"])
        self.assertNotEqual(self.ask(), asked, "what is done can be asked for again")

    def test_it_is_seen_while_it_runs(self):
        asked = self.ask()
        seen = []
        note = apikey_verification.ApikeyVerification._note

        def look(verification, **values):
            note(verification, **values)
            seen.append(self.read(asked)["state"])

        with patch.object(apikey_verification.ApikeyVerification, "_note", look):
            self.work()
        self.assertEqual((seen[0], seen[-1]), ("running", "passed"))

    def test_one_that_fails_is_told(self):
        asked = self.ask()
        finding = f"Row {self.row_id} of apikey_call was altered."
        with self.altered(), self.assertLogs(LOGGER, "ERROR") as logged:
            self.work()
        failed = self.read(asked)
        self.assertEqual(failed["state"], "failed")
        self.assertEqual((failed["finding"], failed["problem_count"]), (finding, 1))
        self.assertIn(finding, failed["report"])
        self.assertIn(finding, logged.output[0])
        self.assertEqual(self.messages(), 1)
        again = self.ask()
        with self.altered(), self.assertLogs(LOGGER, "ERROR") as logged:
            self.work()
        self.assertEqual(self.read(again)["state"], "failed")
        self.assertIn(finding, logged.output[0])
        self.assertEqual(self.messages(), 1, "it is as it was: nobody is told again")
        self.ask()
        self.work()
        self.ask()
        with self.altered(), mute_logger(LOGGER):
            self.work()
        self.assertEqual(self.messages(), 2)

    def test_settings_say_how_the_last_one_ended(self):
        asked = self.ask()
        with self.altered(), mute_logger(LOGGER):
            self.work()
        waiting = self.ask()
        self.assertNotEqual(asked, waiting)
        with self.committing() as env:
            settings = env["res.config.settings"].create({})
            self.assertEqual(settings.apikey_verification_id.id, asked)
            self.assertEqual(settings.apikey_verification_state, "failed")
            self.assertIn(str(self.row_id), settings.apikey_verification_finding)
            self.assertTrue(settings.apikey_verified_at)
            self.assertTrue(settings.apikey_sealed_at)
            self.assertFalse(settings.apikey_seal_warning)
            action = settings.action_apikey_verify()
            self.assertEqual(action["res_id"], waiting)

    def test_one_that_cannot_be_done(self):
        """Whoever owns the database can see to that, too: so it is told as well."""
        asked = self.ask()
        self.rename("late", "late_no_more")
        try:
            with (
                self.assertLogs(LOGGER, "ERROR") as logged,
                mute_logger("odoo.sql_db", "odoo.addons.scoped_apikey.sealing"),
            ):
                self.work()
        finally:
            self.rename("late_no_more", "late")
        broken = self.read(asked)
        self.assertEqual(broken["state"], "broken")
        self.assertIn("UndefinedColumn", broken["finding"])
        self.assertIn("could not be verified", "".join(logged.output))
        self.work()
        with self.as_user(self.auditor_id) as verifications:
            self.assertEqual(verifications.search([], limit=1).state, "passed")

    def rename(self, old, new):
        with self.committing() as env:
            env.cr.execute("SET LOCAL lock_timeout = '10s'")
            env.cr.execute(f"ALTER TABLE apikey_seal RENAME {old} TO {new}")

    def test_one_that_was_interrupted(self):
        """It is done again, once: what a time limit ends would never come to its end."""
        with self.committing() as env:
            once, twice = (
                env["apikey.verification"]
                .create([{"state": "running", "tries": tries} for tries in (1, 2)])
                .ids
            )
        with self.assertLogs(LOGGER, "ERROR"):
            self.work()
        self.assertEqual(self.read(once)["state"], "passed")
        broken = self.read(twice)
        self.assertEqual(broken["state"], "broken")
        self.assertIn("limit_time_real_cron", broken["finding"])

    def test_several_at_once(self):
        with self.committing() as env:
            ids = env["apikey.verification"].create([{}, {}, {}]).ids
        self.work()
        self.assertEqual([self.read(id_)["state"] for id_ in ids], ["passed"] * 3)
        self.assertEqual(self.count(), 3)

    def test_nobody_has_to_ask(self):
        """Every day; where the logs are large, every week."""
        self.work()
        self.assertEqual(self.count(), 1)
        with self.as_user(self.auditor_id) as verifications:
            first = verifications.search([])
            self.assertEqual(first.state, "passed")
            self.assertEqual(first.create_uid.id, SUPERUSER_ID)
        self.work()
        self.assertEqual(self.count(), 1, "it was done a moment ago")
        self.age(days=2)
        with patch.object(apikey_verification, "DAILY_UP_TO", -1):
            self.work()
            self.assertEqual(self.count(), 1)
        self.work()
        self.assertEqual(self.count(), 2)
        self.age(days=8)
        with patch.object(apikey_verification, "DAILY_UP_TO", -1):
            self.work()
        self.assertEqual(self.count(), 3)

    def test_one_that_broke_counts_for_nothing(self):
        with self.committing() as env:
            env["apikey.verification"].create({"state": "broken"})
        self.work()
        self.assertEqual(self.count(), 2)

    def test_they_are_kept_for_a_year(self):
        asked = self.ask()
        self.age(days=366)
        self.work()
        with self.committing() as env:
            self.assertFalse(env["apikey.verification"].browse(asked).exists())

    def age(self, days):
        with self.committing() as env:
            env.cr.execute(
                "UPDATE apikey_verification SET create_date = %s",
                [fields.Datetime.now() - timedelta(days=days)],
            )

    def test_buttons_pass_ids(self):
        """That of a list passes those of the rows that are ticked, if any."""
        with self.as_user(self.auditor_id) as verifications:
            first = call_kw(verifications, "action_verify", [[]], {})
            again = call_kw(verifications, "action_verify", [[first["res_id"]]], {})
        self.assertEqual(first["res_id"], again["res_id"])

    def test_refused_for_who_reads_no_log(self):
        with self.assertRaises(AccessError):
            self.ask(self.plain_id)
        self.assertEqual(self.count(), 0)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestNobodyMakesUpAVerification(ScopedCase):
    def test_record_rules_that_hide_rows_are_named(self):
        """Nothing was altered, and yet an auditor does not see all of it."""
        verifications = self.env["apikey.verification"]
        self.assertNotIn("hide", " ".join(verifications._facts(Report())))
        self.env["ir.rule"].create(
            {
                "name": "Nothing of the boss",
                "model_id": self.env["ir.model"]._get_id("apikey.call"),
                "domain_force": "[('user_login', '!=', 'boss')]",
            }
        )
        facts = " ".join(verifications._facts(Report()))
        self.assertIn("Nothing of the boss", facts)

    def test_no_scoped_key_asks_for_one(self):
        scope = self.scope(self.rule("res.partner", "read"))
        key = self.key(scope, self.admin)
        call = self.call_with(key, "apikey.verification", "action_verify")
        count = self.env["apikey.verification"].search_count([])
        with stamped(call), self.assertRaises(AccessError):
            self.env["apikey.verification"].with_user(self.admin).action_verify()
        with stamped(call), self.assertRaises(AccessError):
            self.env["apikey.verification"].sudo().create({"state": "passed"})
        self.assertEqual(self.env["apikey.verification"].search_count([]), count)

    def test_nobody_writes_one(self):
        verification = self.env["apikey.verification"].create({"state": "failed"})
        auditor = make_user(self.env, "auditor", "scoped_apikey.group_auditor")
        for user in (self.admin, auditor):
            with self.subTest(user.login):
                mine = verification.with_user(user)
                with self.assertRaises(AccessError):
                    mine.write({"state": "passed"})
                with self.assertRaises(AccessError):
                    mine.unlink()
                with self.assertRaises(AccessError):
                    mine.create({"state": "passed"})
                with self.assertRaises(AccessError):
                    mine.copy()
                self.assertTrue(mine.load(["state"], [["passed"]])["messages"])


@tagged("post_install", "-at_install", "scoped_apikey")
class TestSealWarning(LedgerCase):
    def warning(self, *rows):
        """Insert rows, by how old and how long they are, and ask for the warning."""
        self.seal()
        with self.env.registry.cursor() as cr:
            env = self.env(cr=cr, user=self.env.ref("base.user_admin").id)
            for minutes, duration in rows:
                row = Call(self.db, "json2", None, "x", "warned").row("allowed", None)
                row["called_at"] -= timedelta(minutes=minutes)
                row["duration_ms"] = duration and duration * 60_000
                env["apikey.call"]._insert(row)
            warning = env["apikey.seal"].warning()
            cr.rollback()
        return warning

    def test_warning(self):
        self.assertFalse(self.warning())
        self.assertFalse(self.warning((1, 0.1)))
        self.assertFalse(self.warning((60, 59)), "it has ended just now")
        self.assertFalse(self.warning((60, None)), "nobody knows when it ended")
        self.assertIn("minutes: 2.", self.warning((11, 0.1), (12, 0.1), (1, 0.1)))

    def test_refused_for_who_reads_no_seals(self):
        with self.env.registry.cursor() as cr:
            env = self.env(cr=cr)
            user = make_user(env, "warned.user", "base.group_user")
            with self.assertRaises(AccessError):
                env["apikey.seal"].with_user(user).warning()
            cr.rollback()
