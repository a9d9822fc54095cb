# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Takes a wall away, to see that what leaks then is found. Nothing else may use this."""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from odoo.addons.scoped_apikey.rooms.wall import Wall
from odoo.addons.scoped_apikey.seams import http_bearer, rpc
from odoo.fields import Domain


@contextmanager
def without_decision():
    """Let every call run as it came, as though its footprint had been granted."""

    def check_grants(_env, call, arguments):
        call.granted = None
        return arguments

    with (
        patch.object(rpc, "check_grants", check_grants),
        patch.object(http_bearer, "check_grants", check_grants),
    ):
        yield


@contextmanager
def without_second_wall():
    """Let the ORM go to the stores of secrets, as stock Odoo does.

    The domains of the rules that granted a call hold on: those are no second wall.
    """

    def record_domain(self, env, model, operation):
        if self.granted and self.granted.knows(model, operation):
            return self.granted.domain(env, model, operation)
        return Domain.TRUE

    with (
        patch.object(Wall, "refusal_of", lambda *_args: None),
        patch.object(Wall, "refusal_of_field", lambda *_args: None),
        patch.object(Wall, "record_domain", record_domain),
    ):
        yield


SWITCHES = {"decision": without_decision, "second_wall": without_second_wall}


@contextmanager
def without(names):
    """Take several walls away. :param names: of ``SWITCHES``"""
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(SWITCHES[name]())
        yield
