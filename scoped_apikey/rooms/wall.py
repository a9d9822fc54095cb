# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What stands around a call while it runs, whatever was read off its arguments.

Footprints are read from arguments, and arguments are endless; a route's arguments cannot be
read at all. So while such a call runs, the ORM asks here before it touches a model outside
sudo. Three kinds of wall:

- around a *business method*: none but the narrowed companies, for an author wrote its code;
- around a *generic method*: the stores of secrets that no rule names are out of reach, and
  so is changing what Odoo runs;
- around a *route*: all that no rule grants is out of reach.

The walls are known to the thread or greenlet that runs the call, and to no other.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..call import Call
from ..policy import catalogue
from ..policy.decide import Refusal
from ..policy.footprint import READ
from ..policy.rules import ALWAYS_READABLE, Policy, Rule
from .decide import error_of, lets_through, refuse
from .domains import hide_parameters, named_parameters
from .records import Granted, reach

BUSINESS, GENERIC, ROUTE = range(3)

_standing = ContextVar("scoped_apikey_wall", default=None)
_computing = ContextVar("scoped_apikey_computing", default=False)


@dataclass(frozen=True, slots=True)
class Wall:
    """The wall around one call.

    :param kind: ``BUSINESS``, ``GENERIC`` or ``ROUTE``, each stricter than the one before
    :param granted: what a call of a method was granted
    """

    call: Call
    policy: Policy
    kind: int
    granted: Granted | None = None

    @property
    def narrows(self) -> bool:
        """Whether what the ORM answers can differ from what it answers the user."""
        return self.kind > BUSINESS

    @property
    def is_full(self) -> bool:
        return self.kind == ROUTE

    def refusal_of(self, env, model: str, operation: str) -> Refusal | None:
        """Say why an operation on a model is out of reach."""
        if self.kind == BUSINESS:
            return None
        if self.is_full:
            return self._not_granted(env, model, operation)
        resource = _resource(env, model)
        # Not what is rendered: ordinary creates make composers, and send by templates.
        if catalogue.runs_code(model) and operation != READ:
            return Refusal("runs_code", resource, operation)
        if resource.secret and not self.policy.names_model(model):
            return Refusal("store", resource, operation)
        return None

    def refusal_of_field(self, env, model: str, operation: str, name: str):
        """Say why a field is out of reach: every rule that grants must grant the field.

        :param operation: as the ORM asks for it, to which creating is writing, too
        """
        if not self.is_full or name in ALWAYS_READABLE or _computing.get():
            return None
        operations = ("read",) if operation == "read" else ("write", "create")
        granting = [
            rules for one in operations if (rules := self.granting(env, model, one))
        ]
        resource = _resource(env, model)
        if not granting:
            return Refusal("operation", resource, operation)
        known = env["apikey.catalogue"]
        secret = name in known._by_name_of(model, operation)
        lookup = operation == READ and name in known._lookups_of(model)
        for rules in granting:
            if all(_grants_field(rule, name, secret or lookup) for rule in rules):
                return None
        code = "secrets" if secret else "lookups" if lookup else "fields"
        return Refusal(code, resource, operation, (name,))

    def granting(self, env, model: str, operation: str) -> tuple[Rule, ...]:
        """Return the rules that grant an operation on a model."""
        return self.policy.granting(_resource(env, model), operation)

    def record_domain(self, env, model: str, operation: str) -> Domain:
        """Return what is added to Odoo's record rules for a model.

        Where a scope observes, that is only what keeps secrets.
        """
        if self.policy.observe:
            return self._keep_secrets(env, model, operation)
        if self.is_full:
            granting = self.granting(env, model, operation)
            return reach(env, self.policy, model, operation, granting)
        if self.granted and self.granted.knows(model, operation):
            return self.granted.domain(env, model, operation)
        return (
            hide_parameters(operation) if model == catalogue.PARAMETERS else Domain.TRUE
        )

    def _keep_secrets(self, env, model, operation):
        if model != catalogue.PARAMETERS:
            return Domain.TRUE
        named = Domain.OR(
            named_parameters(rule) for rule in self.granting(env, model, operation)
        )
        return hide_parameters(operation) | named

    def _not_granted(self, env, model, operation):
        resource = _resource(env, model)
        if resource.off_limits:
            return Refusal("off_limits", resource)
        if resource.runs_code and operation != "read":
            return Refusal("runs_code", resource, operation)
        if not self.granting(env, model, operation):
            return Refusal("operation", resource, operation)
        return None

    def holds(self, env, refusal: Refusal | None) -> bool:
        """Tell whether something is refused; where a scope observes, note it instead."""
        return refusal is not None and not lets_through(env, self.call, refusal)

    def error(self, env, refusal: Refusal) -> AccessError:
        """Return the error that refuses, and remember why for the log."""
        return error_of(env, self.call, refusal)

    def enforce(self, env, refusal: Refusal | None):
        """Raise AccessError where something is refused."""
        if refusal is not None:
            refuse(env, self.call, refusal)


def _resource(env, model):
    return env["apikey.catalogue"]._resource(model)


def _grants_field(rule: Rule, name: str, secret: bool) -> bool:
    return name in rule.fields if rule.fields is not None else not secret


def wall_around(env, call, arguments=None) -> Wall | None:
    """Return the wall to put around a call that was decided on.

    :param arguments: of a model's method; ``None`` for a route
    """
    if call.scoped_key is None:
        return None
    policy = env["apikey.scope"]._policy(call.key)
    if arguments is None:
        return Wall(call, policy, ROUTE)
    generic = arguments.method in catalogue.GENERIC_METHODS
    if policy.observe and not generic:
        return None
    return Wall(call, policy, GENERIC if generic else BUSINESS, call.granted)


@contextmanager
def walled(wall: Wall | None):
    """Put a wall around what runs in this context; ``None`` leaves it as it is.

    Inside a stricter wall that stricter one stays.
    """
    outer = _standing.get()
    if wall is None or (outer is not None and outer.kind > wall.kind):
        yield
        return
    token = _standing.set(wall)
    try:
        yield
    finally:
        _standing.reset(token)


def standing(env) -> Wall | None:
    """Return the wall that stands around what an environment does, if one does."""
    wall = _standing.get()
    if wall is None or env.su or wall.call.dbname != env.cr.dbname:
        return None
    return wall


def lowered(function, *args, **kwargs):
    """Call a function whose answer others will get, too, as if no wall stood."""
    if _standing.get() is None:
        return function(*args, **kwargs)
    token = _standing.set(None)
    try:
        return function(*args, **kwargs)
    finally:
        _standing.reset(token)


@contextmanager
def computing():
    """Let code of Odoo's read what it computes a granted field from."""
    token = _computing.set(True)
    try:
        yield
    finally:
        _computing.reset(token)
