# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every call leaves one row that is true of it, however it ends, and no answer says too much."""

import json
import re
from contextlib import contextmanager
from xmlrpc.client import Fault

import pytest

from lab.cases import Rule
from lab.stage import DOORS

RPC = [door for door in DOORS if door != "json2"]
METHODS = "note_and_raise, note_and_return_none, note_and_return_pairs, commit_half_way, conflict_once, whose"
MISSING = 999_999_999
TRACE = re.compile(
    r'Traceback \(most recent call last\)|File ".*", line \d+|\.py\b|Failing row contains|DETAIL:'
)


@pytest.fixture(scope="module")
def key(bench):
    return bench.scoped(
        Rule("probe.note", "rwcd", methods=METHODS),
        Rule("probe.locked", "r"),
        name="recorded",
    )


@pytest.fixture(scope="module")
def stock_key(bench):
    return bench.unscoped()


def text_of(answer) -> str:
    """All that an answer says, as it came."""
    if isinstance(answer.raw, Fault):
        return f"{answer.raw.faultCode}\n{answer.raw.faultString}"
    return (
        answer.raw
        if isinstance(answer.raw, str)
        else json.dumps(answer.raw, indent=1).replace("\\n", "\n")
    )


def debug_of(answer) -> str:
    if not isinstance(answer.raw, dict):
        return ""
    return answer.raw.get("error", {}).get("data", answer.raw).get("debug") or ""


def assert_discreet(answer):
    """It is a failure that tells no more than a sentence."""
    assert not answer.ok
    assert not TRACE.search(text_of(answer)), text_of(answer)
    assert debug_of(answer) == ""


def assert_row(row, caller, door, **expected):
    expected = {
        "apikey_ref": caller.key_id,
        "apikey_name": caller.name or None,
        "user_ref": caller.uid,
        "user_login": caller.login,
        "transport": DOORS[door],
        **expected,
    }
    assert {column: getattr(row, column) for column in expected} == expected


@contextmanager
def unwritable_log(bench, how):
    """As long as this lasts no row can be written."""
    if how == "renamed":
        bench.sql("ALTER TABLE apikey_call RENAME TO apikey_call_away")
        undo = "ALTER TABLE apikey_call_away RENAME TO apikey_call"
    else:
        bench.sql(
            "CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'No space left on device'; END $$;"
            " CREATE TRIGGER refuse_row BEFORE INSERT ON apikey_call FOR EACH ROW EXECUTE FUNCTION refuse_row()"
        )
        undo = "DROP TRIGGER refuse_row ON apikey_call; DROP FUNCTION refuse_row"
    try:
        yield
    finally:
        bench.sql(undo)


# How a call can end


@pytest.mark.parametrize("door", DOORS)
def test_allowed(bench, key, door):
    with bench.logged() as rows:
        answer = bench.call(
            door,
            key,
            "probe.note",
            "create",
            vals_list=[{"name": "one"}, {"name": "two"}],
        )
    assert answer.ok
    [row] = rows
    assert_row(
        row,
        key,
        door,
        model="probe.note",
        method="create",
        outcome="allowed",
        reason=None,
    )
    assert row.res_ids == ", ".join(map(str, answer.value))
    assert row.duration_ms > 0


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("ending", "outcome", "reason"),
    [
        ("UserError", "error", "The note {name} was in vain."),
        ("RuntimeError", "error", "RuntimeError: The note {name} was in vain."),
        ("AccessError", "denied", "Odoo: The note {name} was in vain."),
    ],
)
def test_a_failure_keeps_its_row_and_loses_its_effect(
    bench, key, door, ending, outcome, reason
):
    name = f"{ending} at {door}"
    with bench.logged() as rows:
        answer = bench.call(
            door, key, "probe.note", "note_and_raise", name=name, ending=ending
        )
    assert_discreet(answer)
    [row] = rows
    assert_row(
        row,
        key,
        door,
        method="note_and_raise",
        outcome=outcome,
        reason=reason.format(name=name),
    )
    assert row.duration_ms > 0
    assert not bench.names_of_notes(name)
    if ending == "RuntimeError":
        assert name not in text_of(answer)
        assert row.call_ref in text_of(answer), "nobody could find the row of the call"


