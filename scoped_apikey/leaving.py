# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What becomes of the logs when the addon goes: they stay, move to a schema, or are deleted.

An administrator chooses in the wizard of Odoo that uninstalls, and the hook carries it out
a moment later, in another transaction: a parameter tells it. Whatever is not a choice just
made keeps the logs where they are: evidence is not an addon's to delete.
"""

import json
import logging
import re
from datetime import datetime, timedelta

import psycopg2
from odoo import fields
from odoo.tools import SQL

from .ledger.tables import TRIGGER

KEEP, MOVE, DELETE = "keep", "move", "delete"
PARAMETER = "scoped_apikey.logs_at_uninstall"
# An uninstallation that failed must not leave an order behind for the next one.
VALID_FOR = timedelta(hours=1)
SCHEMA = re.compile(r"(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}")

_logger = logging.getLogger(__name__)


def choose(env, choice, schema=None):
    """Leave word for the hook.

    :param str choice: ``KEEP``, ``MOVE`` or ``DELETE``
    :param str schema: where to move the logs
    """
    order = {
        "choice": choice,
        "schema": schema,
        "chosen_at": fields.Datetime.to_string(fields.Datetime.now()),
    }
    env["ir.config_parameter"].sudo().set_param(PARAMETER, json.dumps(order))


def take_choice(env):
    """Read the word that was left, and take it away.

    :return: the choice and the schema; what is missing, old or not understood: ``KEEP``
    """
    parameters = env["ir.config_parameter"].sudo()
    value = parameters.get_param(PARAMETER)
    if not value:
        return KEEP, None
    parameters.set_param(PARAMETER, False)
    try:
        order = json.loads(value)
        choice, schema = order["choice"], order["schema"]
        age = fields.Datetime.now() - datetime.fromisoformat(order["chosen_at"])
        if not timedelta(0) <= age <= VALID_FOR:
            raise ValueError(f"chosen at {order['chosen_at']}")
        if choice not in (KEEP, MOVE, DELETE):
            raise ValueError(choice)
        if choice == MOVE and not SCHEMA.fullmatch(schema):
            raise ValueError(schema)
    except (ValueError, TypeError, LookupError) as error:
        _logger.warning("What was chosen for the logs does not hold: %s", error)
        return KEEP, None
    return choice, schema


def carry_out(env, choice, schema=None):
    """Do it, and say so in the server's log. What cannot be done keeps the logs."""
    tables = log_tables(env)
    named = ", ".join(roots(env))
    if choice == KEEP:
        _logger.warning("The tables of the logs are kept: %s.", named)
        return
    try:
        with env.cr.savepoint():
            if choice == MOVE:
                move(env, tables, schema)
            else:
                drop(env, tables)
    except psycopg2.Error as error:
        _logger.error("The tables of the logs stay where they are: %s", error)
        return
    if choice == MOVE:
        _logger.warning(
            "The tables of the logs are in schema %s now: %s.", schema, named
        )
    else:
        _logger.warning("The logs are deleted, as was chosen: %s.", named)


def log_tables(env):
    """Name the tables of the logs: those of all models that are logs, each followed by its
    partitions.
    """
    return [name for table in roots(env) for name in _with_partitions(env, table)]


def roots(env):
    """Name the tables of the logs, without their partitions."""
    models = (
        env[name] for name in env.registry.descendants(["apikey.log"], "_inherit")
    )
    return [model._table for model in models if not model._abstract]


def _with_partitions(env, table):
    env.cr.execute(
        SQL(
            """
            WITH RECURSIVE tree(oid, depth) AS (
                SELECT oid, 0 FROM pg_class
                WHERE relname = %s AND relnamespace = current_schema::regnamespace
                    AND relkind IN ('r', 'p')
                UNION ALL
                SELECT inhrelid, depth + 1
                FROM pg_inherits JOIN tree ON inhparent = tree.oid
            )
            SELECT relname FROM tree JOIN pg_class USING (oid)
            WHERE relnamespace = current_schema::regnamespace
            ORDER BY depth, relname
            """,
            table,
        )
    )
    return [name for [name] in env.cr.fetchall()]


def move(env, tables, schema):
    """Move tables, with their indexes and sequences, to a schema that is made if need be."""
    env.cr.execute(SQL("CREATE SCHEMA IF NOT EXISTS %s", SQL.identifier(schema)))
    for table in tables:
        env.cr.execute(
            SQL(
                "ALTER TABLE %s SET SCHEMA %s",
                SQL.identifier(table),
                SQL.identifier(schema),
            )
        )


def drop(env, tables):
    for table in tables:
        # A partition goes with the table that it is of.
        env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier(table)))
    env.cr.execute(SQL("DROP FUNCTION IF EXISTS %s()", SQL.identifier(TRIGGER)))


def what_hinders(env, schema):
    """Say why the logs cannot be moved to a schema, or nothing.

    :return: a sentence, or ``None``
    """
    if not SCHEMA.fullmatch(schema or ""):
        return env._(
            "The name of a schema has small letters, digits and underscores, and does not"
            " begin with a digit or pg_."
        )
    env.cr.execute(
        """
        SELECT current_schema, to_regnamespace(%s) IS NOT NULL,
            has_database_privilege(current_database(), 'CREATE')
        """,
        [schema],
    )
    current, exists, may_create = env.cr.fetchone()
    if schema == current:
        return env._("The logs are in the schema %s already: keep them there.", schema)
    if not exists:
        if may_create:
            return None
        return env._("Odoo may not create schemas in this database.")
    env.cr.execute("SELECT has_schema_privilege(%s, 'CREATE')", [schema])
    if not env.cr.fetchone()[0]:
        return env._("Odoo may not put tables into the schema %s.", schema)
    env.cr.execute(
        """
        SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace
            AND relname = ANY(%s) ORDER BY relname LIMIT 1
        """,
        [schema, log_tables(env)],
    )
    if taken := env.cr.fetchone():
        return env._(
            "The schema %(schema)s has a table %(table)s already, of an earlier"
            " installation: choose another.",
            schema=schema,
            table=taken[0],
        )
    return None
