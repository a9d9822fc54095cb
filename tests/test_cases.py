# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Cases 1 to 8, at every door: each call gets its answer, also when it is repeated, and one
row that is true of it."""

from dataclasses import replace

import pytest

from lab.cases import ALLOWED, Call, Case, Rule, cases
from lab.stage import DOORS, LOGIN

CASES = {f"{case.number} {case.key}": case for case in cases()}
TIMES = 2  # the first call of a key is verified, the next may be cached


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", CASES)
def test_case(bench, name, door):
    case = CASES[name]
    key = bench.scoped(
        *case.rules,
        name=f"{case.key} at {door}",
        networks=case.networks,
        tz=case.tz,
        windows=case.windows,
    )
    with bench.logged() as rows:
        if case.suspended:
            bench.stage.press(key.name, "action_suspend")
            made = make(bench, door, key, case.suspended)
            bench.stage.press(key.name, "action_resume")
        else:
            made = []
        made += make(bench, door, key, case.calls)
        if case.removed:
            bench.stage.press(key.name, "remove")
            # Nobody knows whose they are: of one address, most would be counted together.
            gone = [replace(one, source=bench.an_address()) for one in case.removed]
            made += make(bench, door, key, gone)
    unmet = [
        (call, answer)
        for call, answer in made
        if not call.is_met_by(DOORS[door], answer)
    ]
    assert not unmet
    assert len({row.call_ref for row in rows}) == len(rows) == len(made)
    for row, (call, answer) in zip(rows, made, strict=True):
        removed = row.apikey_ref is None
        assert removed == (call not in (*case.suspended, *case.calls))
        expected = {
            "apikey_ref": None if removed else key.key_id,
            "apikey_name": None if removed else key.name,
            "scope_name": None if removed else key.name,
            "user_ref": None if removed else key.uid,
            "user_login": None if removed else LOGIN,
            "transport": DOORS[door],
            "model": call.model,
            "method": call.method,
            "remote_addr": call.source,
            "outcome": call.outcome,
        }
        assert {column: getattr(row, column) for column in expected} == expected
        assert row.duration_ms > 0
        assert_reason(row, call, removed)
        assert_ids(bench, row, call, answer)


def make(bench, door, key, calls):
    """Make calls, each twice. :return: pairs of call and answer"""
    return [
        (call, bench.stage.make(door, key.name, call))
        for call in calls
        for _time in range(TIMES)
    ]


def assert_reason(row, call, removed):
    if call.expect == ALLOWED:
        assert row.reason is None
    else:
        assert row.reason
        assert call.says in row.reason
        # Who holds no key is not told, but the log is, that it was no key.
        assert removed or row.apikey_name in row.reason or "suspended" in row.reason


def assert_ids(bench, row, call, answer):
    if call.ids:
        assert row.res_ids == ", ".join(
            str(bench.admin.ref(xmlid)) for xmlid in call.ids
        )
    elif call.method == "create" and answer.ok:
        assert row.res_ids == ", ".join(map(str, answer.value))
    else:
        assert row.res_ids is None


def test_nothing_is_kept_of_a_call_that_was_refused(bench):
    """A form that may create leads only: what else it sent is not there."""
    key = bench.scoped(Rule("crm.lead", "c", fields=("name",)))
    for door in DOORS:
        call = Call(
            "crm.lead",
            "create",
            kwargs={"vals_list": [{"name": f"lead {door}", "phone": "1"}]},
        )
        assert not bench.stage.make(door, key.name, call).ok
        assert not bench.sql("SELECT id FROM crm_lead WHERE name = %s", f"lead {door}")


def test_the_log_is_readable_by_an_administrator(bench):
    """The screens read the table that the calls were written to."""
    key = bench.scoped(Rule("res.partner", "r"))
    for door in DOORS:
        assert bench.call(door, key, "res.partner", "search_count", domain=[]).ok
    shown = bench.admin.call(
        "apikey.call",
        "search_read",
        [["apikey_ref", "=", key.key_id]],
        ["transport", "user_id", "call_ref"],
        order="id",
    )
    assert [row["transport"] for row in shown] == list(DOORS.values())
    assert {row["user_id"][0] for row in shown} == {key.uid}
    stored = bench.sql(
        "SELECT call_ref FROM apikey_call WHERE apikey_ref = %s ORDER BY id", key.key_id
    )
    assert [row["call_ref"] for row in shown] == [row.call_ref for row in stored]


def test_every_case_of_the_design_is_there():
    assert {case.number for case in cases()} == set(range(1, 9))
    assert all(isinstance(case, Case) for case in cases())