@pytest.mark.parametrize("door", DOORS)
def test_odoo_refuses(bench, key, door):
    """The scope grants it, but the user has no right to it."""
    with bench.logged() as rows:
        answer = bench.call(door, key, "probe.locked", "search_count", domain=[])
    assert answer.error_name == "AccessError"
    assert_discreet(answer)
    [row] = rows
    assert_row(row, key, door, model="probe.locked", outcome="denied")
    assert row.reason.startswith("Odoo: ")


@pytest.mark.parametrize("door", DOORS)
def test_the_scope_refuses(bench, key, door):
    with bench.logged() as rows:
        answer = bench.call(door, key, "res.partner", "unlink", [1])
    assert answer.error_name == "AccessError"
    assert_discreet(answer)
    [row] = rows
    assert_row(
        row,
        key,
        door,
        model="res.partner",
        method="unlink",
        res_ids="1",
        outcome="denied",
        reason=answer.message,
    )


@pytest.mark.parametrize("door", DOORS)
def test_a_missing_record(bench, key, door):
    with bench.logged() as rows:
        answer = bench.call(door, key, "probe.note", "conflict_once", [MISSING])
    assert_discreet(answer)
    [row] = rows
    assert_row(
        row, key, door, method="conflict_once", res_ids=str(MISSING), outcome="error"
    )
    assert row.reason


@pytest.mark.parametrize("door", DOORS)
def test_an_unknown_method(bench, stock_key, door):
    with bench.logged() as rows:
        answer = bench.call(door, stock_key, "probe.note", "no_such_method", [])
    assert_discreet(answer)
    [row] = rows
    assert_row(
        row,
        stock_key,
        door,
        model="probe.note",
        method="no_such_method",
        scope_name=None,
        outcome="error",
    )


@pytest.mark.parametrize("door", DOORS)
def test_a_failing_row_is_not_shown(bench, key, stock_key, door):
    for caller in (key, stock_key):
        with bench.logged() as rows:
            answer = bench.call(
                door,
                caller,
                "probe.note",
                "create",
                vals_list=[{"name": "row of hearts", "value": -1}],
            )
        assert_discreet(answer)
        assert "hearts" not in text_of(answer)
        [row] = rows
        assert_row(row, caller, door, method="create", outcome="error")
        assert "hearts" not in row.reason
        assert "A value is never negative." in row.reason


def test_a_password_is_told_what_stock_tells(bench):
    """What the test above looks for would be found if it was there."""
    answer = bench.call(
        "jsonrpc",
        bench.password,
        "probe.note",
        "create",
        vals_list=[{"name": "hearts", "value": -1}],
    )
    assert "Failing row contains" in debug_of(answer)
    assert TRACE.search(text_of(answer))


@pytest.mark.parametrize("door", RPC)
def test_a_password(bench, door):
    with bench.logged() as rows:
        assert bench.call(
            door, bench.password, "probe.note", "search_count", domain=[]
        ).ok
        assert bench.call(
            door, bench.password, "probe.note", "search_count", domain=[]
        ).ok
        assert not bench.call(
            door,
            bench.password,
            "probe.note",
            "note_and_raise",
            name="x",
            ending="UserError",
        ).ok
    assert [row.outcome for row in rows] == ["allowed", "allowed", "error"]
    assert len({row.call_ref for row in rows}) == 3
    for row in rows:
        assert_row(row, bench.password, door, scope_name=None, model="probe.note")


# Credentials


@pytest.mark.parametrize("door", DOORS)
def test_a_refused_credential(bench, key, door):
    caller = type(key)("0123456789abcdef" * 2, key.login, key.uid)
    with bench.logged() as rows:
        for _time in range(2):
            answer = bench.call(door, caller, "res.partner", "search_count", domain=[])
            assert answer.error_name in ("AccessDenied", "Unauthorized")
            assert_discreet(answer)
    assert len({row.call_ref for row in rows}) == 2
    for row in rows:
        assert_row(
            row,
            type(key)("", None, None),
            door,
            scope_name=None,
            model="res.partner",
            outcome="denied",
        )
        assert row.reason
        assert caller.secret not in row.reason


