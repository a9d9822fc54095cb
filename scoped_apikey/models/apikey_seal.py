# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .. import sealing
from ..ledger import sealer
from ..ledger.periods import WEEK

OVERDUE = timedelta(minutes=10)
"""How long what was logged may stay unsealed before the screens warn of it."""


class ApikeySeal(models.Model):
    """Digests of what was logged, each holding the one before it, see ``ledger/chain.py``.

    Seals are a log themselves: cut by weeks, and nobody changes them.
    """

    _name = "apikey.seal"
    _inherit = ["apikey.log"]
    _description = "API Call Log Seal"
    _auto = False
    _table_query = (
        "SELECT id, number, sealed_at, log, period, row_count, origin, digest"
        " FROM apikey_seal"
    )
    _time_column = "sealed_at"
    # A row may be sealed in the week before its own, where clocks differ.
    _kept_longer = WEEK
    _order = "number DESC"
    _rec_name = "number"

    number = fields.Integer(readonly=True, aggregator=None)
    sealed_at = fields.Datetime("Time", readonly=True)
    log = fields.Char(readonly=True)
    period = fields.Char("Week", readonly=True)
    row_count = fields.Integer("Rows", readonly=True)
    origin = fields.Char(readonly=True)
    reason = fields.Char("Begins a Chain", compute="_compute_reason")
    digest = fields.Char(readonly=True)

    def init(self):
        self._create_table(
            SQL(
                """
                number bigint NOT NULL,
                home varchar NOT NULL,
                sealed_at timestamp without time zone NOT NULL,
                log varchar NOT NULL,
                period varchar NOT NULL,
                ids text NOT NULL,
                rows bytea NOT NULL,
                columns text NOT NULL,
                late text NOT NULL,
                snapshot text NOT NULL,
                origin text,
                previous varchar NOT NULL,
                row_count integer NOT NULL,
                digest varchar NOT NULL
                """
            ),
            number_index=SQL("(number)"),
            period_index=SQL("(log, period)"),
            origin_index=SQL("(number) WHERE origin IS NOT NULL"),
        )

    @api.depends("origin")
    def _compute_reason(self):
        """Say why a chain begins with a seal, if one does."""
        words = {
            "first": self.env._("The first one"),
            "moved": self.env._("Restored, copied or moved"),
        }
        for seal in self:
            try:
                reason = json.loads(seal.origin or "{}").get("reason")
            except (ValueError, AttributeError):
                reason = seal.origin  # somebody altered it
            seal.reason = words.get(reason, reason)

    @api.model
    def _sealed_logs(self):
        """Return the logs whose rows are sealed. :rtype: list[Log]"""
        return [self.env[name]._log() for name in ("apikey.call", "apikey.history")]

    @api.model
    def warning(self):
        """Say that rows have been waiting for their seal for too long, if so.

        :return: a sentence, or ``False``
        :raise AccessError: the user may read no seals
        """
        self.check_access("read")
        state = sealer.read_state(self.env.cr)
        limit = fields.Datetime.now() - OVERDUE
        count = 0
        for log in self._sealed_logs():
            [[overdue]] = self.env.execute_query(
                SQL(
                    "SELECT count(*) FROM %s WHERE %s AND %s < %s",
                    SQL.identifier(log.table),
                    state.unsealed(log.table),
                    log.ended,
                    limit,
                )
            )
            count += overdue
        return bool(count) and self.env._(
            "Rows that have waited for their seal for more than 10 minutes: %s. Does the"
            ' scheduled job "API call log: seal" run? The server\'s log says what hinders it.',
            f"{count:,}",
        )

    @api.model
    def _seal(self):
        """Seal what was logged since the last time; the scheduled job's way in."""
        sealing.seal(self.env.cr.dbname)

    @api.model
    def _content_of(self, period):
        """Say where the chain goes on, when the seals before that are gone."""
        rows = self.env.execute_query(
            SQL(
                "SELECT number, digest FROM apikey_seal"
                " WHERE sealed_at >= %s AND sealed_at < %s ORDER BY number DESC LIMIT 1",
                period.begin,
                period.end,
            )
        )
        return dict(zip(("number", "digest"), rows[0], strict=True)) if rows else {}
