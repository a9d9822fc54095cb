# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from odoo import api, fields, models
from odoo.tools import SQL

from ..seams.requests import remote_address

EVENTS = [
    ("issued", "Issued"),
    ("created", "Created"),
    ("changed", "Changed"),
    ("suspended", "Suspended"),
    ("resumed", "Resumed"),
    ("rotated", "Rotated"),
    ("lifted", "Scope lifted"),
    ("removed", "Removed"),
]


class ApikeyHistory(models.Model):
    """Who did what to which key, scope or setting, with before and after."""

    _name = "apikey.history"
    _inherit = ["apikey.log"]
    _description = "API Key History"
    _auto = False
    _table_query = "SELECT * FROM apikey_history"
    _time_column = "recorded_at"
    _order = "recorded_at DESC, id DESC"
    _rec_name = "subject_name"
    _text_limit = 100_000  # a scope of 200 rules is readable in full

    recorded_at = fields.Datetime("Time", readonly=True)
    event = fields.Selection(EVENTS, readonly=True)
    subject = fields.Selection(
        [("key", "Key"), ("scope", "Scope"), ("setting", "Setting")], readonly=True
    )
    subject_ref = fields.Integer("Subject ID", readonly=True, aggregator=None)
    subject_name = fields.Char("Name", readonly=True)
    actor_ref = fields.Integer("Actor ID", readonly=True, aggregator=None)
    actor_login = fields.Char("By", readonly=True)
    remote_addr = fields.Char("Address", readonly=True)
    before = fields.Text(readonly=True)
    after = fields.Text(readonly=True)

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
        :param str subject: ``key``, ``scope`` or ``setting``
        :param int ref: the subject's id, kept as a plain integer
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

    @staticmethod
    def _serialize(values):
        if values is None:
            return None
        return json.dumps(values, ensure_ascii=False, indent=1, default=str)
