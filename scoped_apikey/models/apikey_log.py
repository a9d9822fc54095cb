# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import re
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class ApikeyLog(models.AbstractModel):
    """Rows that are written once, read by auditors, and changed by nobody.

    A log is a table partitioned by time, which Odoo knows nothing about: it is made in
    ``init``, read through ``_table_query``, and survives the addon's removal.
    """

    _name = "apikey.log"
    _description = "Unalterable Log"
    _auto = False
    _log_access = False
    _time_column = None
    _text_limit = 2000

    def _create_table(self, columns):
        """Create the table and its indexes unless they exist.

        :param SQL columns: the columns, without ``id``
        """
        table = SQL.identifier(self._table)
        time = SQL.identifier(self._time_column)
        self.env.cr.execute(
            SQL(
                "CREATE TABLE IF NOT EXISTS %s"
                " (id bigint GENERATED ALWAYS AS IDENTITY, %s, PRIMARY KEY (%s, id))"
                " PARTITION BY RANGE (%s)",
                table,
                columns,
                time,
                time,
            )
        )
        self.env.cr.execute(
            SQL(
                "CREATE TABLE IF NOT EXISTS %s PARTITION OF %s DEFAULT",
                SQL.identifier(f"{self._table}_default"),
                table,
            )
        )
        self._create_index("id")

    def _create_index(self, *columns):
        self.env.cr.execute(
            SQL(
                "CREATE INDEX IF NOT EXISTS %s ON %s (%s)",
                SQL.identifier(f"{self._table}_{'_'.join(columns)}_index"),
                SQL.identifier(self._table),
                SQL(", ").join(SQL.identifier(column) for column in columns),
            )
        )

    @api.model
    def _insert(self, values):
        """Insert one row into the current transaction.

        :param dict values: by column; texts may come from a caller and are cleaned
        :raise psycopg2.Error: where the database refuses the row
        """
        self.env.cr.execute(
            SQL(
                "INSERT INTO %s (%s) VALUES %s",
                SQL.identifier(self._table),
                SQL(", ").join(SQL.identifier(column) for column in values),
                tuple(map(self._printable, values.values())),
            ),
            log_exceptions=False,
        )

    @api.model
    def _printable(self, value):
        """Make a text from anywhere storable, readable and bounded."""
        if value is None or isinstance(value, (bool, int, float, datetime)):
            return value
        value = str(value)
        limit = self._text_limit
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

    @api.autovacuum
    def _gc_log(self):
        """Remove what is older than the retention says. 0 days: keep all."""
        if self._abstract:
            return
        days = self.env["res.config.settings"]._scoped_apikey_retention_days()
        if days:
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE %s < %s",
                    SQL.identifier(self._table),
                    SQL.identifier(self._time_column),
                    fields.Datetime.now() - timedelta(days=days),
                )
            )
