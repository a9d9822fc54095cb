# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whatever takes a key away, no call that is sent after that is accepted, by any worker.

A short form of ``make bench-revocation``.
"""

import pytest

from benchmarks.revocation import AFTER, WORKERS, measure
from benchmarks.ways import WAYS

TRIES = 30


@pytest.fixture(scope="module")
def rounds(workers):
    """A round of each way, all while another client calls."""
    rounds = measure(workers.stage, workers.server.log, WAYS, TRIES)
    return {one.way: one for one in rounds}


@pytest.mark.parametrize("way", WAYS)
def test_no_call_is_accepted_that_is_sent_after_it(rounds, way):
    one = rounds[way]
    assert len(one.before) >= WORKERS
    assert all(made.accepted for made in one.before)
    assert len(one.after) >= TRIES
    assert not [made for made in one.after if made.accepted]
    assert all(made.refused for made in one.after), "as it must be"
    assert len(one.served[AFTER]) == WORKERS


@pytest.mark.parametrize("way", [name for name in WAYS if WAYS[name].give_back])
def test_a_key_that_is_given_back_works_again(rounds, way):
    again = rounds[way].again
    assert len(again) >= 2 * WORKERS
    assert all(made.accepted for made in again)
    assert rounds[way].is_good
