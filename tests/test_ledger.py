# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The call log as a ledger: what it does to a server, and what a server does to it."""

import http.client
import subprocess
import threading
import time
from contextlib import closing, contextmanager

import psycopg2
import pytest

from lab import databases
from lab.cases import Rule
from lab.postgres import connect
from lab.seals import verify
from lab.stage import DOORS

METHODS = "look, commit_half_way"
STRANGERS = 12
TRIGGER = "apikey_log_refuses_changes"


@pytest.fixture(scope="module")
def key(bench):
    return bench.scoped(Rule("probe.note", "rwc", methods=METHODS), name="ledger")


@pytest.fixture(scope="module")
def stock_key(bench):
    return bench.unscoped()


@pytest.fixture(scope="module", autouse=True)
def unattended(lab, module_server, make_bench, tmp_path_factory):
    """A server on a database of its own, which has served calls and is left alone then.

    :return: its bench, and the file that its seals are kept in
    """
    file = tmp_path_factory.mktemp("seals") / "seals.jsonl"
    with lab.database() as database:
        running = module_server(database, options={"scoped_apikey_seals": str(file)})
        bench = make_bench(running, database)
        key = bench.scoped(Rule("res.partner", "r"), name="sealed")
        for _time in range(3):
            assert bench.call("json2", key, "res.partner", "search_count", domain=[]).ok
        stranger = type(key)("0" * 40, key.login, key.uid)
        for _time in range(STRANGERS):
            bench.call(
                "json2", stranger, "x", "read", source="127.8.2.1", ids=[1], fields=[]
            )
        yield bench, file
        running.stop()


def create(bench, door, caller, name):
    return bench.call(door, caller, "probe.note", "create", vals_list=[{"name": name}])


@contextmanager
def locked_away(bench):
    """As long as this lasts, somebody else has the log for himself."""
    connection = psycopg2.connect(dbname=bench.database)
    try:
        connection.cursor().execute("LOCK TABLE apikey_call")
        yield
    finally:
        connection.close()


# No record, no request; unless an administrator wants it otherwise


@pytest.mark.parametrize("door", ["json2", "xmlrpc"])
def test_a_log_that_is_locked_away(bench, key, door):
    """The call is refused within seconds, has no effect, and others are served meanwhile."""
    name = f"locked away at {door}"
    with locked_away(bench):
        began = time.monotonic()
        answer = create(bench, door, key, name)
        assert time.monotonic() - began < 10
        assert bench.admin.call("res.partner", "search_count", [])
    assert answer.status == (503 if door == "json2" else 200)
    assert "call log cannot be written" in answer.message
    assert not bench.names_of_notes(name)
    assert create(bench, door, key, name).ok


@pytest.fixture
def served_unrecorded(bench, key):
    """Choose availability over evidence, for a scope and for calls without one."""
    scope = bench.scope_id(key)
    bench.admin.call("apikey.scope", "write", [scope], {"on_log_failure": "serve"})
    parameter = ["scoped_apikey.on_log_failure"]
    bench.admin.call("ir.config_parameter", "set_param", *parameter, "serve")
    yield
    bench.admin.call("apikey.scope", "write", [scope], {"on_log_failure": False})
    bench.admin.call("ir.config_parameter", "set_param", *parameter, False)


@pytest.mark.parametrize("door", DOORS)
def test_availability_over_evidence(bench, key, stock_key, served_unrecorded, door):
    """The call is served, its effect is there, and the server's log has its row."""
    callers = [key, stock_key] if door == "json2" else [key, stock_key, bench.password]
    names = [f"unrecorded {number} at {door}" for number, _ in enumerate(callers)]
    size = bench.server.log.stat().st_size
    with bench.logged() as rows, refusing_rows(bench):
        for caller, name in zip(callers, names, strict=True):
            assert create(bench, door, caller, name).ok
        refused = bench.call(door, key, "res.partner", "unlink", [1])
        half = bench.call(door, key, "probe.note", "commit_half_way", name=names[0])
    assert refused.error_name == "AccessError"
    assert half.ok
    assert rows == []
    for name in names:
        assert bench.names_of_notes(name)
    with bench.server.log.open("rb") as log:
        log.seek(size)
        said = log.read().decode().splitlines()
    for caller in callers:
        assert any(
            "goes unrecorded" in line and caller.login in line and '"create"' in line
            for line in said
        )


def test_the_choice_is_on_record(bench, served_unrecorded):
    changes = bench.sql(
        "SELECT subject, after FROM apikey_history ORDER BY id DESC LIMIT 2"
    )
    assert {row.subject for row in changes} == {"scope", "setting"}
    assert all("serve" in row.after for row in changes)


