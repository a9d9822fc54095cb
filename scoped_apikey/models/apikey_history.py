# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import SQL, format_duration

from ..ledger.verifier import Purge
from ..seams.requests import remote_address
from .apikey_scope_window import DAYS

EVENTS = [
    ("issued", "Issued"),
    ("created", "Created"),
    ("changed", "Changed"),
    ("suspended", "Suspended"),
    ("resumed", "Resumed"),
    ("rotated", "Rotated"),
    ("lifted", "Scope lifted"),
    ("removed", "Removed"),
    ("purged", "Removed by retention"),
    ("exported", "Exported"),
]


class ApikeyHistory(models.Model):
    """Who did what to which key, scope or setting, with before and after."""

    _name = "apikey.history"
    _inherit = ["apikey.log"]
    _description = "API Key History"
    _auto = False
    _table_query = "SELECT * FROM apikey_history"
    _time_column = "recorded_at"
    # Written as the change is made, whose transaction may go on for long.
    _ended = "recorded_at + interval '1 day'"
    _order = "recorded_at DESC, id DESC"
    _rec_name = "subject_name"
    _text_limit = 100_000  # a scope of 200 rules is readable in full

    recorded_at = fields.Datetime("Time", readonly=True)
    event = fields.Selection(EVENTS, readonly=True)
    subject = fields.Selection(
        [
            ("key", "Key"),
            ("scope", "Scope"),
            ("setting", "Setting"),
            ("log", "Log"),
        ],
        readonly=True,
    )
    subject_ref = fields.Integer("Subject ID", readonly=True, aggregator=None)
    subject_name = fields.Char("Name", readonly=True)
    actor_ref = fields.Integer("Actor ID", readonly=True, aggregator=None)
    actor_login = fields.Char("By", readonly=True)
    remote_addr = fields.Char("Address", readonly=True)
    before = fields.Text(readonly=True)
    after = fields.Text(readonly=True)
    changes = fields.Html(compute="_compute_changes", sanitize=False)

    def init(self):
        self._create_table(
            SQL(
                """
                recorded_at timestamp without time zone NOT NULL,
                event varchar NOT NULL,
                subject varchar NOT NULL,
                subject_ref integer,
                subject_name varchar,
                actor_ref integer,
                actor_login varchar,
                remote_addr varchar,
                before text,
                after text
                """
            )
        )

    @api.model
    def _record(self, event, subject, ref, name, before=None, after=None):
        """Add a row to the transaction that makes the change.

        :param str event: one of ``EVENTS``
        :param str subject: ``key``, ``scope``, ``setting`` or ``log``
        :param int ref: the subject's id, kept as a plain integer; a log has none
        :param str name: the subject's name at the time
        :param dict before: what was, or ``None`` where there was nothing
        :param dict after: what is, or ``None`` where there is nothing any more
        """
        actor = self.env.user
        self._insert(
            {
                "recorded_at": fields.Datetime.now(),
                "event": event,
                "subject": subject,
                "subject_ref": ref,
                "subject_name": name,
                "actor_ref": actor.id,
                "actor_login": actor.sudo().login,
                "remote_addr": remote_address(),
                "before": self._serialize(before),
                "after": self._serialize(after),
            },
        )

    @api.model
    def _record_purge(self, log, period, content):
        """Record that the retention removed a week of a log, in the same transaction.

        :param str log: the table
        :param Period period: the week
        :param dict content: what is known of it
        """
        before = {
            "log": log,
            "week": period.name,
            "from": period.begin,
            "to": period.end,
            "retention_days": self.env[
                "res.config.settings"
            ]._scoped_apikey_retention_days(),
            **content,
        }
        self._record("purged", "log", None, period.table(log), before)

    @api.model
    def _purges(self):
        """Return what the retention removed, as far as that is still on record.

        :rtype: list[Purge]
        """
        rows = self.env.execute_query(
            SQL("SELECT before FROM apikey_history WHERE event = 'purged' ORDER BY id")
        )
        return [
            Purge(
                before.get("log"),
                before.get("week"),
                before.get("number"),
                before.get("digest"),
            )
            for before in (self._parse(text) for (text,) in rows)
        ]

    @staticmethod
    def _serialize(values):
        if values is None:
            return None
        return json.dumps(values, ensure_ascii=False, indent=1, default=str)

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    @api.depends("before", "after")
    def _compute_changes(self):
        """Show before and after side by side, what differs being marked."""
        for row in self:
            before, after = row._parse(row.before), row._parse(row.after)
            rows = Markup("").join(
                row._change_row(name, before, after) for name in {**before, **after}
            )
            row.changes = rows and Markup(
                '<table class="table table-sm align-top mb-0"><thead><tr><th class="w-25">'
                "</th><th>%s</th><th>%s</th></tr></thead><tbody>%s</tbody></table>"
            ) % (self.env._("Before"), self.env._("After"), rows)

    @staticmethod
    def _parse(text):
        """Return a snapshot; one that is cut off or not understood is shown as it is."""
        try:
            values = json.loads(text or "{}")
        except ValueError:
            values = None
        return values if isinstance(values, dict) else {"": text}

    def _change_row(self, name, before, after):
        cells = [
            Markup('<td class="text-break">%s</td>') % self._show(name, values[name])
            if name in values
            else Markup('<td class="text-muted">—</td>')
            for values in (before, after)
        ]
        changed = before and after and before.get(name) != after.get(name)
        return Markup('<tr class="%s"><th class="%s">%s</th>%s</tr>') % (
            "table-warning" if changed else "",
            "fw-bold" if changed else "fw-normal text-muted",
            self._labels().get(name, name),
            Markup("").join(cells),
        )

    def _labels(self):
        return {
            "name": self.env._("Name"),
            "description": self.env._("Description"),
            "mode": self.env._("Mode"),
            "rules": self.env._("Rules"),
            "networks": self.env._("Networks"),
            "tz": self.env._("Time zone"),
            "windows": self.env._("Hours"),
            "companies": self.env._("Companies"),
            "context_keys": self.env._("Context keys"),
            "routes": self.env._("Routes"),
            "on_log_failure": self.env._("Where a call cannot be recorded"),
            "log_arguments": self.env._("Arguments in the Call Log"),
            "may_be_chosen_by": self.env._("May be chosen by"),
            "user": self.env._("User"),
            "scope": self.env._("Scope"),
            "stock_scope": self.env._("Door (stock scope)"),
            "suspended": self.env._("Suspended"),
            "expires": self.env._("Expires (UTC)"),
            "rotated_from": self.env._("Rotated from"),
            "value": self.env._("Value"),
            "log": self.env._("Log"),
            "week": self.env._("Week"),
            "from": self.env._("From (UTC)"),
            "to": self.env._("To (UTC)"),
            "retention_days": self.env._("Retention (days)"),
            "rows": self.env._("Rows"),
            "number": self.env._("Last seal"),
            "digest": self.env._("Digest of the last seal"),
            "format": self.env._("Format"),
            "search": self.env._("Search"),
            "columns": self.env._("Columns"),
        }

    def _show(self, name, value):
        """Write one value of a snapshot for a reader."""
        if name == "rules":
            value = [self._show_rule(rule) for rule in value]
        elif name == "windows":
            value = [self._show_window(window) for window in value]
        elif name == "companies" and value == "*":
            value = self.env._("All of the user's")
        if isinstance(value, bool):
            return self.env._("Yes") if value else self.env._("No")
        if value in (None, "", []):
            return Markup('<span class="text-muted">—</span>')
        lines = value if isinstance(value, list) else str(value).splitlines()
        return Markup("<br/>").join(map(str, lines))

    def _show_rule(self, rule):
        parts = list(rule.get("operations") or ())
        if rule.get("any_method"):
            parts.append(self.env._("any method"))
        elif rule.get("methods"):
            parts.append(self.env._("methods: %s", " ".join(rule["methods"].split())))
        if rule.get("fields") not in ("*", None):
            parts.append(
                self.env._("only the fields: %s", ", ".join(rule["fields"]) or "—")
            )
        model = rule.get("model")
        return f"{self.env._('any model') if model == '*' else model}: {'; '.join(parts) or '—'}"

    def _show_window(self, window):
        day = dict(DAYS).get(window["dayofweek"], "")
        return (
            f"{day} {format_duration(window['hour_from'])}"
            f"–{format_duration(window['hour_to'])}"
        )
