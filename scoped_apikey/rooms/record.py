# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""No record, no request: every call leaves its row, or does not succeed.

A call's effects and its row commit together. A call that was refused or failed has its
row written apart, because its own transaction is rolled back.

An administrator can choose otherwise for a scope, or for the calls without one: then a call
whose row cannot be written succeeds, and its row goes to the server's own log.
"""

import json
import logging
from contextlib import contextmanager, nullcontext

import psycopg2
from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.modules.registry import Registry
from odoo.tools import LazyTranslate
from werkzeug.exceptions import HTTPException

from ..ledger import tables
from ..sealing import seal_soon, write_apart
from . import refused

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

UNAVAILABLE = _lt("The call log cannot be written, so the call was refused.")
TRIED_AGAIN = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected)


def record(env, call):
    """Insert the row of a call that succeeded, into the call's own transaction.

    A read-only cursor has no effect to commit with: the row is written apart, before the
    answer leaves.

    :raise UserError: the row cannot be written (503)
    """
    outcome, reason = _success(call)
    if call.durable_outcome != outcome:
        _insert(env, call, call.row(outcome, reason))


@contextmanager
def recorded_before_commits(env, call):
    """See to it that a method which commits half-way commits its row, too.

    Not by ``cr.precommit``: that runs at every flush, and a savepoint clears it.
    """
    cr = env.cr
    own = vars(cr).get("commit")
    commit = cr.commit

    def commit_with_row():
        if call.durable_outcome is None:
            outcome, reason = _success(call)
            _insert(env, call, call.row(outcome, reason, finished=False))
        commit()

    cr.commit = commit_with_row
    try:
        yield
    finally:
        if own is None:
            del cr.commit
        else:
            cr.commit = own


def record_failure(call, error):
    """Write the row of a call that was refused or failed, apart from its transaction.

    :param Call call: the call
    :param Exception error: how it ended
    :return: the error to answer with: the same, or one that says that the row cannot
        be written
    """
    call.failed = True
    outcome, reason = _failure(call, error)
    # Who may try something as often as he likes may guess. So what was refused counts, too,
    # once it had begun to run.
    if outcome == "denied" and call.permit and not call.ran:
        call.remaining = call.permit.give_back() or call.remaining
    if call.durable_outcome == outcome:
        return error
    row = call.row(outcome, reason)
    of_nobody = call.user_id is None
    if of_nobody and _keeps_log(call.dbname) and refused.is_counted(call.dbname, row):
        return error
    try:
        record_apart(call, row)
    except UserError as unavailable:
        unavailable.__cause__ = error
        return unavailable
    return error


def record_apart(call, row):
    """Write and commit a row through a connection of the log's own.

    :param Call call: the call
    :param dict row: what ``call.row`` says of it

    :raise UserError: the row cannot be written (503)
    """
    if not _keeps_log(call.dbname):
        return
    try:
        write_apart(call.dbname, row, call.reads_wait)
    except psycopg2.Error as error:
        _without_row(call, row, error)
    call.recorded(row["outcome"])


def _keeps_log(dbname) -> bool:
    try:
        return "apikey.call" in Registry(dbname or "")
    except Exception:
        return False  # There is no such database, and so no log, and so no call.


def _insert(env, call, row):
    if env.cr.readonly:
        record_apart(call, row)
        return
    # Only a call that goes on without its row needs a transaction that goes on.
    guard = env.cr.savepoint(flush=False) if call.goes_unrecorded else nullcontext()
    try:
        with guard:
            env["apikey.call"]._insert(row, waits_for_disk=call.reads_wait)
    except TRIED_AGAIN:
        raise
    except psycopg2.Error as error:
        tables.forget(call.dbname)  # somebody may have taken a week away
        _without_row(call, row, error)
        return

    def committed():
        call.recorded(row["outcome"])
        seal_soon(call.dbname)

    env.cr.postcommit.add(committed)


def _without_row(call, row, error):
    """Let a call go on without its row where an administrator has chosen that.

    :raise UserError: the call is refused
    """
    if call.goes_unrecorded:
        text = json.dumps(row, default=str, ensure_ascii=False)
        _logger.error("A call goes unrecorded (%s): %s", _name(error), text)
        return
    _logger.error("Call %s is refused: %s.", call.ref, _name(error))
    unavailable = UserError(str(UNAVAILABLE))
    unavailable.http_status = 503
    raise unavailable from error


def _name(error):
    return f"its row cannot be written, {type(error).__name__}"


def _success(call):
    if call.observed:
        return "observed", _said(call.remark, *call.observed)
    # A method that goes on after a refusal inside it, as ``load`` does, says so.
    return "allowed", _said(call.remark, call.refusal)


def _said(*sentences) -> str | None:
    return " ".join(filter(None, sentences)) or None


def _failure(call, error):
    if call.refusal:
        return "denied", call.refusal
    if isinstance(error, AccessError):
        return "denied", f"Odoo: {error}"
    if isinstance(error, AccessDenied):
        return "denied", str(error)
    if isinstance(error, HTTPException) and error.code in (401, 403):
        return "denied", error.description
    return "error", _said(call.remark, describe(error))


def describe(error) -> str:
    """Describe an error for the log, without the values that a database quotes."""
    if isinstance(error, psycopg2.Error):
        return f"{type(error).__name__}: {error.diag.message_primary or ''}"
    if isinstance(error, HTTPException):
        return f"{error.code} {error.name}: {error.description}"
    if isinstance(error, UserError):
        return str(error)
    return f"{type(error).__name__}: {error}"
