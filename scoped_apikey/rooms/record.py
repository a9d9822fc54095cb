# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""No record, no request: every call leaves its row, or does not succeed.

A call's effects and its row commit together. A call that was refused or failed has its
row written apart, because its own transaction is rolled back.
"""

import logging
from contextlib import contextmanager

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.modules.registry import Registry
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import LazyTranslate
from werkzeug.exceptions import HTTPException

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

UNAVAILABLE = _lt("The call log cannot be written, so the call was refused.")


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
    if call.durable_outcome == outcome:
        return error
    try:
        record_apart(call, call.row(outcome, reason))
    except UserError as unavailable:
        unavailable.__cause__ = error
        return unavailable
    return error


def record_apart(call, row):
    """Write and commit a row through a cursor of its own.

    :param Call call: the call
    :param dict row: what ``call.row`` says of it

    :raise UserError: the row cannot be written (503)
    """
    try:
        registry = Registry(call.dbname or "")
    except Exception:
        return  # There is no such database, and so no log, and so no call.
    if "apikey.call" not in registry:
        return
    try:
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["apikey.call"]._insert(row)
    except psycopg2.Error as error:
        raise _unavailable(call) from error
    call.recorded(row["outcome"])


def _insert(env, call, row):
    if env.cr.readonly:
        record_apart(call, row)
        return
    try:
        env["apikey.call"]._insert(row)
    except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
        raise
    except psycopg2.Error as error:
        raise _unavailable(call) from error
    env.cr.postcommit.add(lambda: call.recorded(row["outcome"]))


def _unavailable(call):
    _logger.error("Call %s is refused: its row cannot be written.", call.ref)
    error = UserError(str(UNAVAILABLE))
    error.http_status = 503
    return error


def _success(call):
    if call.observed:
        return "observed", " ".join(call.observed)
    # A method that goes on after a refusal inside it, as ``load`` does, says so.
    return "allowed", call.refusal


def _failure(call, error):
    if call.refusal:
        return "denied", call.refusal
    if isinstance(error, AccessError):
        return "denied", f"Odoo: {error}"
    if isinstance(error, AccessDenied):
        return "denied", str(error)
    if isinstance(error, HTTPException) and error.code in (401, 403):
        return "denied", error.description
    return "error", describe(error)


def describe(error) -> str:
    """Describe an error for the log, without the values that a database quotes."""
    if isinstance(error, psycopg2.Error):
        return f"{type(error).__name__}: {error.diag.message_primary or ''}"
    if isinstance(error, HTTPException):
        return f"{error.code} {error.name}: {error.description}"
    if isinstance(error, UserError):
        return str(error)
    return f"{type(error).__name__}: {error}"
