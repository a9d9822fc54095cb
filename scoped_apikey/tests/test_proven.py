# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a worker remembers of keys and scopes saves work, and decides nothing."""

import gc
import hashlib
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

from odoo import sql_db
from odoo.addons.base.models.res_users import KEY_CRYPT_CONTEXT
from odoo.modules.registry import Registry
from odoo.tests import tagged
from odoo.tools import mute_logger

from .. import keyring, proven
from ..rooms.policies import policy_of
from ..seams import signals
from .common import TRANSPORTS, CallCase, ScopedCase, make_key

NOT_VALID = {
    "json2": 401,
    "xmlrpc2": 3,
    "xmlrpc1": "AccessDenied",
    "jsonrpc": "odoo.exceptions.AccessDenied",
}


@contextmanager
def counted(owner, name):
    """Count the calls of a function, which does what it does."""
    original = getattr(owner, name)
    calls = []

    def counting(*args, **kwargs):
        calls.append(args)
        return original(*args, **kwargs)

    with patch.object(owner, name, counting):
        yield calls


def hashing():
    """Count how often a hash is computed, by the addon or by Odoo."""
    return counted(KEY_CRYPT_CONTEXT.__obj__, "verify")


@contextmanager
def compiling(env):
    """Collect the ids of the scopes that are compiled."""
    scopes = env.registry["apikey.scope"]
    original = scopes._compile
    compiled = []

    def compiling(self):
        compiled.append(self.id)
        return original(self)

    with patch.object(scopes, "_compile", compiling):
        yield compiled


def reachable(root):
    """Return all objects that one leads to, but for modules, classes and functions."""
    found, todo = {}, [root]
    while todo:
        one = todo.pop()
        if id(one) not in found:
            found[id(one)] = one
            todo += [
                other
                for other in gc.get_referents(one)
                if isinstance(other, (dict, list, tuple, set, str, bytes, bytearray))
            ]
    return list(found.values())


