# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Seals the logs of a database, verifies them, and writes what is apart from a call.

What stands between the ledger, which knows no models, and those who use it.
"""

import logging
from contextlib import contextmanager

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

from .ledger import connections, sealer, timers, verifier

_logger = logging.getLogger(__name__)

SEALS_OPTION = "scoped_apikey_seals"
"""The option of Odoo's configuration that names the file which seals are added to."""
SEALED_AFTER = 30  # seconds


@contextmanager
def environment(dbname, pool=connections.upkeep):
    """Give a superuser's environment on a connection of the log's own.

    :param Pool pool: which the connection is of
    :raise psycopg2.Error: there is none to be had
    """
    with pool.cursor(dbname) as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})


def seal_soon(dbname):
    """Have what was just committed sealed, off the path of the call."""
    timers.soon(SEALED_AFTER, seal, dbname)


def write_apart(dbname, row, waits_for_disk=True):
    """Write and commit a row of the call log, and have it sealed.

    :raise psycopg2.Error: it cannot be written
    """
    with environment(dbname, connections.rows) as env:
        env["apikey.call"]._insert(row, waits_for_disk=waits_for_disk)
    seal_soon(dbname)


def seal(dbname, reason=None):
    """Seal what was logged since the last time, and let the seals leave the database.

    :param reason: begin a new chain, for this reason
    :return: the new seals; none, too, where it could not be done now
    """
    try:
        if "apikey.seal" not in Registry(dbname):
            return []
        with environment(dbname) as env:
            logs = env["apikey.seal"]._sealed_logs()
            env.cr.execute("SELECT now() AT TIME ZONE 'utc'")
            [now] = env.cr.fetchone()
        connections.ensure_period(dbname, sealer.SEALS, now)
        with environment(dbname) as env:
            seals = sealer.seal(env.cr, logs, env["apikey.usage"]._count, reason)
    except psycopg2.Error:
        _logger.exception("The call log of %s could not be sealed.", dbname)
        return []
    _let_leave(dbname, seals)
    return seals


def _let_leave(dbname, seals):
    try:
        lines = sealer.witness(dbname, seals, config.get(SEALS_OPTION))
    except OSError:
        _logger.exception("The seals of %s could not be kept in the file.", dbname)
        lines = sealer.witness(dbname, seals, None)
    for line in lines:
        _logger.info("seal %s", line)


def verify(dbname, witnesses=(), progress=lambda rows: None):
    """Seal what is new, then verify the logs as they are at one moment.

    :param witnesses: lines of a file of seals that was kept outside
    :param progress: called now and then with the number of rows verified
    :rtype: Report
    """
    seal(dbname)
    with environment(dbname) as env:
        sealer.wait(env.cr)  # whoever else was faster
        logs = env["apikey.seal"]._sealed_logs()
        verifier.hold(env.cr, logs)
        purges = env["apikey.history"]._purges()
        return verifier.verify(env.cr, logs, purges, witnesses, progress)
