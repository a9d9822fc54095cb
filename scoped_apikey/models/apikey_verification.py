# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from datetime import timedelta

from markupsafe import Markup
from odoo import api, fields, models

from .. import sealing
from ..ledger.chain import Seal

_logger = logging.getLogger(__name__)

KEPT = timedelta(days=365)
DAILY_UP_TO = 5_000_000
"""Rows that are verified every day without anybody asking: in about a minute."""
TRIES = 2
"""How often to begin one that a stopped server, or its time limit, does not let end."""


UNDER_WAY = [("state", "in", ("waiting", "running"))]
ENDED = [("state", "in", ("passed", "failed", "broken"))]


class ApikeyVerification(models.Model):
    """A verification of the logs: asked for by a button, done by a scheduled job.

    The job asks for one itself: every day, or every week where the logs are large.
    """

    _name = "apikey.verification"
    _inherit = ["apikey.guarded"]
    _description = "API Call Log Verification"
    _order = "id DESC"

    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("passed", "Unaltered"),
            ("failed", "Altered"),
            ("broken", "Could not be done"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    started_at = fields.Datetime(readonly=True)
    ended_at = fields.Datetime(readonly=True)
    rows_to_do = fields.Integer(readonly=True)
    row_count = fields.Integer("Rows Verified", readonly=True)
    tries = fields.Integer(readonly=True)
    progress = fields.Float(compute="_compute_progress")
    seal_count = fields.Integer("Seals Verified", readonly=True)
    problem_count = fields.Integer("Problems", readonly=True)
    finding = fields.Char("First Finding", readonly=True)
    report = fields.Html(readonly=True, sanitize=False)

    @api.depends("row_count", "rows_to_do", "state")
    def _compute_progress(self):
        for verification in self:
            done = verification.row_count / max(verification.rows_to_do, 1)
            ended = verification.state not in ("waiting", "running")
            verification.progress = 100 if ended else min(99, 100 * done)

    @api.depends("create_date")
    def _compute_display_name(self):
        for verification in self:
            moment = fields.Datetime.context_timestamp(self, verification.create_date)
            verification.display_name = self.env._(
                "Verification of %s", moment.strftime("%Y-%m-%d %H:%M")
            )

    # Odoo passes the ids of what is selected, if any: so this is no @api.model.
    def action_verify(self):
        """Ask for a verification, and show how it goes.

        :raise AccessError: the user may read no log
        """
        self.env["apikey.call"].check_access("read")
        self._refuse_scoped_key()
        verification = self.search(UNDER_WAY, limit=1) or self.sudo().create({})
        self.env.ref("scoped_apikey.verification_cron").sudo()._trigger()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": verification.id,
            "views": [(False, "form")],
            "name": self.env._("Verify the Call Log"),
        }

    def action_refresh(self):
        """Show how far it is: reading the record again does that."""
        return True

    # ------------------------------------------------------------------
    # The scheduled job
    # ------------------------------------------------------------------

    @api.model
    def _run_waiting(self):
        """Do what was asked for, and what is due; one that was left half done, again."""
        waiting = self.search(UNDER_WAY, order="id")
        if not waiting and self._is_due():
            waiting = self.create({})
        for verification in waiting:
            verification._run()
        limit = fields.Datetime.now() - KEPT
        self.search([("create_date", "<", limit)]).unlink()

    @api.model
    def _is_due(self):
        """Tell whether the last one that came to a result is too long ago."""
        last = self.search([("state", "in", ("passed", "failed"))], limit=1)
        days = 1 if self._estimate_rows() <= DAILY_UP_TO else 7
        # The job never runs at just the same time of day.
        since = fields.Datetime.now() - timedelta(days=days) + timedelta(hours=1)
        return not last or last.create_date <= since

    def _run(self):
        self.ensure_one()
        if self.tries >= TRIES:
            self._end(
                state="broken",
                finding=self.env._(
                    "It never came to its end: the server was stopped, or its time limit"
                    " (limit_time_real_cron) is too short. Verify by the command instead."
                ),
            )
            return
        self._note(
            state="running",
            started_at=fields.Datetime.now(),
            rows_to_do=self._estimate_rows(),
            row_count=0,
            tries=self.tries + 1,
        )
        try:
            report = sealing.verify(
                self.env.cr.dbname, progress=lambda rows: self._note(row_count=rows)
            )
        except Exception as error:
            self.env.cr.rollback()
            self._end(state="broken", finding=f"{type(error).__name__}: {error}")
            return
        self._end(
            state="passed" if report.ok else "failed",
            row_count=report.rows,
            seal_count=report.seals,
            problem_count=report.problems,
            finding=self._in_words(report.findings[0]) if report.findings else False,
            report=self._report_in_words(report),
        )

    def _end(self, **values):
        """Note how it ended; what did not go well goes to the server's log, and to people."""
        before = self.search([*ENDED, ("id", "<", self.id)], limit=1)
        self._note(ended_at=fields.Datetime.now(), **values)
        if self.state == "passed":
            return
        _logger.error("%s (%s)", self._headline(), self.display_name)
        if (before.state, before.finding) != (self.state, self.finding):
            self._notify()

    def _headline(self):
        if self.state == "failed":
            return self.env._("The call log was altered. %s", self.finding)
        return self.env._("The call log could not be verified. %s", self.finding)

    def _notify(self):
        """Tell administrators and auditors, as Odoo tells each of them: inbox or email.

        Said once, not again each day while it stays as it is.
        """
        groups = self.env.ref("base.group_system") | self.env.ref(
            "scoped_apikey.group_auditor"
        )
        try:
            self.env["mail.thread"].message_notify(
                subject=self.env._(
                    "The call log of API keys did not pass verification"
                ),
                body=Markup('<p>%s</p><p><a href="/odoo/%s/%s">%s</a></p>')
                % (
                    self._headline(),
                    self.env.ref("scoped_apikey.apikey_verification_action").path,
                    self.id,
                    self.display_name,
                ),
                partner_ids=groups.all_user_ids.filtered("active").partner_id.ids,
            )
            self.env.cr.commit()  # pylint: disable=invalid-commit
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Nobody could be told by Odoo's messages.")

    def _note(self, **values):
        """Write how it goes, for all to see at once."""
        self.write(values)
        self.env.cr.commit()  # pylint: disable=invalid-commit

    @api.model
    def _estimate_rows(self):
        self.env.cr.execute(
            "SELECT COALESCE(sum(row_count), 0) FROM apikey_seal",
        )
        return self.env.cr.fetchone()[0]

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------

    @api.model
    def _in_words(self, finding):
        """Say what was found. :param Finding finding: one thing that is not as sealed"""
        known = {
            ("row", "altered"): self.env._("Row %(ref)s of %(log)s was altered."),
            ("row", "inserted"): self.env._(
                "Row %(ref)s of %(log)s was put in after the rows around it were sealed."
            ),
            ("row", "missing"): self.env._("Row %(ref)s of %(log)s is missing."),
            ("seal", "altered"): self.env._("Seal %(ref)s was altered."),
            ("seal", "inserted"): self.env._("Seal %(ref)s is there twice."),
            ("seal", "missing"): self.env._("Seal %(ref)s is missing."),
            ("seal", "unreadable"): self.env._(
                "Seal %(ref)s says nothing that could be compared with %(log)s."
            ),
            ("seal", "overdue"): self.env._(
                "Nothing is sealed any more: the last is seal %(ref)s, though there is one"
                " every hour at least."
            ),
            ("log", "filtered"): self.env._(
                "The table %(ref)s has policies, which may show other rows to others."
            ),
            ("period", "missing"): self.env._(
                "Week %(ref)s of %(log)s is missing, and nothing on record says that the"
                " retention removed it."
            ),
            ("period", "inserted"): self.env._(
                "The table %(ref)s is a part of %(log)s, and no week of it."
            ),
            ("witness", "unreadable"): self.env._(
                "The file of seals has a line that is no seal: %(ref)s"
            ),
        }
        return known[finding.what, finding.problem] % {
            "ref": finding.ref,
            "log": finding.log,
        }

    @api.model
    def _facts(self, report):
        """Yield what there is to know besides what was found wrong."""
        yield self.env._(
            "%(rows)s rows and %(seals)s seals were verified.",
            rows=f"{report.rows:,}",
            seals=f"{report.seals:,}",
        )
        if report.unsealed:
            yield self.env._(
                "%s rows are too new to be sealed.", f"{report.unsealed:,}"
            )
        if report.witnesses:
            yield self.env._(
                "%s seals that were kept outside the database are the same in it.",
                f"{report.witnesses:,}",
            )
        for origin in report.origins:
            yield self._origin_in_words(origin)
        if report.purged:
            yield self.env._(
                "The retention removed, on record: %s.",
                ", ".join(f"{purge.log} {purge.period}" for purge in report.purged),
            )
        rules = self.env["ir.rule"].sudo()
        logs = ("apikey.call", "apikey.history", "apikey.seal")
        if hiding := rules.search([("model_id.model", "in", logs)]):
            yield self.env._(
                "Record rules hide rows of the logs from some users: %s.",
                ", ".join(rule.name or str(rule.id) for rule in hiding),
            )
        if report.late:
            yield self.env._(
                "%(count)s rows were written more than an hour after they say that they"
                " ended, the first being %(first)s: clocks differ, or they were made up.",
                count=f"{report.late:,}",
                first=report.first_late,
            )

    @api.model
    def _origin_in_words(self, origin: Seal):
        when = f"{origin.sealed_at:%Y-%m-%d %H:%M} UTC"
        reason = origin.reason
        if reason == "first":
            return self.env._("The chain begins with seal %s.", origin.number)
        if reason == "moved":
            return self.env._(
                "A new chain begins with seal %(number)s, on %(when)s: the database was"
                " restored, copied or moved.",
                number=origin.number,
                when=when,
            )
        return self.env._(
            "A new chain begins with seal %(number)s, on %(when)s: %(reason)s",
            number=origin.number,
            when=when,
            reason=reason,
        )

    @api.model
    def _report_in_words(self, report):
        parts = []
        if report.findings:
            lines = [self._in_words(finding) for finding in report.findings]
            if report.problems > len(lines):
                lines.append(
                    self.env._("%s more.", f"{report.problems - len(lines):,}")
                )
            parts.append(_list(lines))
        parts.append(_list(self._facts(report)))
        return Markup("").join(parts)


def _list(lines):
    items = Markup("").join(Markup("<li>%s</li>") % line for line in lines)
    return Markup("<ul>%s</ul>") % items
