# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Holds the log, the data and the answers against each other, behind Odoo's back.

A trigger notes each effect of a call, in the call's own transaction and with its number: so
the notes are there if and only if the effects are. A row of the log bears the number of the
transaction that wrote it, too (``xmin``). What has one number was committed together.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from .clients import CREATE, DONE, HALF_WAY, MARK, REFUSAL, REFUSED, WRITE
from .kills import until

MODELS = {"res.partner": "res_partner", "probe.note": "probe_note"}
FIRST, SECOND = ", first", ", second"  # the effects of a method that commits half-way
WITNESS = """
    CREATE TABLE crash_effect (
        id bigint GENERATED ALWAYS AS IDENTITY, xact bigint, table_name varchar,
        record integer, operation varchar, name varchar,
        PRIMARY KEY (xact, table_name, record)
    );
    CREATE FUNCTION crash_note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO crash_effect (xact, table_name, record, operation, name) VALUES (
            pg_current_xact_id()::text::bigint, TG_TABLE_NAME, NEW.id, TG_OP, NEW.name
        ) ON CONFLICT (xact, table_name, record) DO UPDATE SET name = EXCLUDED.name;
        RETURN NULL;
    END $$
"""
# Whatever is updated: the standard XML-RPC client sends a call again whose connection broke,
# and what is written a second time may be the same.
TRIGGER = """
    CREATE TRIGGER crash_note AFTER INSERT OR UPDATE ON {table} FOR EACH ROW
    WHEN (starts_with(NEW.name, '{mark} ')) EXECUTE FUNCTION crash_note()
"""
AT_WORK = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend' AND state IS DISTINCT FROM 'idle'
"""
EFFECTS = "SELECT mod(xact, 4294967296), table_name, record, operation, name FROM crash_effect"
ROWS = """
    SELECT xmin::text::bigint, call_ref, model, method, res_ids, outcome
    FROM apikey_call WHERE id > %s
"""
UNLIKE_NOTED = """
    SELECT noted.name, stored.name FROM (
        SELECT DISTINCT ON (table_name, record) table_name, record, name
        FROM crash_effect ORDER BY table_name, record, id DESC
    ) AS noted
    FULL JOIN (
        SELECT 'res_partner' AS table_name, id AS record, name FROM res_partner
        WHERE starts_with(name, %(mark)s)
        UNION ALL
        SELECT 'probe_note', id, name FROM probe_note WHERE starts_with(name, %(mark)s)
    ) AS stored USING (table_name, record)
    WHERE noted.name IS DISTINCT FROM stored.name
"""


class Effect(NamedTuple):
    """A change that a call made for good."""

    xact: int
    table: str
    record: int
    operation: str
    name: str


class Row(NamedTuple):
    """A row of the call log."""

    xact: int
    ref: str
    model: str | None
    method: str | None
    ids: str | None
    outcome: str


@dataclass(frozen=True)
class Findings:
    """What was there, and what should not be.

    :param exceptions: a sentence each
    :param halves: calls that committed half-way, and nothing after that
    :param sent_twice: calls that had their effect twice, as their client sent them again
    :param said_twice: calls that have a row for what was committed, and another which
        says that they failed: the commit was done, and word of it was lost
    """

    effects: int
    rows: Counter
    halves: int
    sent_twice: int
    said_twice: int
    exceptions: list


class Evidence:
    """Looks at a world from here on: what was before does not count.

    :param world: nothing calls it yet
    """

    def __init__(self, world):
        self._world = world
        with world.connect() as cursor:
            cursor.execute(WITNESS)
            for table in MODELS.values():
                cursor.execute(TRIGGER.format(table=table, mark=MARK))
            cursor.execute("SELECT COALESCE(max(id), 0) FROM apikey_call")
            [self._before] = cursor.fetchone()

    def examine(self, made: list) -> Findings:
        """Wait until nothing is under way, and look at all there is.

        :param made: every call of every client; none makes another meanwhile
        :raise LabError: something stays under way
        """
        with self._world.connect() as cursor:

            def nothing_at_work():
                cursor.execute(AT_WORK)
                return cursor.fetchone() == (0,)

            until(nothing_at_work, "calls stay under way that nobody waits for")
            cursor.execute(EFFECTS)
            effects = [Effect(*values) for values in cursor.fetchall()]
            cursor.execute(ROWS, [self._before])
            rows = [Row(*values) for values in cursor.fetchall()]
            cursor.execute(UNLIKE_NOTED, {"mark": f"{MARK} "})
            unlike = cursor.fetchall()
        exceptions = [f"noted is {noted}, stored {name}" for noted, name in unlike]
        exceptions += _effects_without_row(effects, rows)
        exceptions += _rows_without_effect(effects, rows)
        exceptions += _answers_without_effect(made, effects)
        exceptions += _refusals_without_row(made, rows)
        return Findings(
            len(effects),
            Counter(row.outcome for row in rows),
            _halves(effects),
            _sent_twice(effects),
            _said_twice(rows),
            exceptions,
        )


def _effects_without_row(effects, rows):
    """Each effect has one row, of its transaction; a second half has its first."""
    allowed = defaultdict(list)
    for row in rows:
        if row.outcome == "allowed":
            allowed[row.xact].append(row)
    names = Counter(effect.name for effect in effects)
    for effect in effects:
        if effect.name.endswith(SECOND):
            first = effect.name.removesuffix(SECOND) + FIRST
            if names[first] < names[effect.name]:
                yield f"{effect} has nothing that was committed before"
            continue
        found = allowed[effect.xact]
        if len(found) != 1 or not _tells_of(found[0], effect):
            yield f"{effect} was committed with {found or 'no row'}"


def _tells_of(row, effect) -> bool:
    if MODELS.get(row.model) != effect.table:
        return False
    if row.method == HALF_WAY:
        return effect.operation == "INSERT"
    operation = {CREATE: "INSERT", WRITE: "UPDATE"}.get(row.method)
    return operation == effect.operation and row.ids == str(effect.record)


def _rows_without_effect(effects, rows):
    """Each row of a call that was let in has one effect, of its transaction.

    All calls are writes, but those that no rule grants.
    """
    firsts = Counter(
        effect.xact for effect in effects if not effect.name.endswith(SECOND)
    )
    for row in rows:
        if row.outcome == "allowed" and firsts[row.xact] != 1:
            yield f"{row} was committed with {firsts[row.xact]} effects"


def _answers_without_effect(made, effects):
    """What an answer said is done, is done."""
    records = defaultdict(set)
    for effect in effects:
        records[effect.name].add(effect.record)
    for call in made:
        if call.answer != DONE:
            continue
        if call.kind == HALF_WAY:
            there = all(records[call.marker + half] for half in (FIRST, SECOND))
        else:
            there = call.record in records[call.marker]
        if not there:
            yield f"{call} left no effect"


def _refusals_without_row(made, rows):
    denied = {
        row.ids for row in rows if (row.method, row.outcome) == (REFUSED, "denied")
    }
    for call in made:
        if call.answer == REFUSAL and str(call.record) not in denied:
            yield f"{call} left no row"


def _halves(effects) -> int:
    firsts = sum(effect.name.endswith(FIRST) for effect in effects)
    return firsts - sum(effect.name.endswith(SECOND) for effect in effects)


def _sent_twice(effects) -> int:
    names = Counter(effect.name for effect in effects)
    return sum(times > 1 and not name.endswith(SECOND) for name, times in names.items())


def _said_twice(rows) -> int:
    outcomes = defaultdict(set)
    for row in rows:
        outcomes[row.ref].add(row.outcome)
    return sum(len(said) > 1 for said in outcomes.values())
