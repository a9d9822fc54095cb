# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
import threading

from odoo import SUPERUSER_ID, api, fields, http, models
from odoo.addons.scoped_apikey.ledger import connections
from odoo.addons.scoped_apikey.seams.requests import current_call
from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.modules.registry import Registry
from odoo.service import model as service
from werkzeug.exceptions import BadRequest

ENDINGS = {
    "UserError": UserError,
    "AccessError": AccessError,
    "RuntimeError": RuntimeError,
}


_looks = []


class ProbeNote(models.Model):
    """Notes, and methods that end in every way a method can end."""

    _name = "probe.note"
    _description = "Note of a Probe"

    name = fields.Char(required=True)
    value = fields.Integer()

    _never_negative = models.Constraint(
        "CHECK (value >= 0)", "A value is never negative."
    )

    @api.model
    def note_and_raise(self, name, ending):
        """Write a note, then raise what ``ending`` names, with its own name in the text."""
        self.create({"name": name})
        raise ENDINGS[ending](f"The note {name} was in vain.")

    @api.model
    def note_and_return_none(self, name):
        self.create({"name": name})

    @api.model
    def note_and_return_pairs(self, name):
        """Return what no transport can write: its keys are no texts."""
        self.create({"name": name})
        return {("a", "pair"): 1}

    @api.model
    def commit_half_way(self, name, ending=None):
        """Write two notes, the first for good; then raise what ``ending`` names, if anything.

        :return: how many rows of the call log were visible from outside after the commit,
            that were not visible before it
        """
        before = self._rows_from_outside()
        self.create({"name": f"{name}, first"})
        self.env.cr.commit()
        after = self._rows_from_outside()
        self.create({"name": f"{name}, second"})
        if ending:
            raise ENDINGS[ending](f"The second note of {name} was in vain.")
        return after - before

    def conflict_once(self):
        """Update the note, against an update from outside that this transaction cannot see.

        :return: the number of updates. Once it is 1, nothing from outside interferes
        """
        self.ensure_one()
        if not self.value:  # reading begins the transaction's snapshot
            with self.env.registry.cursor() as other:
                other.execute(
                    "UPDATE probe_note SET value = 1 WHERE id = %s", [self.id]
                )
        self.value += 1
        self.flush_recordset()
        return self.value

    @api.model
    @api.readonly
    def look(self):
        """Change nothing.

        :return: whether the cursor is read-only, and how often this ran in this process
        """
        _looks.append(1)
        return [self.env.cr.readonly, len(_looks)]

    @api.model
    def wait_for(self, number):
        """Run until nobody else holds an advisory lock of PostgreSQL.

        :param number: that of the lock
        """
        self.env.cr.execute("SELECT pg_advisory_xact_lock_shared(%s)", [number])
        return number

    @api.model
    def whose(self):
        """What is known of the call being served.

        :return: the current key as the model's accessor has it, the stamped call's key and
            reference, and the process and thread
        """
        call = current_call(self.env.cr.dbname)
        return {
            "current": self.env["res.users.apikeys"]._current().ids,
            "stamped": [call.key.id] if call and call.key else [],
            "ref": call.ref if call else "",
            "pid": os.getpid(),
            "thread": str(threading.get_ident()),
        }

    @api.model
    def backend(self):
        """Return the process, and that of PostgreSQL behind its connection for upkeep."""
        with connections.upkeep.cursor(self.env.cr.dbname) as cr:
            cr.execute("SELECT pg_backend_pid()")
            return [os.getpid(), *cr.fetchone()]

    @api.model
    def current_in(self, dbname):
        """Return the current key, as another database has it."""
        with Registry(dbname).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            return env["res.users.apikeys"]._current().ids

    @api.model
    def call_inside(self, model, method, args, kwargs):
        """Make a call as Odoo's own entrance for calls does."""
        return service.call_kw(self.env[model], method, args, kwargs)

    @api.model
    def dispatch_inside(self, calls):
        """Make calls through the services that RPC is served by.

        :param calls: of each, the service, its method and the parameters
        :return: of each, the answer, or the name of what was raised; then ``whose()``
        """
        answers = []
        for service_name, method, params in calls:
            try:
                answers.append(http.dispatch_rpc(service_name, method, params))
            except (AccessDenied, AccessError) as error:
                answers.append(type(error).__name__)
        return [*answers, self.whose()]

    @api.model
    def _rows_from_outside(self):
        with self.env.registry.cursor() as other:
            other.execute("SELECT count(*) FROM apikey_call")
            return other.fetchone()[0]


class ProbeLocked(models.Model):
    """Nobody but the superuser has a right on it: it has no access rules at all."""

    _name = "probe.locked"
    _description = "Locked Note of a Probe"

    name = fields.Char()


class IrHttp(models.AbstractModel):
    """A door of another module, which checks keys with a stock scope of its own."""

    _inherit = "ir.http"

    @classmethod
    def _auth_method_probe(cls):
        secret = http.request.httprequest.headers.get("X-Probe-Key", "")
        keys = http.request.env["res.users.apikeys"]
        user_id = keys._check_credentials(scope="probe.door", key=secret)
        if not user_id:
            raise BadRequest("The key is not accepted.")
        http.request.update_env(user=user_id)
        http.request.session.can_save = False
