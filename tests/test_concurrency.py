# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Many clients with one key at a time: none stands in another's way.

A short form of ``make bench-concurrency``.
"""

from benchmarks.concurrency import WORKERS, measure

SECONDS = 5


def test_sixteen_clients_with_one_key(server, database):
    result = measure(server(database, workers=WORKERS), database, SECONDS)
    assert not result.conflicts
    assert not result.failed
    assert result.calls == result.rows == result.refs > 100
    assert result.outcomes == {"allowed"}
