# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

import psycopg2
from odoo import fields, http
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.http import content_disposition, request
from odoo.tools import SQL
from werkzeug.exceptions import BadRequest, NotFound

from ..exports import to_csv, to_xlsx
from ..exports.columns import columns_of
from ..exports.rows import batches, query_of

LOGS = ("apikey.call", "apikey.history")
# What the ORM raises for a domain or a value that makes no sense to it.
NOT_UNDERSTOOD = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RuntimeError,
    UserError,
    psycopg2.DataError,
    psycopg2.ProgrammingError,
)


class Export(http.Controller):
    """The logs as files: for who may read them, and never through a key."""

    @http.route(
        "/scoped_apikey/export/<string:model>.<any(csv, xlsx):kind>",
        type="http",
        auth="user",
        methods=["GET"],
    )
    def export(self, model, kind, domain="[]", fields=None, **_other):
        """Send a log as a file, newest rows first, as the user may see it.

        :param str model: one of ``LOGS``
        :param str kind: ``csv`` or ``xlsx``
        :param str domain: in JSON; dates may be relative, as in a filter
        :param str fields: names of the columns that are wanted, in JSON
        """
        if model not in LOGS:
            raise NotFound()
        log = request.env[model]
        log.check_access("read")
        columns, query = self._understand(log, domain, fields)
        self._record(log, kind, domain, columns)
        rows = batches(log.env.registry, query, columns)
        if kind == "csv":
            return self._send_csv(log, columns, rows)
        return self._send_xlsx(log, columns, rows)

    def _understand(self, log, domain, names):
        """Read what the caller wants.

        :return: the columns and the statement
        :raise AccessError: a field is not the user's to read
        :raise BadRequest: it is not understood
        """
        try:
            columns = columns_of(log, json.loads(names) if names else None)
            query = query_of(log, self._domain(json.loads(domain)), columns)
            # The database, too, has to understand it before anything is sent.
            with log.env.cr.savepoint(flush=False):
                log.env.cr.execute(SQL("EXPLAIN %s", query), log_exceptions=False)
        except AccessError:
            raise
        except NOT_UNDERSTOOD as error:
            raise BadRequest(
                log.env._("This export is not understood: %s", error)
            ) from error
        return columns, query

    @staticmethod
    def _domain(value):
        if not isinstance(value, list):
            raise ValueError(request.env._("a domain is a list"))
        return Domain(value)

    @staticmethod
    def _record(log, kind, domain, columns):
        """Put on record who takes evidence out, before any of it leaves."""
        with log.env.registry.cursor() as cr:
            log.env(cr=cr)["apikey.history"]._record(
                "exported",
                "log",
                None,
                log._description,
                None,
                {
                    "format": kind,
                    "search": domain,
                    "columns": ", ".join(column.name for column in columns),
                },
            )

    def _send_csv(self, log, columns, rows):
        failed = log.env._("THIS FILE IS NOT COMPLETE: the export failed here.")
        headers = self._headers(log, "csv", "text/csv; charset=utf-8")
        return request.make_response(to_csv.chunks(columns, rows, failed), headers)

    def _send_xlsx(self, log, columns, rows):
        cut = log.env._("… (cut off: the CSV has all of it)")
        file = to_xlsx.write(columns, rows, cut)
        headers = self._headers(
            log,
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )
        headers.append(("Content-Length", file.seek(0, 2)))
        file.seek(0)
        return request.make_response(to_xlsx.chunks(file), headers)

    @staticmethod
    def _headers(log, kind, content_type):
        now = fields.Datetime.now().strftime("%Y-%m-%d %H%M")
        return [
            ("Content-Type", content_type),
            (
                "Content-Disposition",
                content_disposition(f"{log._description} {now}.{kind}"),
            ),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ]