@contextmanager
def refusing_rows(bench):
    """As long as this lasts, the database refuses rows, as when its disk is full."""
    bench.sql(
        "CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'No space left on device'; END $$;"
        " CREATE TRIGGER refuse_row BEFORE INSERT ON apikey_call FOR EACH ROW EXECUTE FUNCTION refuse_row()"
    )
    try:
        yield
    finally:
        bench.sql("DROP TRIGGER refuse_row ON apikey_call; DROP FUNCTION refuse_row")


# The log is no way to stop the server


@pytest.mark.parametrize("door", ["json2", "xmlrpc", "jsonrpc"])
def test_refused_credentials_are_counted_together(bench, key, door):
    """The first few of an address and minute have rows, and so have those of other addresses."""
    stranger = type(key)("0123456789abcdef" * 2, key.login, key.uid)
    source = f"127.8.0.{list(DOORS).index(door) + 1}"
    began = time.time() // 60
    with bench.logged() as rows:
        for _time in range(25):
            answer = bench.call(
                door, stranger, "res.partner", "search_count", source=source, domain=[]
            )
            assert answer.error_name in ("AccessDenied", "Unauthorized")
        bench.call(
            door, stranger, "res.partner", "read", [1], source="127.8.1.1", fields=[]
        )
    minutes = time.time() // 60 - began + 1
    assert 5 <= len([row for row in rows if row.remote_addr == source]) <= 5 * minutes
    assert [row for row in rows if row.remote_addr == "127.8.1.1"]


@pytest.mark.parametrize("path", ["/jsonrpc", "/xmlrpc/2/object", "/xmlrpc/object"])
def test_what_fails_without_a_credential_is_counted_together(bench, path):
    """Nobody has to be anybody to make a server fail: that must not fill the log."""
    kind = "application/json" if path == "/jsonrpc" else "text/xml"
    headers = {"X-Odoo-Database": bench.database, "Content-Type": kind}
    source = bench.an_address(), 0
    with bench.logged() as rows:
        for _time in range(25):
            connection = http.client.HTTPConnection(
                "127.0.0.1", bench.server.port, timeout=30, source_address=source
            )
            with closing(connection):
                connection.request("POST", path, b"<", headers)
                connection.getresponse().read()
    began = {row.called_at.replace(second=0, microsecond=0) for row in rows}
    assert 1 <= len(rows) <= 5 * len(began)


def test_many_refusals_leave_the_connections_to_others(bench, key):
    """While rows of refused calls wait for the log, they take no more than two connections."""
    before = connections_of(bench)
    threads = [
        threading.Thread(
            target=bench.call, args=("json2", key, "res.partner", "unlink", [1])
        )
        for _each in range(8)
    ]
    with locked_away(bench):
        for thread in threads:
            thread.start()
        while not waiting_for_the_log(bench):
            assert any(thread.is_alive() for thread in threads)
        assert waiting_for_the_log(bench) <= 2
        assert bench.admin.call("res.partner", "search_count", [])
    for thread in threads:
        thread.join(60)
    assert connections_of(bench) <= before + 8 + 2


def connections_of(bench) -> int:
    [row] = bench.sql(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
    )
    return row.n


def waiting_for_the_log(bench) -> int:
    [row] = bench.sql(
        "SELECT count(DISTINCT pid) AS n FROM pg_locks"
        " WHERE NOT granted AND relation = 'apikey_call'::regclass"
    )
    return row.n


# Readonly routes stay readonly


def test_a_replica(lab, bench, probe_path, key, make_bench):
    """A read-only call runs once, on the read-only cursor, and has its row all the same."""
    arguments = (probe_path, "--dev=replica")
    with lab.server(bench.database, arguments=arguments) as server:
        replica = make_bench(server, bench.database)
        with bench.logged() as rows:
            looks = [
                replica.call("json2", key, "probe.note", "look").value
                for _time in range(3)
            ]
            written = create(replica, "json2", key, "written beside a replica")
    assert looks == [[True, 1], [True, 2], [True, 3]]
    assert written.ok
    assert [row.outcome for row in rows] == ["allowed"] * 4
    assert all(row.duration_ms > 0 for row in rows)


# Seals


def week_of(bench, id_):
    [row] = bench.sql(
        "SELECT tableoid::regclass::text AS week FROM apikey_call WHERE id = %s", id_
    )
    return row.week


