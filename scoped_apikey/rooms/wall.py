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
from ..policy.footprint import CREATE, READ, WRITE
from ..policy.rules import ALWAYS_READABLE, Policy, Rule
from .decide import error_of, refuse, weigh
from .domains import hide_parameters
from .policies import policy_of
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

    @property
    def in_force(self) -> Policy:
        return self.policy.in_force

    @property
    def companies(self) -> frozenset[int] | None:
        """The only companies to act in, or ``None`` for all of the user's."""
        return self.in_force.companies

    def refusal_of(self, env, model: str, operation: str) -> Refusal | None:
        """Say why an operation on a model is out of reach."""
        if self.kind == BUSINESS:
            return None
        judge = _judge_access if self.is_full else _judge_store
        resource = _resource(env, model)
        return weigh(
            env,
            self.call,
            self.policy,
            lambda policy: judge(policy, resource, operation),
        )

    def refusal_of_field(self, env, model: str, operation: str, name: str):
        """Say why a field is out of reach.

        :param operation: as the ORM asks for it, to which creating is writing, too
        """
        if not self.is_full or name in ALWAYS_READABLE or _computing.get():
            return None
        return weigh(
            env,
            self.call,
            self.policy,
            lambda policy: _judge_field(env, policy, model, operation, name),
        )

    def hides_field(self, env, model: str, name: str) -> bool:
        """Tell whether a field is left out where all that may be read are shown."""
        if name in ALWAYS_READABLE or _computing.get():
            return False
        return _judge_field(env, self.in_force, model, READ, name) is not None

    def record_domain(self, env, model: str, operation: str) -> Domain:
        """Return what is added to Odoo's record rules for a model."""
        if self.is_full:
            policy = self.in_force
            granting = policy.granting(_resource(env, model), operation)
            return reach(env, policy, model, operation, granting)
        if self.granted and self.granted.knows(model, operation):
            return self.granted.domain(env, model, operation)
        return (
            hide_parameters(operation) if model == catalogue.PARAMETERS else Domain.TRUE
        )

    def error(self, env, refusal: Refusal) -> AccessError:
        """Return the error that refuses, and remember why for the log."""
        return error_of(env, self.call, refusal)

    def enforce(self, env, refusal: Refusal | None):
        """Raise AccessError where something is refused."""
        if refusal is not None:
            refuse(env, self.call, refusal)


def _judge_store(policy, resource, operation) -> Refusal | None:
    # Not what is rendered: ordinary creates make composers, and send by templates.
    if catalogue.runs_code(resource.model) and operation != READ:
        return Refusal("runs_code", resource, operation)
    if resource.secret and not policy.names_model(resource.model):
        return Refusal("store", resource, operation)
    return None


def _judge_access(policy, resource, operation) -> Refusal | None:
    if resource.off_limits:
        return Refusal("off_limits", resource)
    if resource.runs_code and operation != READ:
        return Refusal("runs_code", resource, operation)
    if not policy.granting(resource, operation):
        return Refusal("operation", resource, operation)
    return None


def _judge_field(env, policy, model, operation, name) -> Refusal | None:
    """Ask for a rule for every record that grants a field, or for all rules to grant it."""
    resource = _resource(env, model)
    operations = (READ,) if operation == READ else (WRITE, CREATE)
    granting = [
        rules for one in operations if (rules := policy.granting(resource, one))
    ]
    if not granting:
        return Refusal("operation", resource, operation)
    known = env["apikey.catalogue"]
    secret = name in known._by_name_of(model, operation)
    lookup = operation == READ and name in known._lookups_of(model)
    for rules in granting:
        grants = [rule for rule in rules if _grants_field(rule, name, secret or lookup)]
        everywhere = not resource.filtered and any(not rule.domain for rule in grants)
        if everywhere or len(grants) == len(rules):
            return None
    code = "secrets" if secret else "lookups" if lookup else "fields"
    return Refusal(code, resource, operation, (name,))


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
    policy = policy_of(env, call)
    if arguments is None:
        return Wall(call, policy, ROUTE)
    generic = arguments.method in catalogue.GENERIC_METHODS
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


def full_wall(env) -> Wall | None:
    """Return the wall around a route that stands around what an environment does.

    The ORM asks at every turn, and of most calls it need not know more than this.
    """
    wall = _standing.get()
    return standing(env) if wall is not None and wall.kind == ROUTE else None


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
