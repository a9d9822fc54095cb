# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes calls over HTTP on a real server, with real keys; what they change, they change."""

import json
import zlib
from typing import NamedTuple

from lab.clients import Json2, JsonRpc, XmlRpc

from . import changes
from .entrance import ALLOWED, DENIED, ERROR, JSON2, Answer


class Caller(NamedTuple):
    """Who calls, and with what."""

    user_id: int
    login: str
    secret: str


class Wire:
    """Calls on a server.

    :param env: a superuser's environment on the server's database
    :param url: of the server
    """

    undoes = False

    def __init__(self, env, url: str):
        self.registry = env.registry
        self.url = url
        self.cr = self.registry.cursor()

    def key(self, env, scope, user):
        """Issue a key of a scope."""
        secret = env["res.users.apikeys"]._generate_scoped(user, scope, "fuzz", False)
        return Caller(user.id, user.login, secret)

    def call(self, key: Caller, fuzzed) -> Answer:
        """Make a call, and see what came of it."""
        mark, row = changes.mark(self.cr), self._last_row()
        self.cr.rollback()
        try:
            answer = self._client(key, fuzzed)
        except (OverflowError, TypeError, ValueError, AttributeError):
            return Answer(ERROR, "", "{}", [])  # no client can write such a call
        kind = ALLOWED if answer.ok else ERROR
        rows = self._rows_after(row)
        if not answer.ok and any('"denied"' in text for text in rows):
            kind = DENIED
        changed = changes.since(self.cr, mark)
        self.cr.rollback()
        raw = str(answer.raw) if isinstance(answer.raw, Exception) else answer.raw
        text = json.dumps([answer.headers and dict(answer.headers), raw], default=str)
        return Answer(kind, text, " ".join(rows) or "{}", changed)

    def _client(self, key, fuzzed):
        database = self.cr.dbname
        if fuzzed.transport == JSON2:
            params = fuzzed.for_json2()
            del params["__model__"], params["__method__"]
            client = Json2(self.url, database, key.secret)
            return client.call(fuzzed.model, fuzzed.method, kwargs=params)
        args, kwargs = fuzzed.for_rpc()
        caller = (self.url, database, key.login, key.secret, key.user_id)
        door = zlib.crc32(fuzzed.describe().encode()) % 3
        client = JsonRpc(*caller) if not door else XmlRpc(*caller, version=door)
        return client.call(fuzzed.model, fuzzed.method, args=args, kwargs=kwargs)

    def _last_row(self):
        self.cr.execute("SELECT COALESCE(max(id), 0) FROM apikey_call")
        return self.cr.fetchone()[0]

    def _rows_after(self, row):
        self.cr.execute(
            "SELECT to_jsonb(c)::text FROM apikey_call c WHERE id > %s ORDER BY id",
            [row],
        )
        return [text for (text,) in self.cr.fetchall()]
