# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import SQL

from .. import sealing
from ..ledger.periods import WEEK


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
    origin = fields.Char("Begins a Chain", readonly=True)
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

    @api.model
    def _sealed_logs(self):
        """Return the logs whose rows are sealed. :rtype: list[Log]"""
        return [self.env[name]._log() for name in ("apikey.call", "apikey.history")]

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
