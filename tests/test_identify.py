# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which key is it? On every call anew, on every path, and never the last caller's."""

import http.client
import json
import secrets
import xmlrpc.client
from base64 import b64encode
from dataclasses import replace
from random import Random

import pytest
from passlib.context import CryptContext

from lab.cases import INVALID, Call, Rule
from lab.stage import DOORS, SET

RPC = [door for door in DOORS if door != "json2"]
PARTNERS = {"model": "res.partner", "method": "search_count", "domain": []}
INDEX_SIZE = 8  # of a secret, by which Odoo finds its row
ROWS_A_MINUTE = 5  # that refused credentials have, of one address and process
SUPERUSER = 1
HASH = CryptContext(["pbkdf2_sha512"], pbkdf2_sha512__rounds=6000)
REFUSED = Call("res.partner", "search_count", expect=INVALID)


@pytest.fixture
def key(bench):
    return bench.scoped(Rule("res.partner", "r"))


def assert_warm(bench, key, url=""):
    """It is accepted at every door, also when it is cached."""
    for door in DOORS:
        for _time in range(2):
            answer = bench.call(door, key, **PARTNERS, url=url)
            assert answer.ok, answer


def assert_refused(bench, key, expected=REFUSED):
    """It is refused at every door from now on, as the contract has it. :return: the rows"""
    with bench.logged() as rows:
        for door in DOORS:
            for _time in range(2):
                answer = bench.call(door, key, **PARTNERS)
                assert expected.is_met_by(DOORS[door], answer), (door, answer)
    assert [row.outcome for row in rows] == ["denied"] * 2 * len(DOORS)
    assert len({row.call_ref for row in rows}) == len(rows)
    return rows


def new_user(bench) -> int:
    groups = [
        bench.admin.ref("base.group_user"),
        bench.admin.ref("base.group_partner_manager"),
    ]
    login = f"user-{secrets.token_hex(4)}"
    values = {"name": login, "login": login, "group_ids": [[SET, 0, groups]]}
    return bench.admin.call("res.users", "create", [values])[0]


def owned_by(bench, key, uid):
    """The same key, as if it had been issued to another user."""
    bench.sql(
        "UPDATE res_users_apikeys SET user_id = %s WHERE id = %s", uid, key.key_id
    )
    [user] = bench.sql("SELECT login FROM res_users WHERE id = %s", uid)
    return replace(key, uid=uid, login=user.login)


# What ends while the credential is cached


def test_expiry(bench, key):
    assert_warm(bench, key)
    bench.sql(
        "UPDATE res_users_apikeys SET expiration_date = now() AT TIME ZONE 'utc' - interval '1 s' WHERE id = %s",
        key.key_id,
    )
    for row in assert_refused(bench, key):
        assert (row.apikey_ref, row.reason) == (key.key_id, "The key has expired.")


def test_expiry_of_a_key_without_scope(bench):
    key = bench.unscoped()
    assert_warm(bench, key)
    bench.sql(
        "UPDATE res_users_apikeys SET expiration_date = '2020-01-01' WHERE id = %s",
        key.key_id,
    )
    for row in assert_refused(bench, key):
        assert row.apikey_ref == key.key_id


@pytest.mark.parametrize("has_scope", [True, False])
def test_removal_by_sql(bench, key, has_scope):
    key = key if has_scope else bench.unscoped()
    assert_warm(bench, key)
    bench.sql("DELETE FROM res_users_apikeys WHERE id = %s", key.key_id)
    for row in assert_refused(bench, key):
        assert row.apikey_ref is None


def test_removal_with_its_user(bench, key):
    key = owned_by(bench, key, new_user(bench))
    assert_warm(bench, key)
    bench.sql("DELETE FROM res_users WHERE id = %s", key.uid)
    assert not bench.sql(
        "SELECT id FROM res_users_apikeys WHERE id = %s", key.key_id
    ), "there is no cascade any more"
    for row in assert_refused(bench, key):
        assert row.apikey_ref is None


