# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The one question about keys that every call asks the database.

Keys also go by SQL, by cascade and by jobs, and users are archived: so what is in memory of
a key is never more than what saves work, and this is the truth.
"""

STOCK_SCOPE = "scoped_apikey"
"""The stock scope of a scoped key: no door of Odoo's, or of anybody else's, takes it."""

SUSPENDED = "suspended:"
"""What the stock scope of any other key begins with while it is suspended, likewise."""

# Not a join: PostgreSQL would take longer to plan one than for all the rest. It plans this at
# every call: Odoo's pool has connections forget what is prepared, and the plans of functions.
_FIND = f"""
    SELECT key AS hashed, id, name, user_id, scope_id, suspended,
           COALESCE(scope = '{STOCK_SCOPE}', false) OR scope_id IS NOT NULL AS scoped,
           COALESCE(expiration_date < now() AT TIME ZONE 'utc', false) AS expired,
           (SELECT login FROM res_users WHERE id = k.user_id) AS login,
           (SELECT active FROM res_users WHERE id = k.user_id) AS user_active,
           (SELECT name FROM apikey_scope WHERE id = k.scope_id) AS scope_name,
           (SELECT version FROM apikey_scope WHERE id = k.scope_id) AS scope_version
      FROM res_users_apikeys k
     WHERE index = %s
       AND (scope IS NULL
            OR scope IN ('rpc', '{STOCK_SCOPE}', '{SUSPENDED}', '{SUSPENDED}rpc'))
"""


def find(cr, index) -> list[dict]:
    """Return the keys that one of the common doors may take, valid or not.

    Keys whose stock scope names another door are not among them.

    :param str index: the beginning of a secret, which two keys can share
    :return: of each the members of ``Key``, ``hashed``, and whether it is ``expired`` or
        ``suspended`` and its user ``user_active``
    """
    cr.execute(_FIND, [index])
    rows = cr.dictfetchall()
    for row in rows:
        if row["scope_version"] is None:
            # It is gone, or has no version, without which no edit would be noticed.
            row["scope_id"] = None
    return rows