@pytest.mark.parametrize(
    ("door", "method"),
    [
        ("xmlrpc", "authenticate"),
        ("xmlrpc", "login"),
        ("xmlrpc1", "login"),
        ("jsonrpc", "authenticate"),
    ],
)
def test_authentication(bench, key, stock_key, door, method):
    for caller in (key, stock_key, bench.password):
        with bench.logged() as rows:
            for _time in range(2):
                agent = [{}] if method == "authenticate" else []
                answer = bench.client(door, caller).service(
                    "common",
                    method,
                    bench.database,
                    caller.login,
                    caller.secret,
                    *agent,
                )
                assert answer.value == caller.uid
        assert len({row.call_ref for row in rows}) == 2
        for row in rows:
            assert_row(
                row,
                caller,
                door,
                model=None,
                method=method,
                outcome="allowed",
                reason=None,
            )
            assert row.duration_ms > 0


@pytest.mark.parametrize("door", RPC)
def test_refused_authentication(bench, key, door):
    """The login that came with it is not proven: it is in the reason, and nowhere else."""
    stranger = type(key)("no such password", "mallory@example.com", 1)
    with bench.logged() as rows:
        answer = bench.client(door, stranger).authenticate()
    assert answer.value is False
    [row] = rows
    assert_row(
        row,
        type(key)("", None, None),
        door,
        model=None,
        method="authenticate",
        outcome="denied",
    )
    assert stranger.login in row.reason
    assert stranger.secret not in row.reason


@pytest.mark.parametrize("door", RPC)
def test_a_wrong_secret_does_not_tell_who_exists(bench, key, door):
    """Nobody, the superuser and a user get the same answer."""
    answers = [
        bench.call(door, type(key)("0" * 40, "x", uid), "res.partner", "unlink", [1])
        for uid in (key.uid, 1, MISSING)
    ]
    assert {(answer.error_name, answer.message) for answer in answers} == {
        ("AccessDenied", answers[0].message)
    }


@pytest.mark.parametrize("door", RPC)
def test_a_key_authenticates_its_owner_only(bench, key, door):
    """A key under another's login says who its owner is, not who the other is."""
    with bench.logged() as rows:
        answer = bench.client(
            door, type(key)(key.secret, "admin", key.uid)
        ).authenticate()
    assert answer.value in (False, key.uid)
    [row] = rows
    assert_row(row, key, door, outcome="allowed" if answer.value else "denied")


# Transactions


@pytest.mark.parametrize("door", DOORS)
def test_a_method_that_commits_half_way(bench, key, door):
    name = f"half at {door}"
    with bench.logged() as rows:
        answer = bench.call(door, key, "probe.note", "commit_half_way", name=name)
    assert answer.value == 1, "the row is committed with what the call did before"
    [row] = rows
    assert_row(
        row,
        key,
        door,
        method="commit_half_way",
        outcome="allowed",
        reason=None,
        duration_ms=None,
    )
    assert bench.names_of_notes(name) == [f"{name}, first", f"{name}, second"]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("ending", "outcome"),
    [("UserError", "error"), ("RuntimeError", "error"), ("AccessError", "denied")],
)
def test_a_method_that_commits_half_way_and_fails(bench, key, door, ending, outcome):
    name = f"half {ending} at {door}"
    with bench.logged() as rows:
        answer = bench.call(
            door, key, "probe.note", "commit_half_way", name=name, ending=ending
        )
    assert_discreet(answer)
    first, second = rows
    assert first.call_ref == second.call_ref
    assert_row(
        first,
        key,
        door,
        method="commit_half_way",
        outcome="allowed",
        reason=None,
        duration_ms=None,
    )
    assert_row(second, key, door, method="commit_half_way", outcome=outcome)
    assert "in vain" in second.reason
    assert second.duration_ms > 0
    assert bench.names_of_notes(name) == [f"{name}, first"]


