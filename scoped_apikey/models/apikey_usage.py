# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..ledger import sealer


class ApikeyUsage(models.Model):
    """From where a key was used, when first and last, and how often.

    A summary of the call log, made as it is sealed: it costs no call anything, and is at
    most a minute behind. What it says is erased when the calls are that it sums up.
    """

    _name = "apikey.usage"
    _inherit = ["apikey.guarded"]
    _description = "Addresses of API Keys"
    _log_access = False
    _order = "last_at DESC, id DESC"
    _rec_name = "remote_addr"

    apikey_ref = fields.Integer("Key ID", required=True, readonly=True, aggregator=None)
    apikey_name = fields.Char("Key", readonly=True)
    remote_addr = fields.Char("Address", readonly=True)
    first_at = fields.Datetime("First Call", required=True, readonly=True)
    last_at = fields.Datetime("Last Call", required=True, readonly=True, index=True)
    calls = fields.Integer(readonly=True)
    refusals = fields.Integer("Refused", readonly=True)

    _key_address = models.UniqueIndex("(apikey_ref, remote_addr)")

    @api.model
    def _count(self, state):
        """Add up what is being sealed.

        :param state: where the chain ends until now
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO apikey_usage AS known
                       (apikey_ref, apikey_name, remote_addr, first_at, last_at, calls,
                        refusals)
                SELECT apikey_ref, max(apikey_name), COALESCE(remote_addr, ''),
                       min(called_at), max(called_at), count(DISTINCT call_ref),
                       count(*) FILTER (WHERE outcome = 'denied')
                  FROM apikey_call
                 WHERE apikey_ref IS NOT NULL AND %s
              GROUP BY 1, 3
                    ON CONFLICT (apikey_ref, remote_addr) DO UPDATE
                   SET apikey_name = excluded.apikey_name,
                       first_at = LEAST(known.first_at, excluded.first_at),
                       last_at = GREATEST(known.last_at, excluded.last_at),
                       calls = known.calls + excluded.calls,
                       refusals = known.refusals + excluded.refusals
                """,
                state.unsealed("apikey_call"),
            )
        )

    @api.model
    def _of_keys(self, keys):
        """Sum up the use of keys, up to this moment.

        :param keys: records of ``res.users.apikeys``
        :return: by id, when last, how many calls and how many refused; of those only that
            were used
        """
        state = sealer.read_state(self.env.cr)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT apikey_ref, max(last_at), sum(calls), sum(refusals)
                  FROM (SELECT apikey_ref, last_at, calls, refusals FROM apikey_usage
                         WHERE apikey_ref = ANY(%(ids)s)
                         UNION ALL
                        SELECT apikey_ref, max(called_at), count(DISTINCT call_ref),
                               count(*) FILTER (WHERE outcome = 'denied')
                          FROM apikey_call
                         WHERE apikey_ref = ANY(%(ids)s) AND %(unsealed)s
                      GROUP BY apikey_ref) used
              GROUP BY apikey_ref
                """,
                ids=keys.ids,
                unsealed=state.unsealed("apikey_call"),
            )
        )
        return {
            key: (last, int(calls), int(refused)) for key, last, calls, refused in rows
        }

    @api.model
    def _used_keys(self):
        """Return the SQL of the ids of all keys that were ever used, as the log knows."""
        state = sealer.read_state(self.env.cr)
        return SQL(
            "(SELECT apikey_ref FROM apikey_usage UNION SELECT apikey_ref FROM apikey_call"
            " WHERE apikey_ref IS NOT NULL AND %s)",
            state.unsealed("apikey_call"),
        )

    @api.autovacuum
    def _gc_usage(self):
        """Erase what sums up nothing but calls that the retention has removed."""
        days = self.env["res.config.settings"]._scoped_apikey_retention_days()
        if days:
            limit = fields.Datetime.now() - timedelta(days=days)
            self.search([("last_at", "<", limit)]).unlink()

    def action_calls(self):
        """Open the calls made with a key from an address."""
        self.ensure_one()
        domain = Domain("apikey_ref", "=", self.apikey_ref) & Domain(
            "remote_addr", "=", self.remote_addr or False
        )
        return self.env["apikey.call"]._action_calls(list(domain))
