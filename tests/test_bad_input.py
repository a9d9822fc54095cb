# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whatever is sent, it is answered without a traceback, leaves one row, and harms nothing."""

import http.client
import json
import re
import xmlrpc.client
from dataclasses import replace
from xml.sax.saxutils import escape

import pytest

from lab.cases import Rule
from lab.stage import DOORS

TRACE = re.compile(r'Traceback \(most recent call last\)|File "[^"]*", line \d+')
BIG = "x" * 5_000_000
HUGE = 10**30
NUL = "a\0b"
LOGGED_TEXT = 2000  # characters of a text that the log keeps


@pytest.fixture(scope="module")
def key(bench):
    return bench.scoped(
        Rule("*", "r"),
        Rule("probe.note", "rwcd", methods="note_and_raise, conflict_once"),
        name="bad input",
    )


@pytest.fixture(scope="module")
def stock_key(bench):
    return bench.unscoped()


@pytest.fixture(autouse=True)
def unharmed(bench, key):
    """After each test the server serves as before, and its log has no traceback of ours."""
    size = bench.server.log.stat().st_size
    yield
    assert bench.call("json2", key, "res.partner", "search_count", domain=[]).ok
    assert bench.call("xmlrpc", key, "res.partner", "search_count", domain=[]).ok
    with bench.server.log.open("rb") as log:
        log.seek(size)
        text = log.read().decode(errors="replace")
    assert "could not be decided" not in text
    for trace in tracebacks(text):
        assert "/scoped_apikey/" not in trace.rpartition('  File "')[2], trace


def tracebacks(text) -> list:
    return re.findall(r"Traceback \(most recent call last\):\n(?:[ \t].*\n)+.*", text)


def post(bench, path, body, content_type="application/json", **headers):
    """:return: status and text"""
    connection = http.client.HTTPConnection(
        "127.0.0.1",
        bench.server.port,
        timeout=120,
        source_address=(bench.an_address(), 0),
    )
    try:
        connection.request(
            "POST", path, body, {"Content-Type": content_type, **headers}
        )
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def assert_refused_cleanly(
    bench, path, body, content_type="application/json", calls=1, **headers
):
    """It is refused without a traceback, and leaves a row that no key is blamed for."""
    with bench.logged() as rows:
        status, text = post(bench, path, body, content_type, **headers)
    assert not TRACE.search(text), text[:2000]
    if content_type == "text/xml" and status == 200:
        with pytest.raises(xmlrpc.client.Fault):
            xmlrpc.client.loads(text)
    elif status == 200:
        error = json.loads(text)["error"]
        assert not error["data"]["debug"]
    else:
        assert 400 <= status < 600
        if text.startswith("{"):
            assert not json.loads(text).get("debug")
    assert len(rows) == calls, [vars(row) for row in rows]
    for row in rows:
        assert row.outcome in ("denied", "error")
        assert row.reason
    return rows


# Bodies that are no calls


def rpc_arguments(bench, key, **changed):
    """The arguments of ``execute_kw``, some of them changed."""
    arguments = {
        "db": bench.database,
        "uid": key.uid,
        "secret": key.secret,
        "model": "res.partner",
        "method": "search_count",
        "args": [[]],
        "kwargs": {},
    }
    return list({**arguments, **changed}.values())


def xml(*arguments, method="execute_kw") -> bytes:
    return xmlrpc.client.dumps(arguments, method, allow_none=True).encode()


