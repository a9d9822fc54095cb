# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Before, during and after the addon: scoped keys never open more than they did."""

import json
import subprocess
import sys
import time

import pytest

from lab.cases import INVALID, NO_RULE, Call, Rule
from lab.config import write_config
from lab.home import REPO, folder
from lab.stage import DOORS
from lab.templates import LAUNCHER
from lab.web import WebError

ADDON = "scoped_apikey"
RPC = [door for door in DOORS if door != "json2"]
PARTNERS = {"model": "res.partner", "method": "search_count", "domain": []}
UNLINK = {"model": "res.partner", "method": "unlink", "ids": [999_999_999]}
REFUSED = Call("res.partner", "search_count", expect=INVALID)
NOT_GRANTED = Call("res.partner", "unlink", expect=NO_RULE)


def without_addon(lab) -> dict:
    """Options of a server that cannot find the addon."""
    addons_path = [path for path in lab.odoo.addons_path if path != REPO]
    return {
        "server_wide": False,
        "arguments": (f"--addons-path={','.join(map(str, addons_path))}",),
    }


def assert_stock(bench, caller, url=""):
    """It opens what stock Odoo opens, at every door."""
    for door in DOORS if caller.key_id else RPC:
        for _time in range(2):
            answer = bench.call(door, caller, **PARTNERS, url=url)
            assert answer.ok, (door, answer)
        if door != "json2":
            assert (
                bench.client(door, caller, url=url).authenticate().value == caller.uid
            )


def assert_opens_nothing(bench, caller, url=""):
    """It is refused at every door, as an unknown credential is."""
    for door in DOORS:
        for _time in range(2):
            answer = bench.call(door, caller, **PARTNERS, url=url)
            assert REFUSED.is_met_by(DOORS[door], answer), (door, answer)
        if door != "json2":
            assert bench.client(door, caller, url=url).authenticate().value is False


def assert_scoped(bench, key, url=""):
    """It is judged by its scope."""
    for door in DOORS:
        assert bench.call(door, key, **PARTNERS, url=url).ok
        assert NOT_GRANTED.is_met_by(
            DOORS[door], bench.call(door, key, **UNLINK, url=url)
        )


def set_module(bench, button):
    """Install or uninstall the addon, with the button that an administrator presses.

    PostgreSQL's own upkeep of the table of modules makes Odoo ask him to try again.
    """
    module = bench.admin.find("ir.module.module", ["name", "=", ADDON])
    deadline = time.monotonic() + 30
    while True:
        try:
            bench.admin.press("ir.module.module", button, [module])
            return
        except WebError as error:
            if (
                "Please try again later" not in str(error)
                or time.monotonic() > deadline
            ):
                raise


def all_rows(bench, table):
    return [
        json.dumps(vars(row), default=str)
        for row in bench.sql(f"SELECT * FROM {table} ORDER BY id")
    ]


# Where the addon is not


def test_starting_without_the_addon(lab, server, make_bench, database):
    """The database has it, and the process does not find it."""
    first = server(database)
    bench = make_bench(first, database)
    scoped, stock = bench.scoped(Rule("res.partner", "r")), bench.unscoped()
    assert_scoped(bench, scoped)
    first.stop()
    rows = all_rows(bench, "apikey_call")
    url = server(database, **without_addon(lab)).url
    assert_stock(bench, stock, url)
    assert_stock(bench, bench.password, url)
    assert_opens_nothing(bench, scoped, url)
    assert all_rows(bench, "apikey_call") == rows


def test_uninstalling_and_installing_again(lab, server, make_bench, database):
    """Odoo uninstalls no addon that is loaded server-wide: that has to end first."""
    first = server(database, server_wide=False)
    bench = make_bench(first, database)
    scoped, stock = bench.scoped(Rule("res.partner", "r")), bench.unscoped()
    assert_scoped(bench, scoped)
    assert_stock(bench, stock)
    calls, history = all_rows(bench, "apikey_call"), all_rows(bench, "apikey_history")
    assert calls and history

    set_module(bench, "button_immediate_uninstall")
    with pytest.raises(WebError):
        bench.admin.call("apikey.scope", "search_count", [])
    assert_stock(bench, stock)
    assert_stock(bench, bench.password)
    assert_opens_nothing(bench, scoped)
    url = server(database, **without_addon(lab)).url
    assert_stock(bench, stock, url)
    assert_opens_nothing(bench, scoped, url)
    assert all_rows(bench, "apikey_call") == calls
    assert all_rows(bench, "apikey_history")[: len(history)] == history

    set_module(bench, "button_immediate_install")
    assert_stock(bench, stock)
    assert_opens_nothing(bench, scoped)
    # Ids begin anew: a scope may get the id that the old key's had.
    new = [bench.scoped(Rule("res.partner", "r")) for _number in range(3)]
    for key in new:
        assert_scoped(bench, key)
    assert_opens_nothing(bench, scoped)
    assert all_rows(bench, "apikey_call")[: len(calls)] == calls


