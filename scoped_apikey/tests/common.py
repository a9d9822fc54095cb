# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the tests stand on: scopes, keys, and calls by each transport.

Three ways to make a call, each as near to a real one as its tests need:

- ``decide()``: the room alone, without a request;
- ``serve()``: through the entrance of RPC, with a call stamped on a request that is none;
- ``CallCase.call()``: over HTTP, by a real client, with real commits.
"""

import xmlrpc.client
from contextlib import contextmanager
from types import SimpleNamespace
from typing import NamedTuple
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.modules.registry import DummyRLock, Registry
from odoo.service import model as service
from odoo.tests import HttpCase, TransactionCase, get_db_name
from odoo.tests.common import Transport

from .. import sealing
from ..call import Call, Key
from ..footprint.arguments import Arguments
from ..rooms import refused
from ..rooms.decide import check_grants
from ..seams import requests as seam

OPERATIONS = ("read", "write", "create", "unlink")
TRANSPORTS = ("json2", "xmlrpc2", "xmlrpc1", "jsonrpc")
LOGGED_AS = {
    "json2": "json2",
    "xmlrpc2": "xmlrpc",
    "xmlrpc1": "xmlrpc",
    "jsonrpc": "jsonrpc",
}


def rule(env, model=None, perms="", fields=(), **values):
    """Return the command that creates a rule.

    :param str model: the model it names; ``None`` for any model
    :param str perms: operations, such as ``"read write"``
    :param fields: names of the only fields
    """
    if model is None:
        values["any_model"] = True
    else:
        values["model_id"] = env["ir.model"]._get_id(model)
    values |= {f"perm_{operation}": True for operation in perms.split()}
    if fields:
        ids = [env["ir.model.fields"]._get_ids(model)[name] for name in fields]
        values["field_ids"] = [Command.set(ids)]
    return Command.create(values)


def make_scope(env, *rules, name="Enrichment", tz="UTC", **values):
    return env["apikey.scope"].create(
        {"name": name, "tz": tz, "rule_ids": list(rules), **values}
    )


def make_key(env, user, scope, name="n8n", expiration_date=False):
    """Issue a key, scoped or not, and return its secret."""
    keys = env["res.users.apikeys"]
    if scope is None:
        return keys.with_user(user).sudo()._generate(None, name, expiration_date)
    return keys._generate_scoped(user, scope, name, expiration_date)


def key_of(env, secret):
    """Return the row of a key."""
    return env["res.users.apikeys"].browse(
        env["res.users.apikeys"]._find_by_secret(secret).key.id
    )


def make_user(env, login, *groups):
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": login.title(),
                "login": login,
                "group_ids": [Command.set([env.ref(group).id for group in groups])],
            }
        )
    )


def calls(env, where="true", *values):
    """Return rows of the call log, oldest first, as the database has them."""
    env.cr.execute(f"SELECT * FROM apikey_call WHERE {where} ORDER BY id", values)
    return env.cr.dictfetchall()


def calls_apart(env, where="true", *values):
    """Return rows of the call log that are committed, though a test may be in one transaction."""
    with sealing.environment(env.cr.dbname) as apart:
        return calls(apart, where, *values)


def events(env, where="true", *values):
    """Return rows of the history, oldest first, as the database has them."""
    env.cr.execute(f"SELECT * FROM apikey_history WHERE {where} ORDER BY id", values)
    return env.cr.dictfetchall()


@contextmanager
def stamped(call):
    """Let a call be served, without the request that it would be stamped on."""
    request = SimpleNamespace(
        httprequest=SimpleNamespace(path="/here", remote_addr="127.0.0.1")
    )
    if call is not None:
        seam.stamp(request, call)
    token = seam._borrowed.set(request)
    try:
        yield request
    finally:
        seam._borrowed.reset(token)


class ScopedCase(TransactionCase):
    """Scopes, keys and calls inside one transaction."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.user = make_user(
            cls.env, "integration", "base.group_user", "base.group_partner_manager"
        )
        cls.keys = cls.env["res.users.apikeys"]

    def rule(self, model=None, perms="", fields=(), **values):
        return rule(self.env, model, perms, fields, **values)

    def scope(self, *rules, **values):
        return make_scope(self.env, *rules, **values)

    def key(self, scope=None, user=None, name="n8n", expiration_date=False):
        """Issue a key and return its row."""
        secret = make_key(self.env, user or self.user, scope, name, expiration_date)
        return key_of(self.env, secret)

    def call_with(self, key, model=None, method=None, address="127.0.0.1", dbname=None):
        """Return a call as it leaves the first room."""
        call = Call(dbname or self.env.cr.dbname, "xmlrpc", address, model, method)
        if key is not None:
            known = self._known(key)
            call.identify(known.user_id, known.login, known)
        call.accept()
        return call

    def _known(self, key):
        self.env.flush_all()
        original = self.keys._find_by_secret
        self.env.cr.execute(
            "SELECT index, key FROM res_users_apikeys WHERE id = %s", [key.id]
        )
        [(index, hashed)] = self.env.cr.fetchall()

        class Anything:
            @staticmethod
            def verify(_secret, other):
                return other == hashed

        with self._patched_crypt(Anything):
            return original(index + "0" * 32).key

    def _patched_crypt(self, context):
        return patch(
            "odoo.addons.scoped_apikey.models.res_users_apikeys.KEY_CRYPT_CONTEXT",
            context,
        )

    def decide(
        self, scope, model, method, ids=None, context=None, /, *, by=None, **kwargs
    ):
        """Ask the room whether a key of the scope may make a call.

        :param by: the user, if it is not the usual one
        :return: the arguments to run with
        :raise AccessError: it may not
        """
        user = by or self.user
        call = Call(self.env.cr.dbname, "json2", "127.0.0.1", model, method)
        key = Key(
            1, "n8n", user.id, user.login, True, scope.id, scope.name, scope.version
        )
        call.identify(user.id, user.login, key)
        call.accept()
        ids = kwargs.pop("ids", ids)
        arguments = Arguments(model, method, ids, (), kwargs, context or {})
        return check_grants(self.env(user=user.id), call, arguments)

    def refusal(self, *args, **kwargs):
        """Return the sentence that refuses a call."""
        with self.assertRaises(AccessError) as caught:
            self.decide(*args, **kwargs)
        return str(caught.exception)

    def why(self, scope, model, method, /, *args, **kwargs):
        """Return a refusal without the words that are the same for all."""
        sentence = self.refusal(scope, model, method, *args, **kwargs)
        head, colon, reason = sentence.partition(": ")
        self.assertEqual(
            head + colon,
            f'Key "n8n" (scope "Enrichment") may not call {model}.{method}: ',
        )
        return reason

    def serve(self, key, model, method, /, *args, user=None, call=None, **kwargs):
        """Make a call through the entrance of RPC, as far as it needs no request.

        :param key: a key, or ``None`` for a password
        :return: the answer
        """
        user = user or (key and key.user_id) or self.user
        call = call or self.call_with(key, model, method)
        records = self.env(user=user.id, su=False)[model]
        # A request begins with an empty cache.
        self.env.flush_all()
        self.env.invalidate_all()
        forbidden = vars(self.cr).get("commit")  # TransactionCase forbids to commit
        transaction = self.env.transaction
        default_env, transaction.default_env = transaction.default_env, records.env
        try:
            with stamped(call):
                return service.call_kw(records, method, list(args), kwargs)
        finally:
            transaction.default_env = default_env
            if forbidden:
                self.cr.commit = forbidden

    @contextmanager
    def serving(self, key):
        """Let a call be running, as while its method runs."""
        call = self.call_with(key, "res.partner", "action_anything")
        call.running = True
        with stamped(call):
            yield call