@pytest.mark.parametrize("how", ["copied", "dumped"])
def test_a_restored_backup_begins_a_new_chain(lab, bench, key, how):
    """Its transactions are counted anew, which neither hides nor invents an alteration."""
    for number in range(3):
        assert create(bench, "json2", key, f"before it was {how} {number}").ok
    assert verify(lab.odoo, bench.database).returncode == 0
    copy = f"{bench.database}_{how}"
    with COPIES[how](bench.database, copy):
        first = verify(lab.odoo, copy)
        assert first.returncode == 0, first.stdout + first.stderr
        assert "restored, copied or moved" in first.stdout
        second = verify(lab.odoo, copy)
        assert second.returncode == 0, second.stdout
        with connect(copy) as cursor:
            cursor.execute(
                "SELECT id, tableoid::regclass::text FROM apikey_call ORDER BY id DESC LIMIT 1"
            )
            id_, week = cursor.fetchone()
            cursor.execute(f"ALTER TABLE {week} DISABLE TRIGGER {TRIGGER}")
            cursor.execute(f"UPDATE {week} SET outcome = 'denied' WHERE id = {id_}")
        third = verify(lab.odoo, copy)
        assert third.returncode == 1
        assert f"Row {id_} of apikey_call was altered." in third.stdout


@contextmanager
def dumped(origin, copy):
    """Dump a database and restore it, as a backup is."""
    from lab.embedded import Embedded

    program = Embedded().program
    with connect() as cursor:
        cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE template0')
    try:
        dump = subprocess.run(
            [program("pg_dump"), "--no-owner", origin], capture_output=True, check=True
        )
        restore = [program("psql"), "--quiet", "--no-psqlrc", f"--dbname={copy}"]
        subprocess.run(
            restore, input=dump.stdout, check=True, stdout=subprocess.DEVNULL
        )
        yield
    finally:
        databases.drop(copy)


@contextmanager
def copied(origin, copy):
    """Copy a database as Odoo's own manager does."""
    with connect() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [origin],
        )
        cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{origin}"')
    try:
        yield
    finally:
        databases.drop(copy)


COPIES = {"copied": copied, "dumped": dumped}


def test_rows_are_small(bench):
    """Without arguments, a row takes at most 400 bytes, its part of the indexes included."""
    name = "bytes"
    columns = ", ".join(
        row.attname
        for row in bench.sql(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'apikey_call'::regclass"
            " AND attnum > 0 AND attname NOT IN ('id', 'arguments')"
        )
    )
    bench.sql(f"CREATE TABLE {name} (LIKE apikey_call INCLUDING ALL)")
    try:
        bench.sql(
            f"INSERT INTO {name} (id, {columns}) SELECT row_number() OVER (), {columns}"
            " FROM apikey_call, generate_series(1, 200) WHERE outcome = 'allowed'"
        )
        [row] = bench.sql(
            f"SELECT pg_total_relation_size('{name}') / count(*) AS bytes FROM {name}"
        )
    finally:
        bench.sql(f"DROP TABLE {name}")
    assert row.bytes <= 400


def test_a_server_seals_by_itself_and_a_tamperer_is_found(lab, unattended):
    """No scheduled job runs here: who serves, seals; and the command finds what was altered."""
    bench, file = unattended
    running, database = bench.server, bench.database
    deadline = time.monotonic() + 60
    while not file.exists() or "apikey_call" not in file.read_text():
        assert time.monotonic() < deadline, "it is a minute old, and not sealed"
        time.sleep(0.2)
    running.stop()
    counted = bench.sql(
        "SELECT sum(COALESCE(call_count, 1)) AS n FROM apikey_call"
        " WHERE remote_addr = '127.8.2.1'"
    )
    assert counted[0].n == STRANGERS, "a server that is stopped lost its counts"
    said = [
        line.partition("sealing: seal ")[2].strip()
        for line in running.log.read_text().splitlines()
        if "sealing: seal " in line
    ]
    assert said == file.read_text().splitlines(), "the server's log has them, too"

    sound = verify(lab.odoo, database, file)
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "Unaltered" in sound.stdout
    assert "kept outside the database are the same" in sound.stdout

    [row] = bench.sql("SELECT min(id) + 1 AS id FROM apikey_call")
    bench.sql(f"ALTER TABLE {week_of(bench, row.id)} DISABLE TRIGGER {TRIGGER}")
    bench.sql(f"DELETE FROM {week_of(bench, row.id)} WHERE id = {row.id}")
    altered = verify(lab.odoo, database, file)
    assert altered.returncode == 1
    assert f"Row {row.id} of apikey_call is missing." in altered.stdout