@pytest.mark.parametrize("choice", ["move", "delete"])
def test_uninstalling_with_a_choice(server, make_bench, database, choice):
    """The administrator moves the logs to a schema, or deletes them."""
    bench = make_bench(server(database, server_wide=False), database)
    scoped = bench.scoped(Rule("res.partner", "r"))
    assert_scoped(bench, scoped)
    calls = all_rows(bench, "apikey_call")
    module = bench.admin.find("ir.module.module", ["name", "=", ADDON])
    action = bench.admin.press("ir.module.module", "button_uninstall_wizard", [module])
    values = {"module_ids": [[6, 0, [module]]], "apikey_logs": choice}
    wizards = action["res_model"]
    if choice == "delete":
        [wizard] = bench.admin.call(wizards, "create", [values])
        with pytest.raises(WebError, match="destroys evidence"):
            bench.admin.press(wizards, "action_uninstall", [wizard])
        values["apikey_logs_confirmed"] = True
    [wizard] = bench.admin.call(wizards, "create", [values])
    bench.admin.press(wizards, "action_uninstall", [wizard])
    assert_opens_nothing(bench, scoped)
    tables = bench.sql(
        "SELECT schemaname AS schema, tablename AS name FROM pg_tables"
        " WHERE tablename ~ '^apikey_(call|history)'"
    )
    assert {table.schema for table in tables} == (
        {"apikey_archive"} if choice == "move" else set()
    )
    if choice == "move":
        assert all_rows(bench, "apikey_archive.apikey_call") == calls
    assert not bench.sql(
        "SELECT FROM ir_config_parameter WHERE key ~ 'logs_at_uninstall'"
    )

    set_module(bench, "button_immediate_install")
    assert all_rows(bench, "apikey_call") == []
    assert_scoped(bench, bench.scoped(Rule("res.partner", "r")))


def test_what_is_loaded_server_wide_is_not_uninstalled(bench):
    with pytest.raises(WebError, match="cannot be uninstalled: scoped_apikey"):
        set_module(bench, "button_immediate_uninstall")


def test_neutralizing(lab, server, make_bench, database):
    """A copy of production does not answer to production's keys, from the next call on."""
    running = server(database)
    bench = make_bench(running, database)
    scoped, stock = bench.scoped(Rule("res.partner", "r")), bench.unscoped()
    assert_scoped(bench, scoped)
    config = write_config(lab.odoo, folder("run", f"neutralize-{database}"))
    command = [
        sys.executable,
        LAUNCHER,
        "neutralize",
        f"--config={config}",
        f"--database={database}",
    ]
    subprocess.run(command, check=True, capture_output=True)
    with bench.logged() as rows:
        assert_opens_nothing(bench, scoped)
    assert {(row.apikey_ref, row.outcome) for row in rows} == {
        (scoped.key_id, "denied")
    }
    assert_stock(bench, stock)
    bench.admin.press("res.users.apikeys", "action_resume", [scoped.key_id])
    assert_scoped(bench, scoped)


# Where it is


def test_lifting_a_scope(bench):
    key = bench.scoped(Rule("res.partner", "r"))
    assert_scoped(bench, key)
    bench.admin.press("res.users.apikeys", "action_lift", [key.key_id])
    assert_stock(bench, key)
    for door in DOORS:
        assert bench.call(door, key, "crm.lead", "search_count", domain=[]).ok
    *_earlier, row = bench.sql(
        "SELECT * FROM apikey_history WHERE subject = 'key' AND subject_ref = %s ORDER BY id",
        key.key_id,
    )
    assert (row.event, row.subject_name, row.actor_login, row.remote_addr) == (
        "lifted",
        key.name,
        "admin",
        "127.0.0.1",
    )
    before, after = json.loads(row.before), json.loads(row.after)
    assert before["scope"].startswith(key.name)
    assert (after["scope"], after["stock_scope"]) == (None, "rpc")
    with bench.logged() as rows:
        assert bench.call("json2", key, **PARTNERS).ok
    assert [(row.apikey_ref, row.scope_name, row.outcome) for row in rows] == [
        (key.key_id, None, "allowed")
    ]


def test_a_scope_in_use_cannot_be_deleted(bench):
    key = bench.scoped(Rule("res.partner", "r"))
    scope = bench.scope_id(key)
    with pytest.raises(WebError, match="in use"):
        bench.admin.call("apikey.scope", "unlink", [scope])
    assert_scoped(bench, key)
    bench.admin.press("res.users.apikeys", "remove", [key.key_id])
    assert bench.admin.call("apikey.scope", "unlink", [scope])
    assert_opens_nothing(bench, key)


