# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which rows a call changed, and how: triggers note it, and a digest proves the triggers.

A trigger sees each row by content, whoever changed it: the ORM, SQL, or the database by a
foreign key. What is rolled back is forgotten with its note.
"""

from typing import NamedTuple

from odoo.tools import SQL

UNWATCHED = ("fuzz_change", "fuzz_state")
"""Our own notes."""

LOGS = {
    "apikey_call": "UPDATE OR DELETE",
    "apikey_history": "INSERT OR UPDATE OR DELETE",
    "apikey_seal": "INSERT OR UPDATE OR DELETE",
}
"""Tables in partitions, and what no call may do there. That each call has a row of its own
in the first, the oracle reads by itself."""

SET_UP = """
    CREATE TABLE IF NOT EXISTS fuzz_change (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        table_name text NOT NULL, operation text NOT NULL, old jsonb, new jsonb
    );
    CREATE OR REPLACE FUNCTION fuzz_note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('fuzz.off', true) = 'on'
           OR TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NULL;
        END IF;
        INSERT INTO fuzz_change (table_name, operation, old, new) VALUES (
            TG_TABLE_NAME, TG_OP,
            CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
            CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END
        );
        RETURN NULL;
    END $$;
"""


class Change(NamedTuple):
    """One row that changed.

    :param operation: ``INSERT``, ``UPDATE`` or ``DELETE``
    :param old: the row before, by column
    :param new: the row after
    """

    table: str
    operation: str
    old: dict | None
    new: dict | None

    @property
    def columns(self) -> set[str]:
        """The columns that differ."""
        if self.old is None or self.new is None:
            return set(self.old or self.new)
        return {name for name, value in self.new.items() if self.old[name] != value}

    @property
    def id(self):
        return (self.old or self.new).get("id")


def tables(cr) -> list[str]:
    """Return the tables that are watched."""
    cr.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT relispartition"
        " AND relnamespace = current_schema()::regnamespace ORDER BY relname"
    )
    names = [name for (name,) in cr.fetchall()]
    return [name for name in names if name not in UNWATCHED and "signaling" not in name]


def watch(cr):
    """Note every change of a row from now on."""
    cr.execute(SET_UP)
    watched = dict.fromkeys(tables(cr), "INSERT OR UPDATE OR DELETE") | LOGS
    for name, operations in watched.items():
        cr.execute(
            SQL(
                "CREATE OR REPLACE TRIGGER fuzz_note AFTER %s"
                " ON %s FOR EACH ROW EXECUTE FUNCTION fuzz_note()",
                SQL(operations),
                SQL.identifier(name),
            )
        )


def since(cr, mark: int = 0) -> list[Change]:
    """Return the changes after a mark, as :func:`mark` gave it."""
    cr.execute(
        "SELECT table_name, operation, old, new FROM fuzz_change"
        " WHERE id > %s ORDER BY id",
        [mark],
    )
    return [Change(*row) for row in cr.fetchall()]


def mark(cr) -> int:
    """Return a mark: all changes so far are before it."""
    cr.execute("SELECT COALESCE(max(id), 0) FROM fuzz_change")
    return cr.fetchone()[0]


def digests(cr) -> dict[str, int]:
    """Return a digest of what each table holds."""
    found = {}
    for name in tables(cr):
        cr.execute(
            SQL(
                "SELECT count(*), COALESCE(sum(hashtextextended(t::text, 0)), 0)"
                " FROM %s t",
                SQL.identifier(name),
            )
        )
        found[name] = cr.fetchone()
    return found
