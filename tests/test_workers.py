# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Several processes on one database: what one of them learns, all of them know."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from lab.cases import Rule
from lab.stage import DOORS

RPC = [door for door in DOORS if door != "json2"]
PARTNERS = {"model": "res.partner", "method": "search_count", "domain": []}
THREADS, CALLS = 8, 25


def allowed(bench, key, **call):
    """Whether a call is granted, at all doors alike."""
    granted = {bench.call(door, key, **call).error_name for door in DOORS}
    assert granted in ({None}, {"AccessError"}, {"AccessDenied"})
    return granted == {None}


def test_an_edited_rule(workers):
    """One worker takes the edit, and each call that comes after it is judged by it."""
    key = workers.scoped(Rule("res.partner", "r"))
    rule = workers.admin.find(
        "apikey.scope.rule", ["scope_id", "=", workers.scope_id(key)]
    )
    for grants in (True, False, True, False):
        workers.admin.call("apikey.scope.rule", "write", [rule], {"perm_read": grants})
        workers.until_all_served(
            lambda grants=grants: assert_allowed(workers, key, grants)
        )


def assert_allowed(workers, key, expected):
    assert allowed(workers, key, **PARTNERS) is expected


def test_an_edited_condition(workers):
    key = workers.scoped(Rule("res.partner", "r"))
    scope = workers.scope_id(key)
    for networks, expected in (
        ("", True),
        ("192.0.2.0/24", False),
        ("127.0.0.0/8", True),
    ):
        workers.admin.call("apikey.scope", "write", [scope], {"networks": networks})

        def check(expected=expected):
            for door in DOORS:
                assert workers.call(door, key, **PARTNERS).ok is expected

        workers.until_all_served(check)


def test_a_key_that_is_put_under_another_scope(workers):
    """And one whose scope is lifted."""
    key = workers.scoped(Rule("res.partner", "w"))
    other = workers.scoped(Rule("res.partner", "r"))
    workers.until_all_served(lambda: assert_allowed(workers, key, False))
    wizard = workers.admin.call(
        "apikey.limit.wizard",
        "create",
        [{"scope_id": workers.scope_id(other)}],
        context={"default_key_ids": [key.key_id]},
    )
    workers.admin.press("apikey.limit.wizard", "action_limit", wizard)
    workers.until_all_served(lambda: assert_allowed(workers, key, True))


def test_a_deleted_field_narrows(workers):
    """The list of fields is empty once its only field is gone: then it grants none, not all."""
    model = workers.admin.find("ir.model", ["model", "=", "probe.note"])
    values = {
        "name": "x_passing",
        "model_id": model,
        "ttype": "char",
        "state": "manual",
        "field_description": "Passing",
    }
    [field] = workers.admin.call("ir.model.fields", "create", [values])
    key = workers.scoped(Rule("probe.note", "r", fields=("x_passing",)))
    read = {
        "model": "probe.note",
        "method": "search_read",
        "domain": [],
        "fields": ["x_passing"],
    }
    workers.until_all_served(lambda: assert_grants(workers, key, read))
    workers.admin.call("ir.model.fields", "unlink", [field])
    named = {**read, "fields": ["name"]}

    def check():
        assert not allowed(workers, key, **named)

    workers.until_all_served(check)


def assert_grants(workers, key, call):
    assert allowed(workers, key, **call)


@pytest.mark.parametrize("kind", ["workers", "threads"])
def test_many_clients_at_once(request, kind):
    """Each call has its row, and each row its key."""
    server = request.getfixturevalue("workers" if kind == "workers" else "bench")
    callers = [
        server.scoped(Rule("probe.note", methods="whose")) for _number in range(3)
    ]
    callers += [
        server.scoped(Rule("res.partner", "r")),
        server.unscoped(),
        server.password,
    ]
    kinds = [
        (door, caller)
        for caller in callers
        for door in (DOORS if caller.key_id else RPC)
    ]

    def client(seed):
        random = Random(seed)
        made = []
        for _number in range(CALLS):
            door, caller = random.choice(kinds)
            made.append(
                (door, caller, server.call(door, caller, "probe.note", "whose"))
            )
        return made

    with server.logged() as rows, ThreadPoolExecutor(THREADS) as pool:
        made = [call for calls in pool.map(client, range(THREADS)) for call in calls]
    assert (
        len(made) == len(rows) == len({row.call_ref for row in rows}) == THREADS * CALLS
    )
    expected = Counter()
    for door, caller, answer in made:
        if caller is callers[3]:
            assert answer.error_name == "AccessError"
        else:
            ids = [caller.key_id] if caller.key_id else []
            assert (answer.value["current"], answer.value["stamped"]) == (ids, ids)
        expected[
            caller.key_id,
            caller.login,
            DOORS[door],
            "allowed" if answer.ok else "denied",
        ] += 1
    assert (
        Counter(
            (row.apikey_ref, row.user_login, row.transport, row.outcome) for row in rows
        )
        == expected
    )
    by_ref = {row.call_ref: row.apikey_ref for row in rows}
    for _door, caller, answer in made:
        if answer.ok:
            assert by_ref[answer.value["ref"]] == caller.key_id
    processes = {answer.value["pid"] for _door, _caller, answer in made if answer.ok}
    assert len(processes) == (2 if kind == "workers" else 1)


@pytest.mark.parametrize("door", DOORS)
def test_the_evented_server(workers, door):
    """It serves RPC, too, in a process that has greenlets and no worker."""
    url = f"http://127.0.0.1:{workers.server.evented_port}"
    key = workers.scoped(Rule("res.partner", "r"), networks="127.0.0.4")
    with workers.logged() as rows:
        for _time in range(2):
            assert workers.call(door, key, **PARTNERS, url=url, source="127.0.0.4").ok
            assert not workers.call(
                door, key, "res.partner", "unlink", [1], url=url, source="127.0.0.4"
            ).ok
            assert not workers.call(
                door, key, **PARTNERS, url=url, source="127.0.0.5"
            ).ok
    assert [(row.apikey_ref, row.outcome, row.remote_addr) for row in rows] == [
        (key.key_id, "allowed", "127.0.0.4"),
        (key.key_id, "denied", "127.0.0.4"),
        (key.key_id, "denied", "127.0.0.5"),
    ] * 2


def test_workers_share_no_connection_of_the_process_that_forked_them(
    server, make_bench, database, probe_path
):
    """It has used one: it installed an addon that brings a scope, which is on record.

    Odoo's pools use a connection again that has the same name. By default, it has the
    number of the process in it; here not.
    """
    started = server(
        database,
        workers=2,
        arguments=(probe_path, "--init=scoped_apikey_probe"),
        options={"db_app_name": "odoo"},
    )
    bench = make_bench(started, database)
    assert bench.sql("SELECT FROM apikey_history WHERE subject_name = 'Of a Probe'")
    backends = {}
    for _time in range(300):
        backends.update([bench.admin.call("probe.note", "backend")])
        if len(backends) == 2:
            break
    assert len(backends) == len(set(backends.values())) == 2
