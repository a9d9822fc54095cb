# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How much memory does the export of a log take, and how long?

``make bench-export`` fills a call log, has a server export it, and prints the peak of the
server's resident memory beside what it held before: the two should differ by as little for
ten million rows as for ten thousand.
"""

import platform
import re
import time
from pathlib import Path

from lab.console import step
from lab.postgres import connect
from lab.web import WebSession

from .footprint import processor

SIZE = 1_000_000
"""Rows."""
AT_MOST = 64  # MB more than before, however many rows
CHUNK = 1 << 20
LOG = "/scoped_apikey/export/apikey.call"
# All within this week; as long as the rows of real calls, a refusal among ten.
FILL = """
    INSERT INTO apikey_call (
        call_ref, called_at, apikey_ref, apikey_name, user_ref, user_login, scope_name,
        transport, model, method, res_ids, remote_addr, outcome, reason, duration_ms
    )
    SELECT
        md5(n::text),
        date_trunc('week', now() AT TIME ZONE 'UTC') + n * (interval '6 days' / %(rows)s),
        n %% 5 + 1, 'n8n workflow', 7, 'integration', 'Enrichment of contacts',
        'json2', 'res.partner', 'search_read', n::text, '203.0.113.7',
        CASE WHEN n %% 10 = 0 THEN 'denied' ELSE 'allowed' END,
        CASE WHEN n %% 10 = 0 THEN 'Key "n8n workflow" (scope "Enrichment of contacts") may'
            ' not call res.partner.unlink: no rule grants delete on Contact (res.partner).'
        END,
        n %% 1000 / 10.0
    FROM generate_series(1, %(rows)s) AS n
"""


def fill(database, rows):
    """Make the calls, in SQL."""
    with step(f"Making {rows:,} calls"), connect(database) as cursor:
        cursor.execute(FILL, {"rows": rows})
        cursor.execute("ANALYZE apikey_call")


def run(lab, rows: int) -> bool:
    """Measure on a server of its own, and print a table.

    :param lab: an opened ``Lab``
    :param rows: of the log
    :return: whether all is as it should be
    :raise LabError: the set-up cannot go on
    """
    with lab.database() as database:
        fill(database, rows)
        with lab.server(database) as server:
            return measure(server, database, rows)


def measure(server, database: str, rows: int) -> bool:
    """Export the log in each form.

    :param server: a running one with threads, so that one process serves
    """
    admin = WebSession(server.url, database)
    for kind in ("csv", "xlsx"):  # what a first export loads is not its rows'
        _export(server, admin, f"{kind}?domain=[[%22id%22,%22%3C%22,2]]")
    print(f"Python {platform.python_version()}, {processor()}; {rows:,} rows\n")
    print("| file | seconds | first byte | MB | server before | at its peak |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    grown = []
    for kind in ("csv", "xlsx"):
        seconds, first, size, before, peak = _export(server, admin, kind)
        grown.append(peak - before)
        print(
            f"| {kind} | {seconds:.1f} | {first:.1f} | {size / CHUNK:.1f}"
            f" | {before:.0f} MB | {peak:.0f} MB |"
        )
    print(f"\nIt should grow by at most {AT_MOST} MB: ", end="")
    print("it does." if max(grown) <= AT_MOST else "IT GROWS BY MORE.")
    return max(grown) <= AT_MOST


def _export(server, admin, what):
    """Export, and throw away what comes.

    :return: seconds, seconds to the first byte, bytes, and the server's MB before and at
        the peak
    """
    process = Path("/proc", str(server.pid))
    before = _status(process, "VmRSS")
    (process / "clear_refs").write_text("5")  # the peak begins anew
    began = time.perf_counter()
    size = 0
    with admin.download(f"{LOG}.{what}") as response:
        first = None
        while chunk := response.read1(CHUNK):
            first = first or time.perf_counter() - began
            size += len(chunk)
    seconds = time.perf_counter() - began
    return seconds, first, size, before, _status(process, "VmHWM")


def _status(process, name) -> float:
    """Return what the kernel says of a process's memory, in MB."""
    text = (process / "status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024