XML_OF_ONE = (
    b"<methodCall><methodName>execute_kw</methodName><params><param><value>"
    b"%s</value></param></params></methodCall>"
)
NO_XML = {
    "nothing": b"",
    "a word": b"hello",
    "JSON": b'{"a": 1}',
    "cut off": b"<?xml version='1.0'?><methodCall><methodName>execute_kw</methodName><params><param>",
    "another document": b"<html><body>hello</body></html>",
    "no method": b"<methodCall><params></params></methodCall>",
    "no parameters": b"<methodCall><methodName>execute_kw</methodName></methodCall>",
    "an unknown type": XML_OF_ONE % b"<thing>1</thing>",
    "no number": XML_OF_ONE % b"<int>one</int>",
    "invalid UTF-8": XML_OF_ONE % b"<string>\xff\xfe</string>",
    "an unknown encoding": b"<?xml version='1.0' encoding='klingon'?><methodCall/>",
    "NUL": XML_OF_ONE % b"<string>a\0b</string>",
    "10,000 levels": b"<methodCall><methodName>execute_kw</methodName><params><param>"
    + b"<value><array><data>" * 10_000
    + b"</data></array></value>" * 10_000
    + b"</param></params></methodCall>",
    "entities that multiply": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY a 'xxxxxxxxxx'>"
    + b"".join(
        b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
    )
    + b"]><methodCall><methodName>&j;</methodName></methodCall>",
}


@pytest.mark.parametrize(
    "path", ["/xmlrpc/2/object", "/xmlrpc/object", "/xmlrpc/2/common"]
)
@pytest.mark.parametrize("name", NO_XML)
def test_no_xml(bench, name, path):
    [row] = assert_refused_cleanly(bench, path, NO_XML[name], "text/xml")
    assert row.transport == "xmlrpc"


NO_JSON = {
    "nothing": b"",
    "a word": b"hello",
    "a list": b"[1, 2]",
    "a number": b"17",
    "null": b"null",
    "a text": b'"hello"',
    "parameters in a list": b'{"params": [1, 2]}',
    "parameters in a text": b'{"params": "hello"}',
    "no parameters": b"{}",
    "too few parameters": b'{"params": {"service": "object"}}',
    "too many parameters": b'{"params": {"service": "object", "method": "execute_kw", "args": [], "more": 1}}',
    "an unknown service": b'{"params": {"service": "nothing", "method": "execute_kw", "args": []}}',
    "a service in a list": b'{"params": {"service": ["object"], "method": "execute_kw", "args": []}}',
    "arguments in an object": b'{"params": {"service": "object", "method": "execute_kw", "args": {"a": 1}}}',
    "arguments in a number": b'{"params": {"service": "object", "method": "execute_kw", "args": 1}}',
    "no arguments": b'{"params": {"service": "object", "method": "execute_kw", "args": []}}',
    "null arguments": b'{"params": {"service": "object", "method": "execute_kw", "args": null}}',
    "invalid UTF-8": b'{"params": {"service": "\xff\xfe"}}',
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
    "100,000 levels of arguments": b'{"params": {"service": "object", "method": "execute_kw", "args": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}}",
    "a number of 100,000 digits": b'{"params": {"service": "object", "method": "execute_kw", "args": ['
    + b"9" * 100_000
    + b"]}}",
}


@pytest.mark.parametrize("name", NO_JSON)
def test_no_json(bench, name):
    [row] = assert_refused_cleanly(bench, "/jsonrpc", NO_JSON[name])
    assert row.transport == "jsonrpc"


