# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What ``make demo`` shows: the cases, and the same calls as the call log has them."""

from itertools import cycle

from .cases import Case, cases
from .console import say, step
from .stage import Stage

TRANSPORTS = ("json2", "xmlrpc", "jsonrpc")
COLUMNS = (27, 7, 36, 9, 7)


def run(server, database: str) -> bool:
    """Show it.

    :param server: an ``OdooServer``
    :param database: a fresh copy of the full template
    :return: whether all went as expected
    """
    shown = cases()
    with step("Making scopes and keys, as an administrator does"):
        stage = Stage(server, database)
        for case in shown:
            stage.issue(case)
    say("\nThe calls, made with standard clients:\n")
    _line("KEY", "OVER", "CALL", "FROM", "OUTCOME", "REASON")
    transports = cycle(TRANSPORTS)
    results = [result for case in shown for result in _play(stage, case, transports)]
    say("\nThe same calls, as the call log has them:\n")
    _line("KEY", "OVER", "CALL", "FROM", "OUTCOME", "REASON")
    rows = stage.log()
    for row in rows:
        _line(
            row["apikey_name"] or "",
            row["transport"],
            f"{row['model']}.{row['method']}",
            row["remote_addr"],
            row["outcome"],
            row["reason"] or "",
        )
    expected = [
        (
            "" if call in case.removed else case.key,
            transport,
            call.model,
            call.method,
            call.outcome,
        )
        for case, transport, call, _met in results
    ]
    logged = [
        (
            row["apikey_name"] or "",
            row["transport"],
            row["model"],
            row["method"],
            row["outcome"],
        )
        for row in rows
    ]
    unmet = [call for _case, _transport, call, met in results if not met]
    log = (
        "has each of them, with its key"
        if expected == logged
        else "DOES NOT have just these calls"
    )
    say(
        f"\n{len(results) - len(unmet)} of {len(results)} calls ended as they must, and the log {log}."
    )
    return not unmet and expected == logged


def _play(stage: Stage, case: Case, transports):
    """Make a case's calls. Yields (case, transport, call, whether it ended as it must)."""
    if case.suspended:
        stage.press(case.key, "action_suspend")
        yield from _make(stage, case, case.suspended, transports)
        stage.press(case.key, "action_resume")
    yield from _make(stage, case, case.calls, transports)
    if case.removed:
        stage.press(case.key, "remove")
        yield from _make(stage, case, case.removed, transports)


def _make(stage: Stage, case: Case, calls: tuple, transports):
    for call in calls:
        transport = next(transports)
        answer = stage.make(transport, case.key, call)
        met = call.is_met_by(transport, answer)
        outcome = "allowed" if answer.ok else "denied"
        reason = (
            answer.message
            if met
            else f"NOT AS EXPECTED ({call.expect}): {answer.error_name} {answer.message}"
        )
        _line(
            case.key,
            transport,
            f"{call.model}.{call.method}",
            call.source,
            outcome,
            reason,
        )
        yield case, transport, call, met


def _line(*cells: str) -> None:
    padded = [
        str(cell).ljust(width) for cell, width in zip(cells, COLUMNS, strict=False)
    ]
    say("  ".join([*padded, *cells[len(COLUMNS) :]]).rstrip())