@pytest.mark.parametrize("door", ["json2", "xmlrpc", "jsonrpc"])
def test_a_call_that_is_tried_again(bench, key, door):
    """The first try meets a real serialization failure, made from outside its transaction."""
    [note] = bench.sql(
        "INSERT INTO probe_note (name, value) VALUES ('contested', 0) RETURNING id"
    )
    with bench.logged() as rows:
        answer = bench.call(door, key, "probe.note", "conflict_once", [note.id])
    assert answer.value == 2, "it was not tried again"
    [row] = rows
    assert_row(
        row,
        key,
        door,
        method="conflict_once",
        res_ids=str(note.id),
        outcome="allowed",
        reason=None,
    )
    assert row.duration_ms > 0


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("result", ["none", "pairs"])
def test_a_result_that_cannot_be_sent(bench, key, door, result):
    """The effect of an RPC call is committed before its answer is written: the log says both.

    XML-RPC has no None, and no transport has keys that are no texts. JSON-2 writes the answer inside of
    the transaction.
    """
    name = f"{result} at {door}"
    with bench.logged() as rows:
        answer = bench.call(
            door, key, "probe.note", f"note_and_return_{result}", name=name
        )
    assert len({row.call_ref for row in rows}) == 1
    if result == "none" and door in ("json2", "jsonrpc"):
        assert answer.ok
        assert [row.outcome for row in rows] == ["allowed"]
        assert bench.names_of_notes(name) == [name]
        return
    assert_discreet(answer)
    assert rows[-1].outcome == "error"
    assert rows[-1].reason
    effect = [] if door == "json2" else [name]
    assert bench.names_of_notes(name) == effect
    assert [row.outcome for row in rows[:-1]] == ["allowed"] * len(effect)
    for row in rows:
        assert_row(row, key, door, method=f"note_and_return_{result}")


# No record, no request


@pytest.mark.parametrize("how", ["renamed", "trigger"])
@pytest.mark.parametrize("door", DOORS)
def test_an_unwritable_log(bench, key, stock_key, door, how):
    callers = [key, stock_key] if door == "json2" else [key, stock_key, bench.password]
    name = f"off the record, {how}, at {door}"
    with bench.logged() as rows:
        with unwritable_log(bench, how):
            answers = [
                bench.call(
                    door, caller, "probe.note", "create", vals_list=[{"name": name}]
                )
                for caller in callers
            ]
            denied = bench.call(door, key, "res.partner", "unlink", [1])
        assert bench.call(door, key, "probe.note", "search_count", domain=[]).ok, (
            "it does not recover"
        )
    for answer in [*answers, denied]:
        assert answer.status == (503 if door == "json2" else 200)
        assert answer.error_name == "UserError"
        assert "call log cannot be written" in answer.message
    for answer in [*answers[:2], denied]:
        assert_discreet(answer)
    assert not bench.names_of_notes(name)
    assert [row.outcome for row in rows] == ["allowed"]


@pytest.mark.parametrize("door", RPC)
def test_an_unwritable_log_authenticates_nobody(bench, key, door):
    with unwritable_log(bench, "renamed"):
        assert bench.client(door, key).authenticate().value is False
        assert bench.client(door, bench.password).authenticate().value is False
    assert bench.client(door, key).authenticate().value == key.uid


def test_an_unwritable_log_and_a_commit_half_way(bench, key):
    """Nothing is committed before the row that tells of it."""
    for door in DOORS:
        with unwritable_log(bench, "trigger"):
            # The method itself counts rows, so the table must be there.
            answer = bench.call(
                door, key, "probe.note", "commit_half_way", name=f"dark at {door}"
            )
        assert (answer.ok, answer.error_name) == (False, "UserError")
        assert not bench.names_of_notes(f"dark at {door}")


# The row itself


@pytest.mark.parametrize("door", DOORS)
def test_many_ids_are_counted(bench, key, door):
    ids = list(range(MISSING, MISSING + 150))
    with bench.logged() as rows:
        bench.call(door, key, "res.partner", "unlink", ids)
    [row] = rows
    assert row.res_ids == ", ".join(map(str, ids[:100])) + " and 50 more"


def test_sessions_leave_no_row(bench):
    """The web client is not what this log is about."""
    with bench.logged() as rows:
        bench.admin.call("res.partner", "search_count", [])
        assert bench.admin.call("probe.note", "whose")["ref"] == ""
    assert rows == []