def test_archiving_its_user(bench, key):
    key = owned_by(bench, key, new_user(bench))
    assert_warm(bench, key)
    bench.sql("UPDATE res_users SET active = false WHERE id = %s", key.uid)
    for row in assert_refused(bench, key):
        assert row.apikey_ref == key.key_id


@pytest.mark.parametrize("has_scope", [True, False])
def test_removal_in_another_process(bench, workers, key, has_scope):
    key = key if has_scope else bench.unscoped()
    assert_warm(bench, key)
    workers.admin.press("res.users.apikeys", "remove", [key.key_id])
    assert_refused(bench, key)


@pytest.mark.parametrize("has_scope", [True, False])
def test_suspension_between_two_calls_on_other_workers(workers, has_scope):
    """One worker suspends the key, and both know at once."""
    key = workers.scoped(Rule("res.partner", "r")) if has_scope else workers.unscoped()
    for _round in range(2):
        workers.until_all_served(lambda: assert_accepted(workers, key))
        workers.admin.press("res.users.apikeys", "action_suspend", [key.key_id])
        workers.until_all_served(lambda: assert_refused(workers, key))
        workers.admin.press("res.users.apikeys", "action_resume", [key.key_id])


def assert_accepted(bench, key):
    for door in DOORS:
        assert bench.call(door, key, **PARTNERS).ok


# Whose key it is


@pytest.mark.parametrize("has_scope", [True, False])
def test_a_key_with_the_id_of_another_user(bench, key, has_scope):
    key = key if has_scope else bench.unscoped()
    other = next(uid for uid in (bench.stage.uid, bench.admin.uid) if uid != key.uid)
    with bench.logged() as rows:
        for door in RPC:
            for uid in (other, other, SUPERUSER, 0, -1, 10**6):
                answer = bench.call(door, replace(key, uid=uid or 10**7), **PARTNERS)
                assert answer.error_name == "AccessDenied"
    assert [(row.apikey_ref, row.outcome) for row in rows] == [
        (key.key_id, "denied")
    ] * 6 * len(RPC)


@pytest.mark.parametrize("active", [False, True])
def test_a_scoped_key_of_the_superuser(bench, key, active):
    """Its user is archived, as a rule."""
    key = owned_by(bench, key, SUPERUSER)
    bench.sql("UPDATE res_users SET active = %s WHERE id = %s", active, SUPERUSER)
    try:
        rows = assert_refused(bench, key)
    finally:
        bench.sql("UPDATE res_users SET active = false WHERE id = %s", SUPERUSER)
    reason = (
        "A scope cannot limit the superuser."
        if active
        else "The user of the key is archived."
    )
    assert {(row.apikey_ref, row.reason) for row in rows} == {(key.key_id, reason)}


def test_two_keys_that_begin_alike(bench):
    """The hash decides which one it is."""
    reader = bench.scoped(Rule("res.partner", "r"))
    writer = bench.scoped(Rule("res.partner", "w"))
    secret = reader.secret[:INDEX_SIZE] + secrets.token_hex(16)
    bench.sql(
        "UPDATE res_users_apikeys SET index = %s, key = %s WHERE id = %s",
        secret[:INDEX_SIZE], HASH.hash(secret), writer.key_id,
    )  # fmt: skip
    writer = replace(writer, secret=secret)
    with bench.logged() as rows:
        for door in DOORS:
            for _time in range(2):
                assert bench.call(door, reader, **PARTNERS).ok
                assert bench.call(door, writer, **PARTNERS).error_name == "AccessError"
                assert bench.call(
                    door, writer, "res.partner", "write", [1], vals={"comment": door}
                ).ok
                assert (
                    bench.call(
                        door, reader, "res.partner", "write", [1], vals={"ref": door}
                    ).error_name
                    == "AccessError"
                )
    assert [row.apikey_ref for row in rows] == [
        reader.key_id,
        writer.key_id,
        writer.key_id,
        reader.key_id,
    ] * 2 * len(DOORS)
    assert_refused(
        bench,
        replace(reader, secret=reader.secret[:INDEX_SIZE] + secrets.token_hex(16)),
    )
    assert_refused(bench, replace(reader, secret=reader.secret[:INDEX_SIZE]))