NO_JSON_2 = {
    "a word": b"hello",
    "invalid UTF-8": b'{"domain": "\xff"}',
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
    "100,000 levels of a domain": b'{"domain": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "a number of 100,000 digits": b'{"limit": ' + b"9" * 100_000 + b"}",
    "a name that is none": b'{"": 1}',
    "a name that is private": b'{"self": 1}',
    "a name of the route": b'{"__model__": "res.users", "__method__": "unlink", "no_such_argument": 1}',
}


@pytest.mark.parametrize("name", NO_JSON_2)
def test_no_json_2(bench, key, name):
    [row] = assert_refused_cleanly(
        bench,
        "/json/2/res.partner/search_count",
        NO_JSON_2[name],
        Authorization=f"bearer {key.secret}",
    )
    assert (row.transport, row.apikey_ref, row.model, row.method) == (
        "json2",
        key.key_id,
        "res.partner",
        "search_count",
    )


@pytest.mark.parametrize("body", [b"[1, 2]", b'"hello"', b"17", b"null", b""])
def test_json_2_without_an_object(bench, key, body):
    """Odoo takes such a body for no arguments at all."""
    with bench.logged() as rows:
        status, text = post(
            bench,
            "/json/2/res.partner/fields_get",
            body,
            Authorization=f"bearer {key.secret}",
        )
    assert status == 200
    assert "display_name" in json.loads(text)
    [row] = rows
    assert (row.apikey_ref, row.outcome) == (key.key_id, "allowed")


ARGUMENTS = {
    "uid": ["two", [2], {"a": 2}, None, HUGE, 2.5, NUL, ""],
    "secret": [None, 17, ["a"], {"a": 1}, "", NUL, "\ud800", BIG, True],
    "model": [None, 17, ["res.partner"], {"a": 1}, "", NUL, "no.such.model", BIG],
    "method": [
        None,
        17,
        ["search"],
        {"a": 1},
        "",
        NUL,
        "_search",
        "__init__",
        "no_such_method",
        BIG,
    ],
    "args": [None, 17, "text", {"a": 1}, [[["name", "=", NUL]]], [1, 2, 3, 4, 5, 6, 7]],
    "kwargs": [
        17,
        "text",
        [1],
        {"no_such_argument": 1},
        {"context": 17},
        {"context": [["lang", "x"]]},
        {"context": {"lang": 17}},
    ],
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_of_rpc(bench, key, name):
    """Wrong types at each place, as JSON has them."""
    for value in ARGUMENTS[name]:
        arguments = rpc_arguments(bench, key, **{name: value})
        body = json.dumps(
            {"params": {"service": "object", "method": "execute_kw", "args": arguments}}
        ).encode()
        [row] = assert_refused_cleanly(bench, "/jsonrpc", body)
        for text in (row.model, row.method, row.reason):
            assert len(text or "") <= LOGGED_TEXT
            assert "\0" not in (text or "")


@pytest.mark.parametrize("value", [None, 17, ["a"], {"a": 1}, "", NUL, BIG, "\ud800"])
def test_a_database_that_is_none(bench, key, value):
    """A call of no database is of none of ours: Odoo's own answer will do, and the server lives."""
    arguments = rpc_arguments(bench, key, db=value)
    body = json.dumps(
        {"params": {"service": "object", "method": "execute_kw", "args": arguments}}
    ).encode()
    with bench.logged() as rows:
        status, text = post(bench, "/jsonrpc", body)
    assert status in (200, 500)
    assert '"result"' not in text
    assert len(rows) <= 1
    assert {row.outcome for row in rows} <= {"denied", "error"}


@pytest.mark.parametrize(
    "method", ["nothing", "", "__init__", "execute_cr", None, 17, ["execute"]]
)
def test_a_service_has_no_such_method(bench, key, method):
    arguments = rpc_arguments(bench, key)
    for service in ("object", "common"):
        body = json.dumps(
            {"params": {"service": service, "method": method, "args": arguments}}
        ).encode()
        status, text = post(bench, "/jsonrpc", body)
        assert status == 200
        assert "error" in json.loads(text)
        if service == "object":
            assert not TRACE.search(text), text[:2000]


@pytest.mark.parametrize("name", ["uid", "secret", "model", "method", "args", "kwargs"])
def test_arguments_of_xml(bench, key, name):
    for value in ARGUMENTS[name]:
        if value in (HUGE, NUL, "\ud800") or "\\u0000" in json.dumps(value):
            continue  # XML has no such thing
        for path in ("/xmlrpc/2/object", "/xmlrpc/object"):
            assert_refused_cleanly(
                bench,
                path,
                xml(*rpc_arguments(bench, key, **{name: value})),
                "text/xml",
            )


def test_a_huge_number_in_xml(bench, key):
    body = xml(*rpc_arguments(bench, key, uid=424242)).replace(
        b"424242", str(HUGE).encode()
    )
    assert_refused_cleanly(bench, "/xmlrpc/2/object", body, "text/xml")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 8, 20])