class Answer(NamedTuple):
    """What a client got, whatever the transport.

    :param code: the HTTP status, fault code or exception's name; ``None``: a result
    """

    code: int | str | None
    message: str
    result: object
    headers: dict
    text: str


class CallCase(HttpCase):
    """Calls over HTTP, by real clients, with real commits.

    A test cursor would forget, with the transaction of a refused call, the row that is
    written apart from it, and knows nothing of commits. So what is made here is
    committed, and deleted when the class is done; but for the rows of the logs, which
    nobody can delete.
    """

    registry_test_mode = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo's runner holds this lock while tests run, and a request would wait for it.
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        # All calls of all tests come from one address.
        cls.startClassPatcher(patch.object(refused, "ROWS_A_MINUTE", 10_000))
        # The class's own cursor must not hold locks that a call would wait for.
        type(cls.cr).rollback(cls.cr)
        cls.db = get_db_name()
        cls._made = []
        cls.addClassCleanup(cls._clean_up)
        with cls.committing() as env:
            cls.user_id = cls.make(
                make_user(
                    env, "integration", "base.group_user", "base.group_partner_manager"
                )
            ).id
            cls.partner_id = cls.make(env["res.partner"].create({"name": "Ada"})).id

    @classmethod
    @contextmanager
    def committing(cls):
        """Give a superuser's environment whose changes are committed."""
        with cls.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    @classmethod
    def make(cls, records):
        """Remember records to be deleted when the class is done."""
        cls._made.append((records._name, records.ids))
        return records

    @classmethod
    def _clean_up(cls):
        with cls.committing() as env:
            env.cr.execute("DELETE FROM res_users_apikeys WHERE name = 'n8n'")
            for model, ids in reversed(cls._made):
                env[model].browse(ids).exists().unlink()

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            env.cr.execute("SELECT COALESCE(max(id), 0) FROM apikey_call")
            [self._mark] = env.cr.fetchone()

    def issue(self, *rules, user_id=None, expiration_date=False, **values):
        """Issue a key under a new scope.

        :param rules: of each, what ``rule()`` takes, values last and in a mapping
        """
        with self.committing() as env:
            commands = [
                rule(env, *args[:-1], **args[-1])
                if isinstance(args[-1], dict)
                else rule(env, *args)
                for args in rules
            ]
            scope = self.make(make_scope(env, *commands, **values))
            user = env["res.users"].browse(user_id or self.user_id)
            return make_key(env, user, scope, "n8n", expiration_date)

    def issue_unscoped(self, user_id=None):
        with self.committing() as env:
            user = env["res.users"].browse(user_id or self.user_id)
            return make_key(env, user, None)

    def change_key(self, secret, assignments):
        """Change a key behind the back of the ORM."""
        with self.committing() as env:
            env.cr.execute(
                f"UPDATE res_users_apikeys SET {assignments} WHERE index = %s",
                [secret[:8]],
            )
            self.assertEqual(env.cr.rowcount, 1)

    def rows(self):
        """Return the rows of the call log that this test has caused so far."""
        with self.committing() as env:
            return calls(env, "id > %s", self._mark)

    def one_row(self):
        [row] = self.rows()
        return row

    def count_partner(self, transport, secret):
        return self.call(
            transport,
            secret,
            "res.partner",
            "search_count",
            domain=[("id", "=", self.partner_id)],
        )

    def call(self, transport, secret, model, method, ids=None, /, **kwargs):
        """Make a call, as a client of the transport does."""
        return getattr(self, f"_call_{transport}")(secret, model, method, ids, kwargs)

    def _call_json2(self, secret, model, method, ids, kwargs):
        if ids is not None:
            kwargs = {"ids": ids, **kwargs}
        return self.post(f"/json/2/{model}/{method}", kwargs, secret)

    def post(self, path, body, secret=None):
        headers = {"X-Odoo-Database": self.db}
        if secret:
            headers["Authorization"] = f"bearer {secret}"
        response = self.url_open(path, json=body, headers=headers, method="POST")
        is_json = "json" in response.headers.get("Content-Type", "")
        content = response.json() if is_json else response.text
        if response.status_code == 200:
            return Answer(None, "", content, response.headers, response.text)
        message = content.get("message") if isinstance(content, dict) else content
        return Answer(
            response.status_code, message, None, response.headers, response.text
        )

    @staticmethod
    def _positional(ids, kwargs):
        """RPC takes the values of ``create`` by position only."""
        args = [] if ids is None else [ids]
        if "vals_list" in kwargs:
            args.append(kwargs.pop("vals_list"))
        return args

    def _call_xmlrpc2(
        self, secret, model, method, ids, kwargs, path="/xmlrpc/2/object"
    ):
        proxy = xmlrpc.client.ServerProxy(
            self.base_url() + path, transport=Transport(self), allow_none=True
        )
        args = self._positional(ids, kwargs)
        try:
            result = proxy.execute_kw(
                self.db, self.user_id, secret, model, method, args, kwargs
            )
        except xmlrpc.client.Fault as fault:
            text = str(fault.faultString)
            return Answer(fault.faultCode, text, None, {}, f"{fault.faultCode} {text}")
        return Answer(None, "", result, {}, repr(result))

    def _call_xmlrpc1(self, secret, model, method, ids, kwargs):
        return self._call_xmlrpc2(secret, model, method, ids, kwargs, "/xmlrpc/object")

    def _call_jsonrpc(self, secret, model, method, ids, kwargs):
        args = self._positional(ids, kwargs)
        return self.jsonrpc(
            "object",
            "execute_kw",
            [self.db, self.user_id, secret, model, method, args, kwargs],
        )

    def jsonrpc(self, service_name, method, args):
        response = self.url_open(
            "/jsonrpc",
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "method": "call",
                "params": {"service": service_name, "method": method, "args": args},
            },
        )
        answer = response.json()
        if "error" in answer:
            data = answer["error"]["data"]
            return Answer(data["name"], data["message"], None, {}, response.text)
        return Answer(None, "", answer.get("result"), {}, response.text)

    def authenticate_by(self, transport, secret, login="integration", agent=None):
        """Ask ``common`` who one is, as a client of the transport does."""
        args = [self.db, login, secret]
        args += [{} if agent is None else agent]
        if transport == "jsonrpc":
            answer = self.jsonrpc("common", "authenticate", args)
            self.assertIsNone(answer.code, answer.text)
            return answer.result
        path = "/xmlrpc/common" if transport == "xmlrpc1" else "/xmlrpc/2/common"
        proxy = xmlrpc.client.ServerProxy(
            self.base_url() + path, transport=Transport(self), allow_none=True
        )
        return proxy.authenticate(*args)
