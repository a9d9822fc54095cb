# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A call that takes long is one of a key that holds when it is served, not when it began.

A body can come as slowly as its sender likes, and a call that conflicts with another is
tried again later.
"""

import json
import socket
import threading

import psycopg2
import pytest
from waiting import until

from benchmarks.ways import MODEL, WAYS, victim

DOORS = ("json2", "xmlrpc", "jsonrpc")
TAKEN = ("removed", "suspended", "its user archived", "its rule taken away")
CALL = {"domain": [["id", "=", 1]], "fields": ["name"]}


@pytest.mark.parametrize("way", TAKEN)
def test_a_body_that_comes_slowly(workers, way):
    made = victim(workers.stage, WAYS[way])
    with workers.logged() as rows:
        slow, rest = _begin(workers, made)
        WAYS[way].take(made)
        status = _finish(slow, rest)
    assert status in (401, 403)
    outcomes = [row.outcome for row in rows if row.method == "search_read"]
    assert outcomes == ["denied"]


def test_a_body_that_comes_slowly_with_a_key_that_holds(workers):
    slow, rest = _begin(workers, victim(workers.stage, WAYS["suspended"]))
    assert _finish(slow, rest) == 200


@pytest.mark.parametrize("way", TAKEN)
@pytest.mark.parametrize("door", DOORS)
def test_a_call_that_is_tried_again(workers, door, way):
    """While it waits for a row, its key goes; when it gets the row, it has to start anew."""
    made = victim(workers.stage, WAYS[way])
    stage = workers.stage
    _let_write(made)
    [partner] = stage.admin.call(MODEL, "create", [{"name": "Contended"}])
    client = stage.client_with(door, made.secret, login=made.login, uid=made.user)
    answers = []

    def call():
        values = {"vals": {"ref": "written too late"}}
        answers.append(client.call(MODEL, "write", [partner], kwargs=values))

    thread = threading.Thread(target=call)
    with psycopg2.connect(dbname=workers.database) as other, other.cursor() as cursor:
        cursor.execute("UPDATE res_partner SET ref = 'first' WHERE id = %s", [partner])
        thread.start()
        _wait_for_lock(workers)
        WAYS[way].take(made)
    other.close()
    thread.join()
    [answer] = answers
    assert not answer.ok
    [row] = workers.sql("SELECT ref FROM res_partner WHERE id = %s", partner)
    assert row.ref == "first"


def _let_write(made):
    admin = made.stage.admin
    rule = admin.find("apikey.scope.rule", ["scope_id", "=", made.scope])
    admin.call("apikey.scope.rule", "write", [rule], {"perm_write": True})
    group = admin.ref("base.group_partner_manager")
    made.write("res.users", made.user, group_ids=[[4, group]])


def _begin(bench, made) -> tuple:
    """Send a call but for most of its body. :return: the connection, and the rest"""
    body = json.dumps(CALL).encode()
    head = (
        f"POST /json/2/{MODEL}/search_read HTTP/1.1\r\nHost: localhost\r\n"
        f"X-Odoo-Database: {bench.database}\r\nConnection: close\r\n"
        f"Authorization: bearer {made.secret}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    connection = socket.create_connection((bench.server.host, bench.server.port))
    connection.sendall(head + body[:1])
    return connection, body[1:]


def _finish(connection, body) -> int:
    """Send the rest. :return: the status of the answer"""
    with connection, connection.makefile("rb") as answer:
        connection.sendall(body)
        return int(answer.readline().split()[1])


def _wait_for_lock(bench):
    waiting = (
        "SELECT FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    )
    until(lambda: bench.sql(waiting, bench.database))