@pytest.mark.parametrize("door", RPC)
def test_a_password_works_as_it_did(bench, door):
    client = bench.client(door, bench.password)
    client.uid = None
    assert client.authenticate().value == bench.admin.uid
    assert client.call("probe.note", "whose").value["current"] == []
    assert client.call("apikey.scope", "search_count", args=([],)).ok
    client.secret = "wrong"
    assert (
        client.call("res.partner", "search_count", args=([],)).error_name
        == "AccessDenied"
    )


def test_a_password_is_no_bearer(bench):
    assert REFUSED.is_met_by("json2", bench.call("json2", bench.password, **PARTNERS))


# Taking nothing from the caller but the credential


@pytest.fixture
def base_url(bench):
    """What ``web.base.url`` must stay."""
    url = "https://odoo.example.com"
    bench.admin.call("ir.config_parameter", "set_param", "web.base.url", url)

    def read():
        [row] = bench.sql(
            "SELECT value FROM ir_config_parameter WHERE key = 'web.base.url'"
        )
        return row.value == url

    assert read()
    return read


@pytest.mark.parametrize("door", RPC)
def test_authenticating_moves_no_base_url(bench, base_url, door):
    agent = {"base_location": "http://evil.example.com"}
    for caller in (bench.password, bench.unscoped()):
        assert bench.client(door, caller).authenticate(agent).value == caller.uid
        assert base_url()


@pytest.mark.parametrize("door", DOORS)
def test_calling_authenticate_moves_no_base_url(bench, base_url, door):
    """``res.users.authenticate`` is a public method: the object service reaches it, too."""
    key = bench.unscoped()
    for caller in [key] if door == "json2" else [bench.password, key]:
        credential = {
            "login": caller.login,
            "password": bench.password.secret,
            "type": "password",
        }
        agent = {"base_location": "http://evil.example.com", "interactive": True}
        with bench.logged() as rows:
            answer = bench.call(
                door,
                caller,
                "res.users",
                "authenticate",
                [],
                credential=credential,
                user_agent_env=agent,
            )
        assert base_url()
        assert len(rows) == 1
        assert (rows[0].method, rows[0].outcome) == (
            "authenticate",
            "allowed" if answer.ok else "error",
        )


def test_a_scoped_key_may_not_call_authenticate(bench, base_url):
    key = bench.scoped(Rule("res.users", "rw", methods="action_get"), Rule("*", "rwc"))
    credential = {"login": "admin", "password": "admin", "type": "password"}
    for door in DOORS:
        answer = bench.call(
            door,
            key,
            "res.users",
            "authenticate",
            [],
            credential=credential,
            user_agent_env={"base_location": "http://evil"},
        )
        assert answer.error_name == "AccessError"
        assert base_url()


# The current key


def test_the_current_key_is_of_its_own_database(bench, database):
    """An id means somebody else's key where a method looks into another database."""
    key = bench.scoped(Rule("probe.note", methods="current_in"))
    for door in DOORS:
        for dbname, current in ((database, []), (bench.database, [key.key_id])):
            answer = bench.call(door, key, "probe.note", "current_in", dbname=dbname)
            assert answer.value == current


# Nothing leaks into the next request


