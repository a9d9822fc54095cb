# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Does the addon take longer, or more memory, where there are very many keys and scopes?"""

import secrets
import statistics
from itertools import product, repeat

import psutil
from passlib.context import CryptContext
from psycopg2.extras import execute_values

from lab.cases import Rule
from lab.clients import Json2
from lab.console import say, step
from lab.durable import durable_copy
from lab.postgres import connect
from lab.stage import Stage

from . import calls
from .sides import OURS, RULES, Side, issue_scoped, scope_values, serving
from .single import alternate
from .wire import recorded

KEYS, SCOPES, BATCH = 10_000, 1_000, 50
FULL_SIZE = 300  # calls of one client, from which on there are so many keys
RULES_OF_LARGEST = 200
CALLS = tuple(product(calls.DOORS, ("search_read", "write")))
LARGE = "with very many keys"
# What no rule may name, and what the last rule is for.
NOT_AMONG_OTHERS = ("apikey.", "res.users.", "auth", "privacy.", calls.MODEL)
WARM_UP = 200
MEGABYTE = 1 << 20
# As Odoo hashes secrets, how long they are in bytes, and what of them it finds them by.
HASHES = CryptContext(["pbkdf2_sha512"], pbkdf2_sha512__rounds=6000)
SECRET, INDEX = 20, 8
INSERT = """
    INSERT INTO res_users_apikeys
           (name, user_id, scope, expiration_date, key, index, scope_id)
    VALUES %s
"""
ROW = "(%s, %s, 'scoped_apikey', now() + interval '30 days', %s, %s, %s)"


def measure(lab, size: int) -> dict:
    """Compare two databases with the addon, one with very many keys, and print a table.

    :param lab: an opened ``Lab``
    :param size: calls of each kind; a small one makes fewer keys and scopes, too
    :return: by part, door and kind, what a call takes as a ratio to the small database;
        and how many MB a server has grown by more where each key was used
    """
    share = min(size / FULL_SIZE, 1)
    with (
        lab.database() as few,
        lab.database() as many,
        durable_copy(few, many) as postgres,
    ):
        small = Side(OURS, few, issue_scoped)
        large = Side(LARGE, many, _issue_largest)
        keys = _fill(lab, large, postgres, round(KEYS * share), round(SCOPES * share))
        times = {}
        with serving(lab, (small, large), postgres):
            for call in CALLS:
                with step(f"{size} calls: {' '.join(call)}"):
                    times[call] = alternate((small, large), *call, size)
        grown = [
            _growth(lab, large, postgres, secrets_)
            for secrets_ in (list(repeat(keys[0], len(keys))), keys)
        ]
    return _report(times, grown, len(keys))


def _issue_largest(stage) -> str:
    """Issue a key whose scope has a rule for very many models, the called one last."""
    domain = [["transient", "=", False], ["abstract", "=", False]]
    names = stage.admin.call("ir.model", "search_read", domain, ["model"], order="id")
    others = [
        Rule(name["model"], "r")
        for name in names
        if not name["model"].startswith(NOT_AMONG_OTHERS)
    ]
    others = others[: RULES_OF_LARGEST - 1]
    assert len(others) == RULES_OF_LARGEST - 1, f"There are {len(others)} models only."
    return issue_scoped(stage, (*others, RULES[-1]))


def _fill(lab, side, postgres, keys: int, scopes: int) -> list:
    """Make scopes as an administrator does, and keys that share them.

    :return: the secrets
    """
    with lab.server(side.database, environment=postgres.variables) as server:
        stage = Stage(server, side.database)
        values = scope_values(stage)
        made = []
        with step(f"Making {scopes} scopes", watch=lambda: f"{len(made)} scopes"):
            while len(made) < scopes:
                batch = range(len(made), min(len(made) + BATCH, scopes))
                vals_list = [{**values, "name": f"Shop {number}"} for number in batch]
                made += stage.admin.call("apikey.scope", "create", vals_list)
    rows = []
    with step(f"Hashing {keys} keys", watch=lambda: f"{len(rows)} keys"):
        shown = [secrets.token_hex(SECRET) for _number in range(keys)]
        for number, secret in enumerate(shown):
            key = HASHES.hash(secret), secret[:INDEX], made[number % scopes]
            rows.append((f"Shop {number}", stage.uid, *key))
    with connect(side.database, **postgres.address) as cursor:
        execute_values(cursor, INSERT, rows, template=ROW)
        cursor.execute("ANALYZE")
    return shown


def _growth(lab, side, postgres, keys) -> float:
    """Call once with each key. :return: by how many MB the server's memory has grown"""
    with serving(lab, (side,), postgres):
        secret = "0" * len(keys[0])
        client = Json2(side.server.url, side.database, secret)
        wire = recorded(client, lambda twin: _read(twin, side))
        for _number in range(WARM_UP):  # all but what the keys themselves bring
            wire.call(secret, keys[0])
        before = _memory(side.server)
        with step(f"{len(keys)} calls with {len(set(keys))} keys"):
            for key in keys:
                wire.call(secret, key)
        return _memory(side.server) - before


def _memory(server) -> float:
    """Return a server's resident set, in MB.

    Not its unique set: that grows when a neighbour goes that shared its libraries.
    """
    return psutil.Process(server.pid).memory_info().rss / MEGABYTE


def _read(client, side):
    calls.call(client, "search_read", side.partners[0], "")


def _report(times, grown, keys):
    say(
        f"\n{keys} keys, and a scope of {RULES_OF_LARGEST} rules, the needed one last\n"
    )
    say(f"| call | few keys | {LARGE} | ratio |")
    say("| --- | ---: | ---: | ---: |")
    figures = {}
    for call, of_sides in times.items():
        few, many = (statistics.median(of_sides[name]) * 1000 for name in (OURS, LARGE))
        figures[("scale", *call)] = many / few
        say(f"| {' '.join(call)} | {few:.2f} ms | {many:.2f} ms | {many / few:.2f} |")
    by_one, by_each = grown
    figures["scale", "memory, MB"] = by_each - by_one
    say(f"\n| a server's memory after {keys} calls | grown by |")
    say("| --- | ---: |")
    say(f"| with one key | {by_one:.1f} MB |")
    say(f"| with each key once | {by_each:.1f} MB |")
    return figures