def test_too_few_or_too_many_arguments(bench, key, count):
    arguments = (rpc_arguments(bench, key) + [1] * 20)[:count]
    assert_refused_cleanly(bench, "/xmlrpc/2/object", xml(*arguments), "text/xml")
    body = {"params": {"service": "object", "method": "execute_kw", "args": arguments}}
    assert_refused_cleanly(bench, "/jsonrpc", json.dumps(body).encode())


@pytest.mark.parametrize("login", [None, 17, ["a"], NUL, BIG, "\ud800", "' OR 1=1 --"])
@pytest.mark.parametrize("password", ["x", None, 17, NUL])
def test_authenticating_with_anything(bench, login, password):
    args = [bench.database, login, password, {}]
    body = json.dumps(
        {"params": {"service": "common", "method": "authenticate", "args": args}}
    )
    with bench.logged() as rows:
        status, text = post(bench, "/jsonrpc", body)
    assert status == 200
    answer = json.loads(text)
    assert answer.get("result") is False or not answer["error"]["data"]["debug"]
    assert not TRACE.search(text)
    [row] = rows
    assert (row.method, row.apikey_ref, row.user_login) == ("authenticate", None, None)
    assert row.outcome in ("denied", "error")
    assert len(row.reason) <= LOGGED_TEXT


def test_execute_without_keywords(bench, key):
    """The elder sister of ``execute_kw`` is under the scope, too."""
    arguments = rpc_arguments(bench, key)[:5]
    with bench.logged() as rows:
        client = bench.client("xmlrpc", key)
        assert client.service("object", "execute", *arguments, []).ok
        arguments[4] = "unlink"
        assert (
            client.service("object", "execute", *arguments, [1]).error_name
            == "AccessError"
        )
    assert [(row.apikey_ref, row.method, row.outcome) for row in rows] == [
        (key.key_id, "search_count", "allowed"),
        (key.key_id, "unlink", "denied"),
    ]


# Calls that ask for what is not there, or too much


def deep(levels):
    domain = ["name", "=", "x"]
    for _level in range(levels):
        domain = [domain]
    return domain


