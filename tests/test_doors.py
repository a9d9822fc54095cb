# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes and doors of another module, and calls inside a call, by real clients."""

import http.client
import json
from urllib.parse import quote, urlsplit

import pytest

from lab.cases import Rule
from lab.stage import DOORS


@pytest.fixture(scope="module")
def ask(bench):
    """``ask(caller, path, *steps, **options)`` calls a route of the probe.

    :return: the status, what each step did, and the rows of the log
    """

    def ask(caller, path, *steps, method="GET", header=None, query="", body=None):
        parts = urlsplit(bench.server.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        name = header or "Authorization"
        secret = caller.secret if header else f"Bearer {caller.secret}"
        headers = {name: secret, "X-Odoo-Database": bench.database}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = f"{path}?steps={quote(json.dumps(steps))}{query}"
        with bench.logged() as rows:
            connection.request(method, url, body=body, headers=headers)
            response = connection.getresponse()
            text = response.read().decode()
        connection.close()
        try:
            answer = json.loads(text)
        except ValueError:
            answer = text
        return response.status, answer, rows

    return ask


def named(bench, *rules, routes="/probe", **values):
    """A key whose scope names routes."""
    key = bench.scoped(*rules)
    values = {"routes": routes, **values}
    bench.admin.call("apikey.scope", "write", [bench.scope_id(key)], values)
    return key


READ = ("call", "res.country", "search_count", [], [["code", "=", "NL"]])
ENTRANCES = {
    "/probe/bearer/x": None,
    "/probe/readonly/x": None,
    "/probe/door/x": "X-Probe-Key",
}


@pytest.mark.parametrize(("path", "header"), ENTRANCES.items())
def test_refused_unless_named(bench, ask, path, header):
    for routes in ("", "/probe/bear", "/probe/other", "/x/probe"):
        key = named(bench, Rule("res.country", "r"), routes=routes)
        status, answer, [row] = ask(key, path, READ, header=header)
        assert status in (400, 403), answer
        assert (row.transport, row.outcome) == ("http", "denied")
        assert (row.apikey_ref, row.method) == (key.key_id, path)


@pytest.mark.parametrize(("path", "header"), ENTRANCES.items())
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD"])
def test_held_where_it_is_named(bench, ask, path, header, method):
    key = named(bench, Rule("res.country", "r", fields=("name", "code")))
    if path == "/probe/readonly/x" and method in ("POST", "PUT"):
        return  # Odoo asks a browser's token there, from everybody
    country = bench.admin.ref("base.nl")
    status, answer, [row] = ask(
        key,
        path,
        READ,
        ("call", "res.country", "read", [country], ["name"]),
        ("call", "res.country", "read", [country], ["phone_code"]),
        ("attribute", "res.country", [country], "code"),
        ("attribute", "res.country", [country], "phone_code"),
        ("call", "res.country", "write", [country], {"name": "x"}),
        ("call", "res.partner", "search", [], []),
        ("call", "ir.config_parameter", "search", [], []),
        ("call", "res.users", "read", [bench.stage.uid], ["login"]),
        ("superuser", "res.partner", "search_count", [], []),
        method=method,
        header=header,
    )
    assert status == 200, answer
    assert (row.transport, row.outcome) == ("http", "allowed")
    assert (row.apikey_ref, row.method, row.user_ref) == (key.key_id, path, key.uid)
    if method == "HEAD":
        return
    count, name, phone, code, phone_attribute, *refused, superuser = answer["done"]
    assert answer["uid"] == key.uid
    assert (count, name[0]["name"], code) == (1, "Netherlands", "NL")
    for step in (phone, phone_attribute, *refused):
        assert "may not call" in step["refused"], step
    assert superuser > 0


def test_the_whole_request_is_refused(bench, ask):
    """What the route does not catch is the answer, and in the log."""
    key = named(bench, routes="/probe/bearer")
    status, answer, [row] = ask(key, "/probe/bearer/x", ("nested", "a", "b", [], {}))
    assert status in (403, 500)
    assert row.outcome in ("denied", "error")


def test_json_rpc_of_a_route(bench, ask):
    key = named(bench, Rule("res.country", "r"))
    steps = [READ, ("call", "res.partner", "search", [], [])]
    body = json.dumps({"jsonrpc": "2.0", "params": {"steps": steps}})
    status, answer, [row] = ask(key, "/probe/json/x", method="POST", body=body)
    assert status == 200
    count, refused = answer["result"]["done"]
    assert count == 1
    assert "may not call" in refused["refused"]
    assert row.outcome == "allowed"


def test_nested_calls_of_a_route(bench, ask):
    key = named(
        bench,
        Rule("res.country", "r"),
        Rule("probe.note", methods="call_inside(model, method, args, kwargs)"),
    )
    status, answer, [row] = ask(
        key,
        "/probe/bearer/x",
        ("nested", "res.country", "search_count", [[]], {}),
        ("nested", "res.partner", "search_count", [[]], {}),
        ("nested", "res.country", "onchange", [[], {}, [], {}], {}),
    )
    count, partners, onchange = answer["done"]
    assert count > 100
    assert "may not call res.partner.search_count" in partners["refused"]
    assert "may not call res.country.onchange" in onchange["refused"]
    assert (row.outcome, row.method) == ("allowed", "/probe/bearer/x")


def test_companies_of_a_route(bench, ask):
    [near] = bench.admin.call("res.company", "create", [{"name": "Near the probe"}])
    uid = bench.stage.uid
    home = bench.admin.call("res.users", "read", [uid], ["company_id"])[0]["company_id"]
    bench.admin.call("res.users", "write", [uid], {"company_ids": [[4, near]]})
    try:
        limited = {"limit_companies": True, "company_ids": [[6, 0, [near]]]}
        key = named(bench, **limited)
        _status, answer, _rows = ask(key, "/probe/bearer/x", ("companies",))
        assert answer["done"] == [[[near], near]]
        key = named(bench, limit_companies=True)
        status, answer, [row] = ask(key, "/probe/bearer/x", ("companies",))
        assert (status, row.outcome) == (403, "denied")
        assert "no company in common" in row.reason
        key = named(bench)
        _status, answer, _rows = ask(key, "/probe/bearer/x", ("companies",))
        assert sorted(answer["done"][0][0]) == sorted([home[0], near])
    finally:
        bench.admin.call("res.users", "write", [uid], {"company_ids": [[3, near]]})


@pytest.mark.parametrize(("path", "header"), ENTRANCES.items())
def test_conditions(bench, ask, path, header):
    key = named(bench, Rule("res.country", "r"), networks="192.0.2.0/24")
    status, answer, [row] = ask(key, path, READ, header=header)
    assert status == 403, answer
    assert "in none of its networks" in row.reason
    bench.admin.call("apikey.scope", "write", [bench.scope_id(key)], {"networks": ""})
    assert ask(key, path, READ, header=header)[0] == 200
    bench.stage.press(key.name, "action_suspend")
    status, answer, [row] = ask(key, path, READ, header=header)
    assert status in (400, 401), answer
    assert (row.outcome, row.reason) == ("denied", "The key is suspended.")


def test_a_controller_that_checks_a_key_by_itself(bench, ask):
    """It is too late to be walled in: refused, though its route is named."""
    key = named(bench)
    query = f"&key={key.secret}"
    status, answer, [row] = ask(key, "/probe/public/x", header="X-Nothing", query=query)
    assert (status, answer) == (200, None)
    assert (row.outcome, row.reason) == ("denied", "The key is not accepted here.")


def test_observing(bench, ask):
    key = named(bench, mode="observe")
    country = bench.admin.ref("base.nl")
    step = ("call", "res.country", "read", [country], ["name"])
    status, answer, [row] = ask(key, "/probe/bearer/x", step)
    assert answer["done"][0][0]["name"] == "Netherlands"
    assert row.outcome == "observed"
    assert "no rule grants read on Country" in row.reason


def test_unscoped_keys_are_stock(bench, ask):
    key = bench.unscoped()
    step = ("call", "ir.config_parameter", "search_count", [], [])
    status, answer, [row] = ask(key, "/probe/bearer/x", step)
    assert (status, row.outcome) == (200, "allowed")
    assert answer["done"][0] > 0


@pytest.mark.parametrize("door", DOORS)
def test_services_inside_a_call(bench, door):
    """Each is a call of its own, with its own row; then the call from outside goes on."""
    outer = bench.scoped(Rule("probe.note", methods="dispatch_inside(calls)"))
    inner = bench.scoped(Rule("res.country", "r"))
    database, uid = bench.database, inner.uid
    execute = [database, uid, inner.secret, "res.country"]
    calls = [
        ["common", "authenticate", [database, inner.login, inner.secret, {}]],
        ["object", "execute_kw", [*execute, "search_count", [[["code", "=", "NL"]]]]],
        ["object", "execute_kw", [*execute, "unlink", [[1]]]],
        ["common", "authenticate", [database, inner.login, "wrong", {}]],
    ]
    with bench.logged() as rows:
        answer = bench.call(door, outer, "probe.note", "dispatch_inside", calls=calls)
    assert answer.ok, answer
    *answers, whose = answer.value
    assert answers == [uid, 1, "AccessError", False]
    assert (whose["current"], whose["stamped"]) == ([outer.key_id], [outer.key_id])
    assert [(row.apikey_ref, row.method, row.outcome) for row in rows] == [
        (inner.key_id, "authenticate", "allowed"),
        (inner.key_id, "search_count", "allowed"),
        (inner.key_id, "unlink", "denied"),
        (None, "authenticate", "denied"),
        (outer.key_id, "dispatch_inside", "allowed"),
    ]
    assert rows[-1].call_ref == whose["ref"]


@pytest.mark.parametrize("door", DOORS)
def test_calls_inside_a_method(bench, door):
    key = bench.scoped(
        Rule("probe.note", "c", methods="call_inside(model, method, args, kwargs)"),
        Rule("res.country", "r"),
    )

    def inside(model, method, *args):
        given = {"model": model, "method": method, "args": [*args], "kwargs": {}}
        client = bench.client(door, key)
        return client.call("probe.note", "call_inside", None, (), given)

    assert inside("res.country", "search_count", [["code", "=", "NL"]]).value == 1
    refused = inside("res.partner", "search_count", [])
    assert refused.error_name == "AccessError"
    assert "may not call res.partner.search_count" in refused.message
    refused = inside("probe.note", "search_count", [])
    assert refused.error_name == "AccessError"
