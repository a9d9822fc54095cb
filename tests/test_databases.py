# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One process and many databases: what is remembered of a call holds in its own database only.

The addon is in *ours* and *theirs*, and not in *plain*.
"""

import json
import urllib.request
from dataclasses import dataclass, replace

import pytest

from lab.cases import Rule
from lab.clients import Json2
from lab.stage import DOORS
from lab.web import WebSession

RPC = [door for door in DOORS if door != "json2"]
PARTNERS = {"model": "res.partner", "method": "search_count", "domain": []}
WRONG = {
    "model": "res.partner",
    "method": "search_count",
    "domain": [["no_such_field", "=", 1]],
}


@dataclass
class Plain:
    """The database without the addon.

    :param secret: of a stock key of the administrator
    """

    database: str
    secret: str
    uid: int


@dataclass
class Stages:
    """The three databases on one server.

    :param alone: the address of another server, started for *ours* alone
    """

    ours: object
    theirs: object
    plain: Plain
    alone: str


@pytest.fixture(scope="module")
def stages(lab, module_server, make_bench):
    with (
        lab.database() as ours,
        lab.database() as theirs,
        lab.database(lab.templates.plain()) as plain,
    ):
        server = module_server()
        alone = module_server(ours)
        yield Stages(
            make_bench(server, ours),
            make_bench(server, theirs),
            plain_stage(server, plain),
            alone.url,
        )


def plain_stage(server, database) -> Plain:
    admin = WebSession(server.url, database)
    wizard = admin.call(
        "res.users.apikeys.description", "create", [{"name": "stock", "duration": "30"}]
    )
    action = admin.press("res.users.apikeys.description", "make_key", wizard)
    return Plain(database, action["context"]["default_key"], admin.uid)


@pytest.fixture(scope="module")
def key(stages):
    """Of *ours*."""
    return stages.ours.scoped(Rule("res.partner", "r"))


def call_elsewhere(stages, door, caller, database, url="", **call):
    """Make a call with a key of *ours* in another database."""
    client = stages.ours.client(door, caller, url=url)
    client.database = database
    return client.call(call.pop("model"), call.pop("method"), kwargs=call)


@pytest.mark.parametrize("door", DOORS)
def test_without_a_database_of_the_request(stages, key, door):
    """RPC is served without a database here, and no override of a controller runs."""
    with stages.ours.logged() as rows, stages.theirs.logged() as foreign:
        assert stages.ours.call(door, key, **PARTNERS).ok
        assert stages.ours.call(door, key, **PARTNERS).ok
        assert (
            stages.ours.call(door, key, "res.partner", "unlink", [1]).error_name
            == "AccessError"
        )
        assert not stages.ours.call(door, replace(key, secret="0" * 40), **PARTNERS).ok
    assert [
        (row.apikey_ref, row.outcome, row.transport, row.remote_addr[:6])
        for row in rows
    ] == [
        (key.key_id, "allowed", DOORS[door], "127.7."),
        (key.key_id, "allowed", DOORS[door], "127.7."),
        (key.key_id, "denied", DOORS[door], "127.7."),
        (None, "denied", DOORS[door], "127.7."),
    ]
    assert foreign == []


@pytest.mark.parametrize("has_scope", [True, False])
@pytest.mark.parametrize("door", DOORS)
def test_a_key_of_another_database(stages, key, door, has_scope):
    """It is unknown there, though the process has just accepted it here."""
    caller = key if has_scope else stages.ours.unscoped()
    assert stages.ours.call(door, caller, **PARTNERS).ok
    with stages.ours.logged() as ours, stages.theirs.logged() as theirs:
        for database, uid in (
            (stages.theirs.database, caller.uid),
            (stages.plain.database, stages.plain.uid),
        ):
            for _time in range(2):
                answer = call_elsewhere(
                    stages, door, replace(caller, uid=uid), database, **PARTNERS
                )
                assert answer.error_name in ("AccessDenied", "Unauthorized")
    assert ours == []
    assert [(row.apikey_ref, row.user_ref, row.outcome) for row in theirs] == [
        (None, None, "denied")
    ] * 2


@pytest.mark.parametrize("door", RPC)
def test_authenticating_elsewhere(stages, key, door):
    client = stages.ours.client(door, key)
    assert client.authenticate().value == key.uid
    for database in (stages.theirs.database, stages.plain.database):
        client.database = database
        assert client.authenticate().value is False


@pytest.mark.parametrize("door", RPC)
def test_a_server_that_was_started_for_another_database(stages, key, door):
    """It answers RPC for all of them; each is judged by its own scopes, and logged in its own log."""
    other = stages.theirs.scoped(Rule("crm.lead", "r"))
    with stages.ours.logged() as ours, stages.theirs.logged() as theirs:
        for _time in range(2):
            assert stages.theirs.call(
                door, other, "crm.lead", "search_count", domain=[], url=stages.alone
            ).ok
            assert (
                stages.theirs.call(door, other, **PARTNERS, url=stages.alone).error_name
                == "AccessError"
            )
            assert stages.ours.call(door, key, **PARTNERS, url=stages.alone).ok
    assert [(row.apikey_ref, row.outcome) for row in theirs] == [
        (other.key_id, "allowed"),
        (other.key_id, "denied"),
    ] * 2
    assert [(row.apikey_ref, row.outcome) for row in ours] == [
        (key.key_id, "allowed")
    ] * 2


@pytest.mark.parametrize("door", RPC)
def test_a_header_that_names_another_database(stages, key, door):
    """The request belongs to one database, and the call inside it to another."""
    for header in (stages.theirs.database, stages.plain.database, "no_such_database"):
        with stages.ours.logged() as ours, stages.theirs.logged() as theirs:
            assert raw_call(stages, door, key, header, "search_count") == "answered"
            assert raw_call(stages, door, key, header, "unlink") == "refused"
        assert [(row.apikey_ref, row.outcome) for row in ours] == [
            (key.key_id, "allowed"),
            (key.key_id, "denied"),
        ]
        assert theirs == []


def raw_call(stages, door, key, header, method):
    """Call with the header ``X-Odoo-Database``, as the clients do not over RPC."""
    import xmlrpc.client

    arguments = [stages.ours.database, key.uid, key.secret, "res.partner", method, [[]]]
    if door == "jsonrpc":
        body = json.dumps(
            {"params": {"service": "object", "method": "execute_kw", "args": arguments}}
        )
        path, kind = "/jsonrpc", "application/json"
    else:
        body = xmlrpc.client.dumps(tuple(arguments), "execute_kw")
        path, kind = (
            "/xmlrpc/object" if door == "xmlrpc1" else "/xmlrpc/2/object",
            "text/xml",
        )
    headers = {"Content-Type": kind, "X-Odoo-Database": header}
    request = urllib.request.Request(
        stages.ours.server.url + path, body.encode(), headers
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request) as response:
        text = response.read().decode()
    if "may not call res.partner." in text:
        return "refused"
    return "answered" if "<int>" in text or '"result"' in text else text


def test_the_header_is_how_json_2_names_its_database(stages, key):
    without = Json2(stages.ours.server.url, "", key.secret).call(
        "res.partner", "search_count", kwargs={"domain": []}
    )
    assert without.status == 404, (
        "a server with many databases knows none without the header"
    )
    alone = Json2(stages.alone, "", key.secret).call(
        "res.partner", "search_count", kwargs={"domain": []}
    )
    assert alone.ok


# Where the addon is not installed, Odoo is stock, though its code is loaded


@pytest.mark.parametrize("door", DOORS)
def test_a_plain_database_is_stock(stages, door):
    plain = stages.plain
    caller = replace(stages.ours.password, secret=plain.secret, uid=plain.uid)
    with stages.ours.logged() as ours, stages.theirs.logged() as theirs:
        for _time in range(2):
            assert call_elsewhere(stages, door, caller, plain.database, **PARTNERS).ok
            wrong = call_elsewhere(stages, door, caller, plain.database, **WRONG)
            assert not wrong.ok
            text = (
                str(wrong.raw)
                if door != "xmlrpc1"
                else f"{wrong.raw.faultCode}{wrong.raw.faultString}"
            )
            assert "Traceback (most recent call last)" in text, (
                "stock tells its caller where it failed"
            )
            assert "no_such_field" in text
    assert ours == theirs == []


@pytest.mark.parametrize("door", RPC)
def test_a_password_in_a_plain_database(stages, door):
    caller = replace(stages.ours.password, uid=stages.plain.uid)
    assert call_elsewhere(stages, door, caller, stages.plain.database, **PARTNERS).ok
    client = stages.ours.client(door, caller)
    client.database = stages.plain.database
    assert client.authenticate().value == stages.plain.uid


def test_a_plain_database_has_no_log(stages):
    from lab.postgres import connect

    with connect(stages.plain.database) as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'apikey_%'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("door", RPC)
def test_a_database_that_does_not_exist(stages, key, door):
    with stages.ours.logged() as rows:
        assert not call_elsewhere(stages, door, key, "no_such_database", **PARTNERS).ok
        client = stages.ours.client(door, key)
        client.database = "no_such_database"
        assert not client.authenticate().value
    assert rows == []
    assert stages.ours.call(door, key, **PARTNERS).ok
