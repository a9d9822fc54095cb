# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whatever is killed, a call's effects and its row are there together or not at all.

A short form of ``make crash`` (see ``crash/``).
"""

import pytest

from crash import world as worlds
from crash.clients import CREATE, DONE, FAILED, LOST, REFUSAL, REFUSED, Made
from crash.evidence import Evidence
from crash.kills import KILLS
from crash.run import rounds

KILLED, SEED = 12, 1
FORGED = "crash of nobody"


@pytest.fixture(scope="module")
def world(lab):
    with worlds.opened(lab, SEED) as world:
        yield world


@pytest.fixture(scope="module")
def evidence(world):
    return Evidence(world)


@pytest.fixture(scope="module")
def report(world, evidence):
    return rounds(world, evidence, KILLED, SEED)


def test_nothing_is_lost_and_nothing_made_up(report):
    printed = "\n".join(report.lines())
    assert not report.exceptions, printed
    assert report.kills.total() == KILLED
    assert set(report.kills) == set(KILLS)
    assert report.findings.rows["allowed"] > 100, printed
    assert report.findings.rows["denied"] > 10, printed
    assert report.findings.effects > 100, printed
    assert "Unaltered" in report.seals, printed
    assert any(answer in (FAILED, LOST) for _kind, answer in report.answers), printed


FORGERIES = {
    "an effect without a row": (
        "UPDATE res_partner SET name = %(name)s WHERE id = 1",
        "was committed with no row",
    ),
    "a row without an effect": (
        """INSERT INTO apikey_call (call_ref, called_at, model, method, res_ids, outcome)
        VALUES (%(name)s, now(), 'res.partner', 'write', '1', 'allowed')""",
        "was committed with 0 effects",
    ),
    "lost data": (
        "DELETE FROM probe_note WHERE id = (SELECT max(id) FROM probe_note)",
        "stored None",
    ),
    "an effect with the row of another call": (
        """WITH row AS (
            INSERT INTO apikey_call (call_ref, called_at, model, method, res_ids, outcome)
            VALUES (%(name)s, now(), 'res.partner', 'write', '3', 'allowed')
        ) UPDATE res_partner SET name = %(name)s || ' again' WHERE id = 1""",
        "was committed with [Row(",
    ),
}


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_found(world, evidence, forgery):
    """Else what finds nothing might look at nothing."""
    query, sentence = FORGERIES[forgery]
    before = set(evidence.examine([]).exceptions)
    with world.connect() as cursor:
        cursor.execute(query, {"name": FORGED})
        assert cursor.rowcount == 1
    [found] = set(evidence.examine([]).exceptions) - before
    assert sentence in found


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (Made(CREATE, "crash 9 9", 1, DONE), "left no effect"),
        (Made(REFUSED, "crash 9 9", 1, REFUSAL), "left no row"),
    ],
)
def test_an_empty_promise_is_found(evidence, made, sentence):
    before = set(evidence.examine([]).exceptions)
    [found] = set(evidence.examine([made]).exceptions) - before
    assert sentence in found
