# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The first call of a process, which has loaded no database yet.

Unless the addon is loaded server-wide, that call comes in before any of the addon's code:
it is refused, on record, never run without its scope.
"""

import pytest

from lab.cases import Rule
from lab.stage import DOORS

PARTNERS = {"model": "res.partner", "method": "search_count", "domain": []}
SENTENCE = "The server had just started"


@pytest.fixture(scope="module")
def cold(lab, module_server, make_bench):
    """A database with keys, and no process that has loaded it."""
    with lab.database() as name:
        server = module_server(name)
        bench = make_bench(server, name)
        callers = {
            "scoped": bench.scoped(Rule("res.partner", "r")),
            "unscoped": bench.unscoped(),
            "password": bench.password,
        }
        server.stop()
        yield bench, callers


@pytest.mark.parametrize(
    ("door", "kind"),
    [
        ("xmlrpc", "scoped"),
        ("jsonrpc", "unscoped"),
        ("xmlrpc1", "password"),
        ("jsonrpc", "scoped"),
        ("json2", "scoped"),
    ],
)
def test_first_call(server, cold, door, kind):
    bench, callers = cold
    caller = callers[kind]
    url = server(server_wide=False).url
    first_is_served = (
        door == "json2"
    )  # its request loads the database, and then comes in
    with bench.logged() as rows:
        answers = [bench.call(door, caller, **PARTNERS, url=url) for _time in range(3)]
        if kind == "scoped":
            assert (
                bench.call(
                    door, caller, "res.partner", "unlink", [1], url=url
                ).error_name
                == "AccessError"
            )
    first, *others = answers
    assert first.ok == first_is_served
    assert all(answer.ok for answer in others)
    if not first_is_served:
        assert first.error_name == "AccessDenied"
        assert SENTENCE in first.message
        row = rows.pop(0)
        assert (row.outcome, row.apikey_ref) == ("denied", None)
        assert SENTENCE in row.reason
    outcomes = ["allowed"] * (3 if first_is_served else 2) + ["denied"] * (
        kind == "scoped"
    )
    assert [row.outcome for row in rows] == outcomes
    assert {row.apikey_ref for row in rows} == {caller.key_id}
    assert all(row.remote_addr.startswith("127.7.") for row in rows)


@pytest.mark.parametrize(
    ("door", "kind"), [("xmlrpc", "scoped"), ("jsonrpc", "password")]
)
def test_first_authentication(server, cold, door, kind):
    bench, callers = cold
    caller = callers[kind]
    url = server(server_wide=False).url
    with bench.logged() as rows:
        answers = [
            bench.client(door, caller, url=url).authenticate() for _time in range(2)
        ]
    assert [answer.value for answer in answers] == [False, caller.uid]
    assert [(row.outcome, row.apikey_ref) for row in rows] == [
        ("denied", None),
        ("allowed", caller.key_id),
    ]
    assert SENTENCE in rows[0].reason


@pytest.mark.parametrize(
    ("door", "kind"),
    [("xmlrpc", "scoped"), ("jsonrpc", "unscoped"), ("json2", "scoped")],
)
def test_first_call_when_server_wide(server, cold, door, kind):
    bench, callers = cold
    caller = callers[kind]
    url = server(server_wide=True).url
    with bench.logged() as rows:
        assert bench.call(door, caller, **PARTNERS, url=url).ok
    [row] = rows
    assert (row.apikey_ref, row.transport, row.outcome) == (
        caller.key_id,
        DOORS[door],
        "allowed",
    )


def test_first_refusal_when_server_wide(server, cold):
    """The very first call of the process is one that the scope does not grant."""
    bench, callers = cold
    url = server(server_wide=True).url
    with bench.logged() as rows:
        answer = bench.call(
            "xmlrpc", callers["scoped"], "res.partner", "unlink", [1], url=url
        )
    assert answer.error_name == "AccessError"
    assert [(row.apikey_ref, row.outcome) for row in rows] == [
        (callers["scoped"].key_id, "denied")
    ]
