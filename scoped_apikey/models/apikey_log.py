# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import re
from datetime import datetime, timedelta
from functools import cache

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..call import utcnow
from ..ledger import connections, tables
from ..ledger.periods import WEEK
from ..ledger.sealer import Log

_logger = logging.getLogger(__name__)

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
LOCK_TIMEOUT = "3s"
"""How long a call waits for a log that somebody has locked away, before it is refused."""
WEEKS_AHEAD = 8


@cache
def _insert_statement(table, columns, waits_for_disk) -> str:
    """Return what inserts a row, in one round trip.

    Its settings are local to the transaction.
    """
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(["%s"] * len(columns))
    lazy = (
        "SELECT set_config('synchronous_commit', 'off', true)"
        " WHERE txid_current_if_assigned() IS NULL; "
    )
    return (
        f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; {'' if waits_for_disk else lazy}"
        f'INSERT INTO "{table}" ({names}) VALUES ({values});'
        " SET LOCAL lock_timeout TO DEFAULT"
    )


class ApikeyLog(models.AbstractModel):
    """Rows that are written once, read by auditors, and changed by nobody.

    A log is a table cut into weeks, which Odoo knows nothing about: it is made in ``init``,
    read through ``_table_query``, and survives the addon's removal.

    :cvar _time_column: which says what week a row belongs to
    :cvar _ended: SQL of the moment at which a row says that it was written; ``None``: this
        log is not sealed
    :cvar _text_limit: characters that a text may have; of some columns, ``_text_limits``
    :cvar _kept_longer: how much longer than the retention says a row is kept
    """

    _name = "apikey.log"
    _description = "Unalterable Log"
    _auto = False
    _log_access = False
    _time_column = None
    _ended = None
    _kept_longer = timedelta(0)
    _text_limit = 2000
    _text_limits = {}

    def _create_table(self, columns, **indexes):
        """Create the table, its indexes and its next weeks, unless they exist.

        :param SQL columns: the columns, without ``id``
        :param indexes: what follows ``ON table``, by name
        """
        indexes["id_index"] = SQL("(id)")
        if self._ended:
            # Which transaction wrote a row: by that, it is known what to seal.
            columns = SQL("%s, xact bigint NOT NULL DEFAULT txid_current()", columns)
            indexes["xact_index"] = SQL(
                "USING brin (xact) WITH (pages_per_range = 16, autosummarize = on)"
            )
        cr = self.env.cr
        tables.create_log(cr, self._table, self._time_column, columns, indexes)
        tables.forget(cr.dbname)
        for moment in self._moments_ahead():
            tables.make_period(cr, self._table, moment)

    @api.model
    def _insert(self, values, *, waits_for_disk=True):
        """Insert one row into the current transaction, as the last statement of a call.

        :param dict values: by column; texts may come from a caller and are cleaned
        :param waits_for_disk: whether the commit does, where the transaction has changed
            nothing but this row
        :raise psycopg2.Error: where the database refuses the row
        """
        connections.ensure_period(
            self.env.cr.dbname, self._table, values[self._time_column]
        )
        limits = self._text_limits
        self.env.cr.execute(
            _insert_statement(self._table, tuple(values), waits_for_disk),
            [
                self._printable(value, limits.get(column))
                for column, value in values.items()
            ],
            log_exceptions=False,
        )

    @api.model
    def _printable(self, value, limit=None):
        """Make a text from anywhere storable, readable and bounded."""
        if value is None or isinstance(value, (bool, int, float, datetime)):
            return value
        value = str(value)
        limit = limit or self._text_limit
        value = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value[: limit + 1])
        return value if len(value) <= limit else value[: limit - 1] + "…"

    # Nothing calls super from here on: that is the point.
    # pylint: disable=method-required-super,no-raise-unlink

    @api.model_create_multi
    def create(self, vals_list):
        raise self._unalterable()

    def write(self, vals):
        raise self._unalterable()

    def unlink(self):
        raise self._unalterable()

    def copy(self, default=None):
        raise self._unalterable()

    def _unalterable(self):
        return AccessError(
            self.env._(
                "%s: its rows are evidence, nobody changes them.", self._description
            )
        )

    # ------------------------------------------------------------------
    # Weeks
    # ------------------------------------------------------------------

    @api.model
    def _log(self):
        """Return how this log is sealed. :rtype: Log"""
        return Log(self._table, self._time_column, SQL(self._ended))

    @api.model
    def _moments_ahead(self):
        """Return a moment in each of the weeks that there have to be."""
        now = utcnow()
        return [now + week * WEEK for week in range(WEEKS_AHEAD + 1)]

    @api.autovacuum
    def _gc_log(self):
        """Make the weeks to come, and drop those that lie before the retention.

        Each is dropped by itself, through a cursor of its own, with a row in the history
        that says what it was. 0 days: keep all.
        """
        if self._abstract:
            return
        dbname = self.env.cr.dbname
        for moment in self._moments_ahead():
            connections.ensure_period(dbname, self._table, moment)
        days = self.env["res.config.settings"]._scoped_apikey_retention_days()
        if not days:
            return
        limit = utcnow() - timedelta(days=days) - self._kept_longer
        connections.ensure_period(dbname, "apikey_history", utcnow())
        with connections.upkeep.cursor(dbname) as cr:
            for period in tables.periods(cr, self._table):
                if period.end <= limit:
                    self._drop(cr, period)

    @api.model
    def _drop(self, cr, period):
        """Drop a week, on record, unless somebody reads the log all the while."""
        log = self.with_env(api.Environment(cr, self.env.uid, {}))
        content = log._content_of(period)
        cr.commit()  # pylint: disable=invalid-commit
        gone = tables.drop_period(
            cr,
            self._table,
            period,
            lambda: log.env["apikey.history"]._record_purge(
                self._table, period, content
            ),
        )
        if not gone:
            _logger.warning(
                "Week %s of %s stays until the next time: somebody reads the log.",
                period.name,
                self._table,
            )

    @api.model
    def _content_of(self, period):
        """Say what is being removed with a week, as far as its seals tell.

        :rtype: dict
        """
        [[rows, number]] = self.env.execute_query(
            SQL(
                "SELECT COALESCE(sum(row_count), 0), max(number) FROM apikey_seal"
                " WHERE log = %s AND period = %s",
                self._table,
                period.name,
            )
        )
        return {"rows": int(rows), "number": number}
