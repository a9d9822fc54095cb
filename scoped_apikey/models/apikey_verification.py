# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from datetime import timedelta

from markupsafe import Markup
from odoo import api, fields, models

from .. import sealing
from ..ledger.chain import Seal

_logger = logging.getLogger(__name__)

KEPT = timedelta(days=365)


class ApikeyVerification(models.Model):
    """A verification of the logs: asked for by a button, done by a scheduled job."""

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
    progress = fields.Float(compute="_compute_progress")
    seal_count = fields.Integer("Seals Verified", readonly=True)
    problem_count = fields.Integer("Problems", readonly=True)
    finding = fields.Char(readonly=True)
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

    @api.model
    def action_verify(self):
        """Ask for a verification, and show how it goes.

        :raise AccessError: the user may read no log
        """
        self.env["apikey.call"].check_access("read")
        self._refuse_scoped_key()
        waiting = self.search([("state", "in", ("waiting", "running"))], limit=1)
        verification = waiting or self.sudo().create({})
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
        """Do what was asked for; one that a stopped server left half done, again."""
        for verification in self.search([("state", "in", ("waiting", "running"))]):
            verification._run()
            self.env.cr.commit()
        limit = fields.Datetime.now() - KEPT
        self.search([("create_date", "<", limit)]).unlink()

    def _run(self):
        self.ensure_one()
        self._note(
            state="running",
            started_at=fields.Datetime.now(),
            rows_to_do=self._estimate_rows(),
            row_count=0,
        )
        try:
            report = sealing.verify(
                self.env.cr.dbname, progress=lambda rows: self._note(row_count=rows)
            )
        except Exception as error:
            _logger.exception("The call log could not be verified.")
            self._note(
                state="broken",
                ended_at=fields.Datetime.now(),
                finding=f"{type(error).__name__}: {error}",
            )
            return
        self._note(
            state="passed" if report.ok else "failed",
            ended_at=fields.Datetime.now(),
            row_count=report.rows,
            seal_count=report.seals,
            problem_count=report.problems,
            finding=self._in_words(report.findings[0]) if report.findings else False,
            report=self._report_in_words(report),
        )

    def _note(self, **values):
        """Write how it goes, for all to see at once."""
        self.write(values)
        self.env.cr.commit()

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
