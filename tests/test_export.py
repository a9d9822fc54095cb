# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exports from a real server, to a client that leaves: nothing stays behind."""

import time
from pathlib import Path

import psutil
import pytest

from benchmarks.export import LOG, fill
from lab.web import WebSession

ROWS = 100_000
WITHIN = 10  # seconds


def open_cursors(bench):
    return bench.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND query LIKE 'FETCH%%scoped_apikey_export%%' AND state <> 'idle'"
    )


def open_files(server):
    """The files without a name that the server's processes have."""
    parent = psutil.Process(server.pid)
    return [
        link
        for process in [parent, *parent.children()]
        for link in Path(f"/proc/{process.pid}/fd").iterdir()
        if link.is_symlink() and str(link.readlink()).endswith("(deleted)")
    ]


def eventually(condition):
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline


@pytest.mark.parametrize("workers", [0, 2])
def test_client_leaves(server, make_bench, database, workers):
    fill(database, ROWS)
    running = server(database, workers=workers)
    bench = make_bench(running, database)
    admin = WebSession(running.url, database)
    with admin.download(f"{LOG}.csv") as response:
        response.read(10_000)
        assert open_cursors(bench)
    eventually(lambda: not open_cursors(bench))
    before = len(open_files(running))
    few = "[[%22id%22,%22%3C%22,20000]]"
    with admin.download(f"{LOG}.xlsx?domain={few}") as response:
        response.read(10_000)
    eventually(lambda: len(open_files(running)) == before)