BAD_CALLS = {
    "no model": ("no.such.model", "search_count", None, {"domain": []}),
    "an odd model": ("res.partner; DROP TABLE", "search_count", None, {"domain": []}),
    "a private method": ("res.partner", "_compute_display_name", [1], {}),
    "a method of Python": ("res.partner", "__init__", [1], {}),
    "no method": ("probe.note", "no_such_method", [1], {}),
    "an attribute": ("res.partner", "_name", [1], {}),
    "a field": ("res.partner", "name", [1], {}),
    "an unknown argument": (
        "res.partner",
        "search_count",
        None,
        {"domain": [], "nothing": 1},
    ),
    "no domain": ("res.partner", "search_count", None, {"domain": 17}),
    "a text for a domain": ("res.partner", "search_count", None, {"domain": "name"}),
    "half a domain": (
        "res.partner",
        "search_count",
        None,
        {"domain": ["|", ["name", "=", "x"]]},
    ),
    "an unknown operator": (
        "res.partner",
        "search_count",
        None,
        {"domain": [["name", "~~", "x"]]},
    ),
    "an unknown field": (
        "res.partner",
        "search_count",
        None,
        {"domain": [["nothing", "=", "x"]]},
    ),
    "a field in a list": (
        "res.partner",
        "search_count",
        None,
        {"domain": [[["name"], "=", "x"]]},
    ),
    "100 levels of a domain": (
        "res.partner",
        "search_count",
        None,
        {"domain": deep(100)},
    ),
    "fields in a text": (
        "res.partner",
        "search_read",
        None,
        {"domain": [], "fields": "name"},
    ),
    "fields in an object": (
        "res.partner",
        "search_read",
        None,
        {"domain": [], "fields": {"name": 1}},
    ),
    "5 MB of a field": (
        "res.partner",
        "search_read",
        None,
        {"domain": [], "fields": [BIG]},
    ),
    "a text for a limit": (
        "res.partner",
        "search_read",
        None,
        {"domain": [], "limit": "1; DROP TABLE res_partner"},
    ),
    "an odd order": (
        "res.partner",
        "search_read",
        None,
        {"domain": [], "order": "name; DROP TABLE res_partner"},
    ),
    "texts for ids": ("res.partner", "read", ["1"], {"fields": ["name"]}),
    "fractions for ids": ("res.partner", "read", [1.5], {"fields": ["name"]}),
    "lists for ids": ("res.partner", "read", [[1]], {"fields": ["name"]}),
    "an object for ids": ("res.partner", "read", {"a": 1}, {"fields": ["name"]}),
    "values in a text": ("probe.note", "write", [1], {"vals": "name"}),
    "an unknown value": (
        "probe.note",
        "create",
        None,
        {"vals_list": [{"name": "x", "nothing": 1}]},
    ),
    "no values": ("probe.note", "create", None, {"vals_list": [17]}),
    "a list for a text": (
        "probe.note",
        "create",
        None,
        {"vals_list": [{"value": "many", "name": "x"}]},
    ),
    "a context in a list": (
        "res.partner",
        "search_count",
        None,
        {"domain": [], "context": [["lang", "en_US"]]},
    ),
    "a context in a number": (
        "res.partner",
        "search_count",
        None,
        {"domain": [], "context": 17},
    ),
}
NOT_IN_XML = {
    "800 levels of a domain": (
        "res.partner",
        "search_count",
        None,
        {"domain": deep(800)},
    ),
    "NUL in a model": (NUL, "search_count", None, {"domain": []}),
    "NUL in a method": ("res.partner", NUL, [1], {}),
    "NUL in a domain": (
        "res.partner",
        "search_count",
        None,
        {"domain": [["name", "=", NUL]]},
    ),
    "NUL in a field": (
        "res.partner",
        "search_read",
        None,
        {"domain": [], "fields": [NUL]},
    ),
    "NUL in a value": ("probe.note", "create", None, {"vals_list": [{"name": NUL}]}),
    "half a character in a value": (
        "probe.note",
        "create",
        None,
        {"vals_list": [{"name": "\ud800"}]},
    ),
    "half a character in a domain": (
        "res.partner",
        "search_count",
        None,
        {"domain": [["name", "=", "\ud800"]]},
    ),
    "a huge id": ("res.partner", "read", [HUGE], {"fields": ["name"]}),
    "a huge number in a domain": (
        "res.partner",
        "search_count",
        None,
        {"domain": [["id", "=", HUGE]]},
    ),
    "a huge limit": ("res.partner", "search_read", None, {"domain": [], "limit": HUGE}),
    "a huge value": (
        "probe.note",
        "create",
        None,
        {"vals_list": [{"name": "x", "value": HUGE}]},
    ),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", [*BAD_CALLS, *NOT_IN_XML])
def test_bad_call(bench, key, stock_key, name, door):
    """A clean refusal or Odoo's own answer, with a scope and without."""
    if name in NOT_IN_XML and DOORS[door] == "xmlrpc":
        assert_no_xml_client_sends(NOT_IN_XML[name])
        return
    model, method, ids, kwargs = {**BAD_CALLS, **NOT_IN_XML}[name]
    for caller in (key, stock_key):
        with bench.logged() as rows:
            answer = call_badly(bench, door, caller, model, method, ids, kwargs)
        text = (
            json.dumps(answer.raw)
            if isinstance(answer.raw, (dict, list, str))
            else repr(answer.raw)
        )
        assert not TRACE.search(text), text[:2000]
        if isinstance(answer.raw, dict):
            assert not answer.raw.get("error", {}).get("data", {}).get("debug")
            assert not answer.raw.get("debug")
        [row] = rows
        assert row.apikey_ref == caller.key_id
        assert (
            row.outcome == "allowed"
            if answer.ok
            else row.outcome in ("denied", "error")
        )
        assert len(row.reason or "") <= LOGGED_TEXT


def call_badly(bench, door, caller, model, method, ids, kwargs):
    if door == "json2":
        from urllib.parse import quote

        return bench.call(
            door, caller, quote(model, safe=""), quote(method, safe=""), ids, **kwargs
        )
    args = ()
    if method == "create":
        args, kwargs = (kwargs["vals_list"],), {}
    return bench.client(door, caller).call(model, method, ids, args, kwargs)


def assert_no_xml_client_sends(call):
    """It cannot be written in XML-RPC: what the client makes of it is no XML, or nothing."""
    try:
        xmlrpc.client.loads(xmlrpc.client.dumps(call, "x", allow_none=True).encode())
    except Exception:
        return
    raise AssertionError("send it, then")


@pytest.mark.parametrize("door", DOORS)
def test_ten_thousand_ids(bench, key, stock_key, door):
    notes = bench.sql(
        "INSERT INTO probe_note (name) SELECT 'many' FROM generate_series(1, 10000) RETURNING id"
    )
    ids = [note.id for note in notes]
    for caller in (key, stock_key):
        with bench.logged() as rows:
            answer = bench.call(
                door, caller, "probe.note", "read", ids, fields=["name"]
            )
            refused = bench.call(door, key, "probe.note", "action_confirm", ids)
        assert len(answer.value) == len(ids)
        assert refused.error_name == "AccessError"
        assert [(row.apikey_ref, row.outcome) for row in rows] == [
            (caller.key_id, "allowed"),
            (key.key_id, "denied"),
        ]
        assert {row.res_ids for row in rows} == {
            ", ".join(map(str, ids[:100])) + " and 9900 more"
        }
    bench.sql("DELETE FROM probe_note WHERE name = 'many'")


@pytest.mark.parametrize("door", DOORS)
def test_five_megabytes(bench, key, door):
    with bench.logged() as rows:
        answer = bench.call(
            door, key, "probe.note", "create", vals_list=[{"name": BIG}]
        )
        found = bench.call(
            door, key, "res.partner", "search_count", domain=[["name", "=", BIG]]
        )
        refused = bench.call(door, key, "crm.lead", "create", vals_list=[{"name": BIG}])
        raised = bench.call(
            door, key, "probe.note", "note_and_raise", name=BIG, ending="UserError"
        )
    assert answer.ok
    assert (found.value, refused.error_name, raised.error_name) == (
        0,
        "AccessError",
        "UserError",
    )
    assert [row.outcome for row in rows] == ["allowed", "allowed", "denied", "error"]
    assert all(len(row.reason or "") <= LOGGED_TEXT for row in rows)
    bench.sql("DELETE FROM probe_note WHERE length(name) > 1000000")


@pytest.mark.parametrize("secret", ["short", "", " ", "x" * 60_000, "key key", "ключ"])
def test_odd_bearers(bench, key, secret):
    caller = replace(key, secret=secret)
    headers = {"Authorization": f"bearer {caller.secret}".encode()}
    with bench.logged() as rows:
        status, text = post(bench, "/json/2/res.partner/search_count", b"{}", **headers)
    assert status in (400, 401, 403, 431)
    assert not TRACE.search(text)
    assert len(rows) == (0 if status in (400, 431) else 1)
    assert all((row.outcome, row.apikey_ref) == ("denied", None) for row in rows)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "basic YWRtaW46YWRtaW4=",
        "bearer",
        "Bearer  {secret}",
        "BEARER {secret}",
        "bearer\t{secret}",
        "token {secret}",
    ],
)
def test_odd_authorizations(bench, key, authorization):
    """What is no bearer is nobody, and what is one is under its scope."""
    headers = {"Authorization": authorization.format(secret=key.secret)}
    with bench.logged() as rows:
        status, _text = post(
            bench, "/json/2/res.partner/unlink", b'{"ids": [1]}', **headers
        )
    assert status in (401, 403)
    [row] = rows
    assert row.outcome == "denied"
    assert (status == 403) == (row.apikey_ref == key.key_id)


def test_text_that_is_markup_in_a_refusal(bench, key):
    """XML-RPC escapes what a caller sent."""
    model = "<script>&amp;" + escape("<b>")
    answer = bench.call("xmlrpc", key, model, "search_count", domain=[])
    assert answer.error_name in ("UserError", "AccessError")
    assert model in answer.message
