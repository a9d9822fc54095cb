# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from typing import NamedTuple

from odoo import SUPERUSER_ID, api, fields, models
from odoo.addons.base.models.res_users import (
    INDEX_SIZE,
    KEY_CRYPT_CONTEXT,
    check_identity,
)
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .. import keyring
from ..call import Key
from ..keyring import STOCK_SCOPE, SUSPENDED
from ..ledger import connections
from ..proven import proves
from ..seams.requests import current_call

KEPT_EXPIRED = timedelta(days=90)


class ProvenKey(NamedTuple):
    """A key whose secret was proven, and what may still speak against it."""

    key: Key
    user_active: bool
    expired: bool
    suspended: bool


class ResUsersApikeys(models.Model):
    _name = "res.users.apikeys"
    _inherit = ["res.users.apikeys", "apikey.guarded"]

    scope_id = fields.Many2one("apikey.scope", "API Key Scope", readonly=True)
    scope_summary = fields.Html(related="scope_id.summary")
    reach = fields.Char(compute="_compute_reach", compute_sudo=True)
    unlimited = fields.Boolean(compute="_compute_reach", compute_sudo=True)
    is_changeable = fields.Boolean(compute="_compute_is_changeable")
    suspended = fields.Boolean(readonly=True)
    rotated_from_id = fields.Many2one("res.users.apikeys", readonly=True)
    state = fields.Selection(
        [("active", "Active"), ("suspended", "Suspended"), ("expired", "Expired")],
        compute="_compute_state",
    )
    last_used_at = fields.Datetime(
        "Last Used", compute="_compute_usage", search="_search_last_used_at"
    )
    call_count = fields.Integer("Calls", compute="_compute_usage")
    refusal_count = fields.Integer("Refused Calls", compute="_compute_usage")

    def init(self):
        """Add the columns, which Odoo does not: the model makes its own table.

        ``auth_totp.device`` inherits this model with a table of its own.
        """
        result = super().init()
        self.env.cr.execute(
            SQL(
                """
                ALTER TABLE %(table)s
                    ADD COLUMN IF NOT EXISTS scope_id integer,
                    ADD COLUMN IF NOT EXISTS suspended boolean NOT NULL DEFAULT false,
                    ADD COLUMN IF NOT EXISTS rotated_from_id integer
                        REFERENCES %(table)s ON DELETE SET NULL
                """,
                table=SQL.identifier(self._table),
            )
        )
        if self._name == "res.users.apikeys":
            self.env.cr.execute(
                "CREATE INDEX IF NOT EXISTS res_users_apikeys_index_index"
                " ON res_users_apikeys (index)"
            )
            # The table of scopes may not exist yet.
            self.pool.post_init(self._add_constraints)
        return result

    def _add_constraints(self):
        """A scope in use cannot be deleted; a key with a scope opens no other door."""
        self.env.cr.execute(
            """
            ALTER TABLE res_users_apikeys
                DROP CONSTRAINT IF EXISTS res_users_apikeys_scope_id_fkey,
                DROP CONSTRAINT IF EXISTS res_users_apikeys_scope_is_scoped,
                ADD CONSTRAINT res_users_apikeys_scope_id_fkey
                    FOREIGN KEY (scope_id) REFERENCES apikey_scope ON DELETE RESTRICT,
                ADD CONSTRAINT res_users_apikeys_scope_is_scoped
                    CHECK (scope_id IS NULL
                           OR COALESCE(scope = 'scoped_apikey', false))
            """
        )

    @api.depends("scope", "scope_id.name")
    def _compute_reach(self):
        for key in self:
            door = (key.scope or "").removeprefix(SUSPENDED)
            key.unlimited = not key.scope_id and door in ("", "rpc")
            if key.scope_id:
                key.reach = key.scope_id.name
            elif key.unlimited:
                key.reach = self.env._("None: all its owner can do")
            elif door == STOCK_SCOPE:
                key.reach = self.env._("Gone: it opens nothing")
            else:
                key.reach = self.env._("Another door: %s", door)

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_is_changeable(self):
        for key in self:
            key.is_changeable = self.env.is_system() or key.user_id == self.env.user

    @api.depends("suspended", "expiration_date")
    def _compute_state(self):
        now = fields.Datetime.now()
        for key in self:
            if key.expiration_date and key.expiration_date < now:
                key.state = "expired"
            else:
                key.state = "suspended" if key.suspended else "active"

    def _compute_usage(self):
        """Read off the log how keys are used: no call writes to its key."""
        used = self.env["apikey.usage"].sudo()._of_keys(self)
        for key in self:
            last, calls, refusals = used.get(key.id, (False, 0, 0))
            key.last_used_at, key.call_count, key.refusal_count = last, calls, refusals

    @api.model
    def _search_last_used_at(self, operator, value):
        """Search for keys that were never used, or were."""
        if operator not in ("in", "not in") or set(value) != {False}:
            return NotImplemented
        used = self.env["apikey.usage"].sudo()._used_keys()
        return [("id", "not in" if operator == "in" else "in", used)]

    @api.autovacuum
    def _gc_user_apikeys(self):
        """Keep a scoped key for a while when it has expired, so that its use is its own.

        Stock deletes it the next day, and then nobody knows whose a refused call is.
        """
        if self._name != "res.users.apikeys":
            return super()._gc_user_apikeys()
        now = fields.Datetime.now()
        gone = self.sudo().search(
            [
                "|",
                ("expiration_date", "<", now - KEPT_EXPIRED),
                "&",
                ("scope", "!=", STOCK_SCOPE),
                ("expiration_date", "<", now),
            ]
        )
        gone.unlink()

    # ------------------------------------------------------------------
    # The key of the call being served
    # ------------------------------------------------------------------

    @api.model
    def _current(self):
        """Return the key of the call being served, on every path it can come in by.

        :return: one key, with or without a scope; empty outside a call made with a key,
            and in a database other than the one it was matched in
        """
        call = current_call(self.env.cr.dbname)
        return self.browse(call.key.id if call and call.key and call.identified else ())

    @api.model
    def _served_key_is_scoped(self):
        call = current_call(self.env.cr.dbname)
        return bool(call and call.scoped_key)

    @api.model
    def _find_by_secret(self, secret):
        """Find the key that a secret proves, valid or not.

        Two keys can share an index, so the hash decides. Keys whose stock scope names
        another door are not found.

        :param secret: what a caller sent
        :rtype: ProvenKey or None
        """
        if not isinstance(secret, str) or len(secret) < INDEX_SIZE:
            return None
        if "\0" in secret or not secret.isascii():
            return None  # all keys are hexadecimal, and the database takes no such text
        for row in self._keys_at(secret[:INDEX_SIZE]):
            if proves(secret, row["hashed"], KEY_CRYPT_CONTEXT.verify):
                key = Key(**{name: row[name] for name in Key._fields})
                return ProvenKey(
                    key, row["user_active"], row["expired"], row["suspended"]
                )
        return None

    @api.model
    def _keys_at(self, index):
        """Return what ``keyring.find`` does, also where this transaction reads a replica.

        A replica may not know yet that a key was revoked.
        """
        if not self.env.cr.readonly:
            return keyring.find(self.env.cr, index)
        with connections.primary.cursor(self.env.cr.dbname) as cr:
            return keyring.find(cr, index)

    # ------------------------------------------------------------------
    # The life of a key
    # ------------------------------------------------------------------

    @api.model
    def _generate(self, scope, name, expiration_date):
        self._refuse_scoped_key()
        if self._name != "res.users.apikeys":
            return super()._generate(scope, name, expiration_date)
        if scope in (None, "rpc") and self._scope_required():
            raise UserError(
                self.env._("Every new API key needs a scope. Please choose one.")
            )
        secret = super()._generate(scope, name, expiration_date)
        self._newest(secret)._record("issued", after=True)
        return secret

    @api.model
    def _scope_required(self):
        return self.env["res.config.settings"]._scoped_apikey_flag("require_scope")

    @api.model
    def _newest(self, secret):
        """Return the key that was just generated, whose id stock does not tell."""
        [[key_id]] = self.env.execute_query(
            SQL(
                "SELECT max(id) FROM res_users_apikeys WHERE user_id = %s AND index = %s",
                self.env.user.id,
                secret[:INDEX_SIZE],
            )
        )
        return self.browse(key_id)

    @api.model
    def _generate_scoped(self, user, scope, name, expiration_date):
        """Issue a key that is limited by a scope.

        :param user: the user it acts for; somebody else than oneself only for an
            administrator
        :param scope: one ``apikey.scope``, which the caller may choose
        :param str name: what the key is for
        :param expiration_date: a naive UTC datetime or a date; ``None`` or ``False``: the
            key does not expire, for administrators only
        :return: the secret, which can be shown once only
        :raise AccessError: the caller may not issue this key
        :raise ValidationError: it lasts longer than the caller may let it
        """
        user.ensure_one()
        scope.ensure_one()
        if user.id == SUPERUSER_ID:
            raise UserError(self.env._("A scope cannot limit the superuser."))
        if not (self.env.is_system() or user == self.env.user):
            raise AccessError(
                self.env._("Only an administrator issues keys for somebody else.")
            )
        scope._check_may_choose()
        self._check_expiration_date(expiration_date)
        return self._issue(user, scope, name, expiration_date)

    @api.model
    def _issue(self, user, scope, name, expiration_date, rotated_from=None):
        self._refuse_scoped_key()
        owner = self.with_user(user).sudo()
        # Not through _generate() of this class: the row is not complete before the
        # scope is on it, and then it is recorded as it is.
        # pylint: disable=super-method-mismatch
        secret = super(ResUsersApikeys, owner)._generate(
            STOCK_SCOPE, name, expiration_date
        )
        key = self.sudo().browse(owner._newest(secret).id)
        self.env.cr.execute(
            SQL(
                "UPDATE res_users_apikeys SET scope_id = %s, rotated_from_id = %s"
                " WHERE id = %s",
                scope.id,
                rotated_from and rotated_from.id,
                key.id,
            )
        )
        key.invalidate_recordset()
        self.browse(key.id)._record("issued", after=True)
        return secret

    def _suspend(self):
        """Stop accepting these keys, until they are resumed.

        :raise AccessError: they are somebody else's, and the caller is no administrator
        """
        self._check_own_or_system()
        for key in self.filtered(lambda key: not key.suspended):
            door = key.scope if key.scope_id else f"{SUSPENDED}{key.scope or ''}"
            key._change("suspended", suspended=True, scope=door)

    def _resume(self):
        """Accept these keys again.

        :raise AccessError: the caller is no administrator
        """
        self._check_system()
        for key in self.filtered("suspended"):
            door = (key.scope or "").removeprefix(SUSPENDED)
            key._change("resumed", suspended=False, scope=door or None)

    def _lift(self):
        """Take the scope off these keys: they get the full rights of their users.

        :raise AccessError: the caller is no administrator
        """
        self._check_system()
        for key in self.filtered(lambda key: key.scope == STOCK_SCOPE):
            door = f"{SUSPENDED}rpc" if key.suspended else "rpc"
            key._change("lifted", scope=door, scope_id=None)

    def _limit(self, scope):
        """Put keys under another scope, or under one for the first time.

        :raise AccessError: the caller is no administrator
        """
        self._check_system()
        scope.ensure_one()
        if SUPERUSER_ID in self.sudo().user_id.ids:
            raise UserError(self.env._("A scope cannot limit the superuser."))
        self._change("changed", scope=STOCK_SCOPE, scope_id=scope.id)

    def _rotate(self, overlap):
        """Issue a successor of a key: same user, name, scope, and length of life.

        :param timedelta overlap: how long the old key goes on working, at most
        :return: the secret of the new key
        :raise UserError: the key has no scope, is suspended or expired, or the overlap
            is negative
        """
        self.ensure_one()
        self._check_own_or_system()
        if overlap < timedelta(0):
            raise UserError(self.env._("The overlap cannot be negative."))
        key = self.sudo()
        if not key.scope_id or key.state != "active":
            raise UserError(
                self.env._("Only an active key that has a scope can be rotated.")
            )
        now = fields.Datetime.now()
        life = key.expiration_date and key.expiration_date - key.create_date
        if not self.env.is_system():
            # Rotating is issuing: it must not outlast what the owner could issue.
            key.scope_id.with_env(self.env)._check_may_choose()
            self._check_expiration_date(now + life if life else False)
        secret = self._issue(
            key.user_id,
            key.scope_id,
            key.name,
            now + life if life else False,
            rotated_from=key,
        )
        ends = now + overlap
        if key.expiration_date:
            ends = min(ends, key.expiration_date)
        self._change("rotated", expiration_date=ends)
        return secret

    def unlink(self):
        for key in self:
            key._record("removed", before=key._snapshot())
        return super().unlink()

    def _change(self, event, **values):
        """Change columns of keys, on record."""
        self._refuse_scoped_key()
        for key in self:
            before = key._snapshot()
            self.env.cr.execute(
                SQL(
                    "UPDATE res_users_apikeys SET %s WHERE id = %s",
                    SQL(", ").join(
                        SQL("%s = %s", SQL.identifier(column), value)
                        for column, value in values.items()
                    ),
                    key.id,
                )
            )
            key.invalidate_recordset()
            key._record(event, before=before, after=True)

    def _check_is_key(self):
        """A trusted device inherits this model, and is no key."""
        if self._name != "res.users.apikeys":
            raise AccessError(self.env._("This can be done to API keys only."))

    def _check_own_or_system(self):
        self._check_is_key()
        if not (self.env.is_system() or self.sudo().user_id <= self.env.user):
            raise AccessError(
                self.env._("Only its owner or an administrator may do this to a key.")
            )

    def _check_system(self):
        self._check_is_key()
        if not self.env.is_system():
            raise AccessError(self.env._("Only an administrator may do this to a key."))

    # ------------------------------------------------------------------
    # History
    # ------------------------------------------------------------------

    def _snapshot(self):
        self.ensure_one()
        key = self.sudo()
        return {
            "name": key.name,
            "user": f"{key.user_id.login} ({key.user_id.id})",
            "scope": key.scope_id
            and f"{key.scope_id.name} ({key.scope_id.id})"
            or None,
            "stock_scope": key.scope or None,
            "suspended": key.suspended,
            "expires": key.expiration_date or None,
            "rotated_from": key.rotated_from_id.id or None,
        }

    def _record(self, event, before=None, after=False):
        if self._name == "res.users.apikeys":
            self.env["apikey.history"]._record(
                event,
                "key",
                self.id,
                self.sudo().name,
                before,
                self._snapshot() if after else None,
            )

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    # Closing the dialog that asked for the password reloads the screen below it.

    @check_identity
    def action_suspend(self):
        self._suspend()
        return {"type": "ir.actions.act_window_close"}

    @check_identity
    def action_resume(self):
        self._resume()
        return {"type": "ir.actions.act_window_close"}

    @check_identity
    def action_lift(self):
        self._lift()
        return {"type": "ir.actions.act_window_close"}

    @check_identity
    def action_remove(self):
        """Remove a key from its own form, and go back to the list."""
        self._remove()
        action = self._action_keys()
        return {**action, "target": "main"}

    def action_rotate(self):
        """Ask for the overlap, then rotate."""
        self.ensure_one()
        return self._action_dialog(
            "apikey.rotate.wizard",
            self.env._("Rotate the Key"),
            default_key_id=self.id,
        )

    def action_limit(self):
        """Ask for a scope, then put these keys under it."""
        return self._action_dialog(
            "apikey.limit.wizard",
            self.env._("Put Under a Scope"),
            default_key_ids=self.ids,
        )

    @api.model
    def _action_dialog(self, model, name, **context):
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "name": name,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "medium", **context},
        }

    @api.model
    def _action_keys(self):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "scoped_apikey.res_users_apikeys_action"
        )

    def action_calls(self):
        """Open the calls made with a key, however old."""
        self.ensure_one()
        return self.env["apikey.call"]._action_calls([("apikey_ref", "=", self.id)])

    def action_addresses(self):
        """Open the addresses that a key was used from."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "scoped_apikey.apikey_usage_action"
        )
        return {**action, "domain": [("apikey_ref", "=", self.id)], "context": {}}