class Connection:
    """One connection, and requests of every kind on it. :param kept: it must stay open"""

    def __init__(self, port: int, bench, kept: bool):
        self.bench = bench
        self.kept = kept
        self.http = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=60, source_address=(bench.an_address(), 0)
        )
        self.http.connect()
        self.socket = self.http.sock

    def _post(self, path, body, content_type="application/json", **headers):
        self.http.request("POST", path, body, {"Content-Type": content_type, **headers})
        text = self.http.getresponse().read().decode()
        assert self.http.sock is self.socket or not self.kept, (
            "the connection was not kept"
        )
        return text

    def json2(self, caller):
        headers = {
            "Authorization": f"bearer {caller.secret}",
            "X-Odoo-Database": self.bench.database,
        }
        return json.loads(self._post("/json/2/probe.note/whose", "{}", **headers))

    def _rpc_arguments(self, caller):
        return [
            self.bench.database,
            caller.uid,
            caller.secret,
            "probe.note",
            "whose",
            [],
            {},
        ]

    def xmlrpc(self, caller, path="/xmlrpc/2/object"):
        body = xmlrpc.client.dumps(tuple(self._rpc_arguments(caller)), "execute_kw")
        [[value], _method] = xmlrpc.client.loads(self._post(path, body, "text/xml"))
        return value

    def xmlrpc1(self, caller):
        return self.xmlrpc(caller, "/xmlrpc/object")

    def jsonrpc(self, caller):
        params = {
            "service": "object",
            "method": "execute_kw",
            "args": self._rpc_arguments(caller),
        }
        return json.loads(self._post("/jsonrpc", json.dumps({"params": params})))[
            "result"
        ]

    def session(self, session_id):
        params = {"model": "probe.note", "method": "whose", "args": [], "kwargs": {}}
        text = self._post(
            "/web/dataset/call_kw/probe.note/whose",
            json.dumps({"params": params}),
            Cookie=f"session_id={session_id}",
        )
        return json.loads(text)["result"]

    def refused(self, caller):
        """A call that fails, and so leaves by another way."""
        wrong = replace(caller, secret="0" * 40)
        assert "error" in json.loads(
            self._post(
                "/jsonrpc",
                json.dumps(
                    {
                        "params": {
                            "service": "object",
                            "method": "execute_kw",
                            "args": self._rpc_arguments(wrong),
                        }
                    }
                ),
            )
        )

    def basic(self, _caller):
        """A page that needs nobody."""
        self._post(
            "/web/health", "", Authorization="Basic " + b64encode(b"a:b").decode()
        )


@pytest.mark.parametrize(
    "kept", [True, False], ids=["one connection", "one thread a worker"]
)
def test_nothing_leaks_into_the_next_request(workers, kept):
    """The workers have one thread each, and the evented server keeps a connection: whatever is
    left behind by a request would be found by the next."""
    scoped = workers.scoped(Rule("probe.note", methods="whose"))
    unscoped = workers.unscoped()
    session_id = workers.admin.session_id
    connection = (
        Connection(workers.server.evented_port, workers, kept) if kept else None
    )
    kinds = [(door, caller) for door in DOORS for caller in (scoped, unscoped)]
    kinds += [(door, workers.password) for door in RPC] + [("session", None)]
    refused = [("refused", scoped)]
    random = Random(19)
    order = []
    for number in range(12):
        those = kinds + (refused if number < ROWS_A_MINUTE else [])
        order += random.sample(those, len(those))
    expected, threads = [], set()
    with workers.logged() as rows:
        for door, caller in order:
            one = connection or Connection(workers.server.port, workers, kept)
            if door == "session":
                seen = one.session(session_id)
                assert (seen["current"], seen["stamped"], seen["ref"]) == ([], [], "")
                continue
            seen = getattr(one, door)(caller)
            if door == "refused":
                expected.append((None, "jsonrpc", "denied", None))
                continue
            ids = [caller.key_id] if caller.key_id else []
            assert (seen["current"], seen["stamped"]) == (ids, ids)
            expected.append((caller.key_id, DOORS[door], "allowed", seen["ref"]))
            threads.add((seen["pid"], seen["thread"]))
    assert len(threads) <= 2, (
        "this server has a thread for each request, and so proves nothing"
    )
    assert len({row.call_ref for row in rows}) == len(rows) == len(expected)
    for row, (key_id, transport, outcome, ref) in zip(rows, expected, strict=True):
        assert (row.apikey_ref, row.transport, row.outcome) == (
            key_id,
            transport,
            outcome,
        )
        assert ref in (None, row.call_ref)
