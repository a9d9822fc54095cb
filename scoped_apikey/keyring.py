# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The one question about keys that every call asks the database.

Keys also go by SQL, by cascade and by jobs, and users are archived: so what is in memory of
a key is never more than what saves work, and this is the truth. It is a function of the
database, whose plan PostgreSQL keeps: planning the query took four times as long as running
it.
"""

from odoo.tools import SQL

FUNCTION = "scoped_apikey_find"
STOCK_SCOPE = "scoped_apikey"
"""The stock scope of a scoped key: no door of Odoo's, or of anybody else's, takes it."""

SUSPENDED = "suspended:"
"""What the stock scope of any other key begins with while it is suspended, likewise."""

_BODY = f"""
CREATE FUNCTION {FUNCTION}(wanted varchar)
RETURNS TABLE (
    hashed varchar, id integer, name varchar, user_id integer, login varchar,
    scoped boolean, scope_id integer, scope_name varchar, scope_version varchar,
    user_active boolean, expired boolean, suspended boolean
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT k.key, k.id, k.name, k.user_id, u.login,
           COALESCE(k.scope = '{STOCK_SCOPE}', false) OR k.scope_id IS NOT NULL,
           s.id, s.name, s.version, u.active,
           COALESCE(k.expiration_date < now() AT TIME ZONE 'utc', false),
           k.suspended
      FROM res_users_apikeys k
      JOIN res_users u ON u.id = k.user_id
      LEFT JOIN apikey_scope s ON s.id = k.scope_id
     WHERE k.index = wanted
       AND (k.scope IS NULL
            OR k.scope IN ('rpc', '{STOCK_SCOPE}', '{SUSPENDED}', '{SUSPENDED}rpc'));
END $$
"""
_FIND = f"SELECT * FROM {FUNCTION}(%s)"


def create(cr):
    """Create the function, or replace the one of an earlier version."""
    drop(cr)
    cr.execute(_BODY)


def drop(cr):
    """Drop the function, when the addon goes."""
    cr.execute(SQL("DROP FUNCTION IF EXISTS %s", SQL.identifier(FUNCTION)))


def find(cr, index) -> list[dict]:
    """Return the keys that one of the common doors may take, valid or not.

    Keys whose stock scope names another door are not among them.

    :param str index: the beginning of a secret, which two keys can share
    :return: of each the members of ``Key``, ``hashed``, and whether it is ``expired`` or
        ``suspended`` and its user ``user_active``
    """
    cr.execute(_FIND, [index])
    return cr.dictfetchall()