@tagged("post_install", "-at_install", "scoped_apikey")
class TestProven(ScopedCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(proven, "_proofs", type(proven._proofs)()))

    def find(self, secret):
        return self.keys._find_by_secret(secret)

    # -- a hash is computed once

    def test_a_secret_is_hashed_once(self):
        for scope in (self.scope(), None):
            secret = make_key(self.env, self.user, scope)
            with hashing() as hashed:
                found = [self.find(secret) for _time in range(5)]
            self.assertEqual(len(hashed), 1)
            self.assertEqual(set(found), {found[0]})
            self.assertTrue(found[0])

    def test_each_of_two_with_the_same_beginning_is_its_own(self):
        secrets = [make_key(self.env, self.user, self.scope()) for _time in range(2)]
        ids = {self.find(secret).key.id for secret in secrets}
        for secret in secrets:
            self.env.cr.execute(
                "UPDATE res_users_apikeys SET index = 'abcdef00', key = %s"
                " WHERE index = %s",
                [KEY_CRYPT_CONTEXT.hash("abcdef00" + secret[8:]), secret[:8]],
            )
        found = set()
        for secret in secrets * 2:
            found.add(self.find("abcdef00" + secret[8:]).key.id)
        self.assertEqual(found, ids)

    def test_guesses_fill_nothing(self):
        secret = make_key(self.env, self.user, self.scope())
        guesses = [secret[:8] + f"{number:032x}" for number in range(5)]
        with hashing() as hashed:
            for guess in guesses * 2:
                self.assertIsNone(self.find(guess))
        self.assertEqual(len(hashed), 10, "each is computed each time")
        self.assertFalse(proven._proofs)
        self.assertTrue(self.find(secret))
        self.assertEqual(len(proven._proofs), 1)

    def test_what_is_no_text_of_a_database_proves_nothing(self):
        for secret in ("\ud800" * 40, "\udfff" + "0" * 39, "0" * 39 + "\ud800"):
            self.assertIsNone(self.find(secret))

    # -- what is remembered

    def test_no_secret_is_remembered(self):
        secret = make_key(self.env, self.user, self.scope())
        self.find(secret)
        self.assertEqual(len(proven._proofs), 1)
        for one in reachable(proven._proofs):
            text = one if isinstance(one, bytes) else str(one).encode()
            for part in (secret, secret[8:], secret[:8], secret[-8:]):
                self.assertNotIn(part.encode(), text)

    def test_nothing_can_be_recomputed_by_another_process(self):
        """Which could try out secrets, much faster than by the hash of the database."""
        secret = make_key(self.env, self.user, self.scope())
        self.find(secret)
        [proof] = proven._proofs
        self.env.cr.execute(
            "SELECT key FROM res_users_apikeys WHERE index = %s", [secret[:8]]
        )
        [[hashed]] = self.env.cr.fetchall()
        self.assertEqual(proof, proven._digest(secret, hashed))
        with patch.object(proven, "_own_key", b"another" * 9):
            self.assertNotEqual(proof, proven._digest(secret, hashed))
        text = f"{hashed}\0{secret}".encode()
        for name in hashlib.algorithms_guaranteed - {"shake_128", "shake_256"}:
            self.assertNotIn(hashlib.new(name, text).digest()[:16], proof)
        self.assertNotEqual(proof, hashlib.blake2b(text, digest_size=32).digest())
        self.assertEqual(len(proven._own_key), 64)

    def test_the_proofs_that_were_used_last_are_kept(self):
        computed = []

        def verify(secret, _hashed):
            computed.append(secret)
            return True

        with patch.object(proven, "KEPT", 3):
            for secret in "abcadacd":
                self.assertTrue(proven.proves(secret, "hash", verify))
            self.assertEqual("".join(computed), "abcd")
            self.assertEqual(len(proven._proofs), 3)
            proven.proves("b", "hash", verify)
            self.assertEqual("".join(computed), "abcdb", "it had to go for d")
            for number in range(50):
                proven.proves(str(number), "hash", verify)
            self.assertEqual(len(proven._proofs), 3)

    def test_secret_and_hash_are_told_apart(self):
        self.assertTrue(proven.proves("bc", "a", lambda *_both: True))
        self.assertFalse(proven.proves("c", "ab", lambda *_both: False))
        self.assertFalse(proven.proves("abc", "", lambda *_both: False))

    # -- what is seen at the very next call, though it is proven

    def change(self, secret, assignments):
        self.env.cr.execute(
            f"UPDATE res_users_apikeys SET {assignments} WHERE index = %s", [secret[:8]]
        )
        self.assertEqual(self.env.cr.rowcount, 1)

    def test_a_changed_hash(self):
        secret = make_key(self.env, self.user, self.scope())
        self.assertTrue(self.find(secret))
        other = KEY_CRYPT_CONTEXT.hash("f" * 40)
        self.change(secret, f"key = '{other}'")
        with hashing() as hashed:
            self.assertIsNone(self.find(secret))
        self.assertEqual(len(hashed), 1)

    def test_a_removed_key(self):
        secret = make_key(self.env, self.user, self.scope())
        self.find(secret)
        self.env.cr.execute(
            "DELETE FROM res_users_apikeys WHERE index = %s", [secret[:8]]
        )
        self.assertIsNone(self.find(secret))

    def test_a_key_that_expired_or_is_suspended(self):
        secret = make_key(self.env, self.user, self.scope())
        known = self.find(secret)
        self.assertFalse(known.expired or known.suspended)
        self.change(
            secret, "expiration_date = now() AT TIME ZONE 'utc' - interval '1s'"
        )
        self.assertTrue(self.find(secret).expired)
        self.change(secret, "expiration_date = NULL, suspended = true")
        self.assertEqual(
            self.find(secret), known._replace(expired=False, suspended=True)
        )

    def test_an_archived_user(self):
        secret = make_key(self.env, self.user, self.scope())
        self.assertTrue(self.find(secret).user_active)
        self.env.cr.execute(
            "UPDATE res_users SET active = false, login = 'gone' WHERE id = %s",
            [self.user.id],
        )
        found = self.find(secret)
        self.assertFalse(found.user_active)
        self.assertEqual(found.key.login, "gone")

    def test_a_key_of_another_door(self):
        secret = make_key(self.env, self.user, None)
        self.assertTrue(self.find(secret))
        self.change(secret, "scope = 'odoo.plugin.outlook'")
        self.assertIsNone(self.find(secret))

    def test_another_scope_and_another_version(self):
        scope, other = self.scope(), self.scope(name="Other")
        secret = make_key(self.env, self.user, scope)
        key = self.find(secret).key
        scope.networks = "203.0.113.0/24"
        self.env.flush_all()
        again = self.find(secret).key
        self.assertEqual(again._replace(scope_version=key.scope_version), key)
        self.assertEqual(again.scope_version, scope.version)
        self.assertNotEqual(again.scope_version, key.scope_version)
        self.change(secret, f"scope_id = {other.id}")
        again = self.find(secret).key
        self.assertEqual((again.scope_id, again.scope_name), (other.id, "Other"))

    def test_a_scope_that_is_not_there(self):
        """Whatever let its row go: foreign keys are asked for by triggers, and those go."""
        secret = make_key(self.env, self.user, self.scope())
        self.env.cr.execute(
            "ALTER TABLE res_users_apikeys"
            " DROP CONSTRAINT res_users_apikeys_scope_id_fkey"
        )
        self.change(secret, "scope_id = 2000000000")
        key = self.find(secret).key
        self.assertTrue(key.scoped)
        self.assertIsNone(key.scope_id)

    # -- one question, and none about a policy that is there

    def test_one_query(self):
        secret = make_key(self.env, self.user, self.scope())
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.find(secret)
        with self.assertQueryCount(1):
            self.find(secret)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestPolicyKept(ScopedCase):
    def setUp(self):
        super().setUp()
        self.limited = self.scope(self.rule("res.partner", "read"))
        self.secret = make_key(self.env, self.user, self.limited)
        self.env.flush_all()

    def policy(self):
        key = self.keys._find_by_secret(self.secret).key
        return policy_of(self.env, SimpleNamespace(policy=None, key=key))

    def kept(self):
        return self.env["apikey.scope"]._kept_policies(self.limited.id)

    def test_a_version_is_compiled_once(self):
        with compiling(self.env) as compiled:
            policies = [self.policy() for _time in range(3)]
            self.assertEqual(compiled, [self.limited.id])
            self.assertIs(policies[0], policies[2])
            self.limited.networks = "203.0.113.0/24"
            self.env.flush_all()
            self.assertIsNot(self.policy(), policies[0])
            self.assertIs(self.policy(), self.policy())
            self.assertEqual(compiled, [self.limited.id] * 2)

    def test_only_the_newest_is_kept(self):
        for number in range(5):
            self.limited.networks = f"203.0.113.{number}"
            self.env.flush_all()
            policy = self.policy()
            self.assertEqual(self.kept(), {self.limited.version: policy})

    def test_another_scope_is_kept_apart(self):
        policy = self.policy()
        other = self.scope(name="Other", networks="203.0.113.7")
        secret = make_key(self.env, self.user, other)
        self.env.flush_all()
        key = self.keys._find_by_secret(secret).key
        self.assertIsNot(self.env["apikey.scope"]._policy(key), policy)
        with compiling(self.env) as compiled:
            self.assertIs(self.policy(), policy)
        self.assertFalse(compiled)

    def test_no_query_for_a_policy_that_is_there(self):
        policy = self.policy()
        key = self.keys._find_by_secret(self.secret).key
        self.env.invalidate_all()
        with self.assertQueryCount(0):
            self.assertIs(self.env["apikey.scope"]._policy(key), policy)

    def test_a_cleared_cache(self):
        """What a scope names may be gone, as a module of which it names a model."""
        self.policy()
        self.env.registry.clear_cache()
        with compiling(self.env) as compiled:
            self.policy()
        self.assertEqual(compiled, [self.limited.id])

    def test_what_is_rolled_back_is_not_taken_for_what_is(self):
        policy = self.policy()
        with self.env.cr.savepoint() as savepoint:
            self.limited.networks = "203.0.113.0/24"
            self.env.flush_all()
            self.assertTrue(self.policy().networks != policy.networks)
            savepoint.rollback()
        self.env.invalidate_all()
        self.assertEqual(self.policy().networks, policy.networks)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestProvenCalls(CallCase):
    """Real calls, by each door."""

    def test_all_doors_share_one_proof_and_one_policy(self):
        secret = self.issue(("res.partner", "read"))
        with hashing() as hashed, compiling(self.env) as compiled:
            for transport in TRANSPORTS * 2:
                self.assertEqual(self.count_partner(transport, secret).result, 1)
            for transport in TRANSPORTS[1:]:
                uid = self.authenticate_by(transport, secret)
                self.assertEqual(uid, self.user_id)
        # Whatever other tests make meanwhile, there is one of this key and scope.
        self.assertEqual(len([args for args in hashed if args[0] == secret]), 1)
        self.assertEqual(len(compiled), 1)

    @mute_logger("odoo.http", "odoo.addons.rpc.controllers.xmlrpc")
    def test_an_edit_is_seen_at_the_very_next_call(self):
        secret = self.issue(("res.partner", "read"))
        for transport in TRANSPORTS:
            self.assertEqual(self.count_partner(transport, secret).result, 1)
            self.change_scope(secret, networks="203.0.113.0/24")
            answer = self.count_partner(transport, secret)
            self.assertIn(answer.code, (403, NOT_VALID[transport]))
            self.change_scope(secret, networks="")
        self.change_key(secret, "suspended = true")
        for transport in TRANSPORTS:
            answer = self.count_partner(transport, secret)
            self.assertEqual(answer.code, NOT_VALID[transport])

    def change_scope(self, secret, **values):
        with self.committing() as env:
            key = env["res.users.apikeys"]._find_by_secret(secret).key
            env["apikey.scope"].browse(key.scope_id).write(values)

    # -- a replica is not asked

    @contextmanager
    def lagging_replica(self):
        """Serve read-only routes from a database that has stayed behind: a copy of the keys
        and scopes of now hides those of later.
        """
        with self.committing() as env:
            env.cr.execute("CREATE SCHEMA replica")
            for table in ("res_users_apikeys", "apikey_scope", "apikey_scope_rule"):
                env.cr.execute(
                    f"CREATE TABLE replica.{table} AS SELECT * FROM public.{table}"
                )
        pool = sql_db.ConnectionPool(8, readonly=True)
        info = {
            **sql_db.connection_info_for(self.db)[1],
            "options": "-c search_path=replica,public",
        }
        connection = sql_db.Connection(pool, self.db, info)
        try:
            with (
                patch.object(self.registry, "_db_readonly", connection),
                patch.object(self.registry, "_db_readonly_failed_time", None),
            ):
                yield
        finally:
            pool.close_all()
            with self.committing() as env:
                env.cr.execute("DROP SCHEMA replica CASCADE")

    @mute_logger("odoo.http")
    def test_a_replica_that_lags_is_not_asked(self):
        secret = self.issue(("res.partner", "read"))
        seen = []
        finding = keyring.find

        def find(cr, index):
            cr.execute(
                "SELECT current_schema(), current_setting('transaction_read_only')"
            )
            seen.append((cr.readonly, *cr.fetchone()))
            return finding(cr, index)

        with self.lagging_replica():
            with patch.object(keyring, "find", find):
                self.assertEqual(self.count_partner("json2", secret).result, 1)
            self.assertEqual(seen, [(False, "public", "off")])
            self.change_scope(secret, rule_ids=[(5,)])
            answer = self.count_partner("json2", secret)
            self.assertEqual(answer.code, 403, answer.text)
            self.change_key(secret, "suspended = true")
            self.assertEqual(self.count_partner("json2", secret).code, 401)
            with self.committing() as env:
                env.cr.execute(
                    "DELETE FROM res_users_apikeys WHERE index = %s", [secret[:8]]
                )
            self.assertEqual(self.count_partner("json2", secret).code, 401)
            fresh = self.issue(("res.partner", "read"))
            self.assertEqual(self.count_partner("json2", fresh).result, 1)

    # -- the signals of other workers

    def test_signals_are_read_once_a_request(self):
        secret = self.issue(("res.partner", "read"))
        self.count_partner("json2", secret)
        for transport in TRANSPORTS:
            with (
                self.subTest(transport),
                patch.object(signals, "FRESH", 60),
                counted(Registry, "get_sequences") as read,
            ):
                self.assertEqual(self.count_partner(transport, secret).result, 1)
                self.assertEqual(len(read), 1)

    def test_signals_that_were_read_long_ago_are_read_again(self):
        secret = self.issue(("res.partner", "read"))
        for transport in TRANSPORTS[1:]:
            with (
                self.subTest(transport),
                patch.object(signals, "FRESH", 0),
                counted(Registry, "get_sequences") as read,
            ):
                self.assertEqual(self.count_partner(transport, secret).result, 1)
                self.assertEqual(len(read), 2)

    def test_signals_outside_a_request_are_read_each_time(self):
        with counted(Registry, "get_sequences") as read:
            for _time in range(3):
                self.registry.check_signaling()
        self.assertEqual(len(read), 3)