# Observing


@pytest.fixture
def observed(bench):
    """A key whose scope grants little, and only observes."""
    key = bench.scoped(Rule("res.partner", "r"))
    bench.admin.call(
        "apikey.scope", "write", [bench.scope_id(key)], {"mode": "observe"}
    )
    return key


@pytest.mark.parametrize("door", DOORS)
def test_observing_grants(bench, observed, door):
    """What no rule grants is done, and logged as what would have been refused."""
    name = f"observed at {door} {observed.key_id}"
    with bench.logged() as rows:
        assert bench.call(door, observed, **PARTNERS).ok
        created = bench.call(
            door, observed, "probe.note", "create", vals_list=[{"name": name}]
        )
        assert bench.call(door, observed, "probe.note", "whose").value["current"] == [
            observed.key_id
        ]
    assert created.ok
    assert bench.names_of_notes(name) == [name]
    assert [(row.apikey_ref, row.outcome) for row in rows] == [
        (observed.key_id, outcome) for outcome in ("allowed", "observed", "observed")
    ]
    assert rows[0].reason is None
    assert "no rule grants create on Note of a Probe (probe.note)" in rows[1].reason
    assert "no rule grants the method whose" in rows[2].reason
    assert all(row.duration_ms > 0 for row in rows)


@pytest.mark.parametrize("door", DOORS)
def test_observing_conditions(bench, observed, door):
    scope = bench.scope_id(observed)
    never = [[0, 0, {"dayofweek": "0", "hour_from": 1, "hour_to": 1.01}]]
    for values, says in (
        ({"networks": "192.0.2.1"}, "not accepted from 127.0.0.1"),
        ({"networks": False, "window_ids": never}, "outside the hours"),
    ):
        bench.admin.call("apikey.scope", "write", [scope], values)
        with bench.logged() as rows:
            assert bench.call(door, observed, source="127.0.0.1", **PARTNERS).ok
            if door != "json2":
                client = bench.client(door, observed, source="127.0.0.1")
                assert client.authenticate().value == observed.uid
        assert {row.outcome for row in rows} == {"observed"}
        assert all(says in row.reason for row in rows)


@pytest.mark.parametrize("door", DOORS)
def test_a_failure_while_observing(bench, observed, door):
    with bench.logged() as rows:
        assert not bench.call(
            door, observed, "probe.note", "note_and_raise", name="x", ending="UserError"
        ).ok
    assert [row.outcome for row in rows] == ["error"]


def test_observing_lets_no_invalid_key_in(bench, observed):
    bench.admin.press("res.users.apikeys", "action_suspend", [observed.key_id])
    assert_opens_nothing(bench, observed)
    bench.admin.press("res.users.apikeys", "action_resume", [observed.key_id])
    assert bench.call("json2", observed, **PARTNERS).ok
    bench.sql(
        "UPDATE res_users_apikeys SET expiration_date = '2020-01-01' WHERE id = %s",
        observed.key_id,
    )
    assert_opens_nothing(bench, observed)


@pytest.mark.parametrize("door", DOORS)
def test_observing_protects_keys_scopes_and_logs(bench, observed, door):
    """The user is an administrator, and may do all of this without a scope."""
    scope = bench.scope_id(observed)
    attempts = [
        ("apikey.scope", "write", [scope], {"vals": {"mode": "observe"}}),
        ("apikey.scope", "search_read", None, {"domain": []}),
        (
            "apikey.scope.rule",
            "create",
            None,
            {"vals_list": [{"scope_id": scope, "any_model": True, "perm_read": True}]},
        ),
        ("res.users.apikeys", "action_lift", [observed.key_id], {}),
        ("res.users.apikeys", "remove", [observed.key_id], {}),
        ("apikey.call", "unlink", [1], {}),
        (
            "res.users.apikeys.description",
            "create",
            None,
            {"vals_list": [{"name": "wider", "duration": "1"}]},
        ),
    ]
    keys = bench.sql("SELECT * FROM res_users_apikeys ORDER BY id")
    with bench.logged() as rows:
        for model, method, ids, kwargs in attempts:
            answer = bench.call(door, observed, model, method, ids, **kwargs)
            assert answer.error_name == "AccessError", (model, method, answer)
    assert [(row.apikey_ref, row.model, row.outcome) for row in rows] == [
        (observed.key_id, model, "denied") for model, *_rest in attempts
    ]
    assert bench.sql("SELECT * FROM res_users_apikeys ORDER BY id") == keys
