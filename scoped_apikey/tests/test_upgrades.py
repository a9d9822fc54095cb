# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Upgrades fail closed: what this release of Odoo does not have is on no list yet.

A failure here is a piece of work: look at what is new, and put it on the right list.
"""

import inspect
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.service.model import get_public_method
from odoo.tests import tagged

from ..policy import catalogue
from .common import OPERATIONS, ScopedCase

ALL = " ".join(OPERATIONS)

KNOWN_OVERRIDES = {
    # (model that overrides, method): its parameters, and why they need no care
    ("iap.account", "web_read"): (
        ("*args", "**kwargs"),
        "hands everything on, after it has asked for the balance of the accounts",
    ),
    ("iap.account", "web_save"): (
        ("*args", "**kwargs"),
        "hands everything on, after it has refreshed the accounts",
    ),
    ("project.tags", "search_read"): (
        ("domain", "fields", "offset", "limit", "order"),
        "takes no load, so Odoo refuses one; the rest is as everywhere",
    ),
    ("account.move", "search_read"): (
        ("domain", "fields", "offset", "limit", "order", "**read_kwargs"),
        "as in base, which hands what it does not know on to read",
    ),
    ("account.move.line", "search_read"): (
        ("domain", "fields", "offset", "limit", "order", "**read_kwargs"),
        "as in base, which hands what it does not know on to read",
    ),
}


def parameters_of(function):
    """Return the names of a method's parameters, stars included, without ``self``."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    stars = {
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    return tuple(stars.get(one.kind, "") + one.name for one in parameters)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestUpgrades(ScopedCase):
    def public_methods(self, model):
        """Return the methods of a model that Odoo lets anybody call."""
        names = set()
        # What every class has is not in ``dir``, and can be called all the same.
        for name in (*dir(type(model)), *dir(type)):
            try:
                get_public_method(model, name)
            except (AccessError, AttributeError):
                continue
            names.add(name)
        return names

    def test_every_public_method_of_base_is_classified(self):
        methods = self.public_methods(self.env["base"])
        self.assertGreater(len(methods), 40)
        known = set(catalogue.GENERIC_METHODS) | catalogue.WEB_CLIENT_METHODS
        self.assertEqual(methods - known, set())
        self.assertEqual(set(catalogue.GENERIC_METHODS) - methods, set())

    def test_one_that_is_new_is_refused(self):
        """A later release's method of every model, before somebody has looked at it."""

        def web_do_anything(self, vals):
            raise AssertionError("it was called")

        self.startPatcher(
            patch.object(
                self.env.registry["base"],
                "web_do_anything",
                web_do_anything,
                create=True,
            )
        )
        scope = self.scope(self.rule("res.partner", ALL, any_method=True))
        self.assertIn(
            "serves the web client",
            self.why(scope, "res.partner", "web_do_anything", [1], vals={}),
        )
        self.assertNotEqual(
            self.public_methods(self.env["base"])
            - set(catalogue.GENERIC_METHODS)
            - catalogue.WEB_CLIENT_METHODS,
            set(),
        )

    def overrides(self):
        """Yield (model, method, parameters) where a generic method's are not the list's."""
        for name, model in self.env.registry.items():
            for base in model.mro():
                if getattr(base, "_name", None) != name:
                    continue  # it is looked at as what it is
                for method, expected in catalogue.GENERIC_METHODS.items():
                    function = vars(base).get(method)
                    if function is None:
                        continue
                    parameters = parameters_of(function)
                    if parameters != expected:
                        yield name, method, parameters

    def test_every_override_with_another_signature_is_known(self):
        found = {
            (name, method): parameters for name, method, parameters in self.overrides()
        }
        found.pop(("base", "search_read"), None)
        for key, parameters in found.items():
            with self.subTest(key):
                self.assertIn(key, KNOWN_OVERRIDES)
                self.assertEqual(parameters, KNOWN_OVERRIDES[key][0])
        # What the list knows and the database has not is no lie, but what it has is there.
        for key in KNOWN_OVERRIDES:
            if key[0] in self.env:
                self.assertIn(key, found)

    def test_an_override_with_another_signature_is_found(self):
        def search(self, domain, offset=0, limit=None, order=None, as_user=None):
            raise AssertionError("it was called")

        model = type(self.env["res.partner.category"])
        self.patch(model, "search", search)
        self.assertIn(
            (
                "res.partner.category",
                "search",
                ("domain", "offset", "limit", "order", "as_user"),
            ),
            list(self.overrides()),
        )

    def test_a_parameter_that_is_new_is_refused(self):
        scope = self.scope(self.rule("res.partner.category", ALL))
        self.assertIn(
            "as_user is not understood",
            self.why(scope, "res.partner.category", "search", domain=[], as_user=1),
        )

    def test_keys_that_later_releases_make_and_revoke(self):
        """``generate`` and ``revoke``, public and open to administrators, on the key."""

        def called(self, *args, **kwargs):
            raise AssertionError("it was called")

        model = type(self.env["res.users.apikeys"])
        for method in ("generate", "revoke"):
            self.startPatcher(patch.object(model, method, called, create=True))
            with self.assertRaisesRegex(ValidationError, "out of reach"):
                self.scope(self.rule("res.users.apikeys", methods=method))
        rules = (
            self.rule(None, ALL, any_method=True),
            self.rule("res.users", ALL, any_method=True),
        )
        arguments = {
            "generate": ["secret", "rpc", "name", "2030-01-01"],
            "revoke": ["secret"],
        }
        for mode in ("enforce", "observe"):
            scope = self.scope(*rules, mode=mode)
            key = self.key(scope, self.admin)
            for method, args in arguments.items():
                for given in (args, [[1], *args], []):
                    with self.subTest(mode=mode, method=method, given=given):
                        with self.assertRaises(AccessError) as caught:
                            self.serve(key, "res.users.apikeys", method, *given)
                        self.assertIn(
                            "(res.users.apikeys) is out of reach of every scoped key",
                            str(caught.exception),
                        )
            # An unscoped key calls it, or the test would prove nothing.
            with self.assertRaisesRegex(AssertionError, "it was called"):
                self.serve(self.key(), "res.users.apikeys", "revoke", "secret")
