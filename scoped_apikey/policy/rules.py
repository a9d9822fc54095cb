# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A compiled scope: immutable, and without any idea of where it is stored."""

from dataclasses import dataclass, field, replace

from .footprint import DESCRIBE, OPERATIONS, READ, Access, Invocation, Resource
from .limits import Limits
from .methods import MethodGrant
from .networks import Networks
from .routes import EVERY_ROUTE, Routes
from .windows import Windows

ALWAYS_READABLE = frozenset({"id"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a scope. It grants nothing that it does not say.

    :param model: the model it names, or ``None`` for every model that is not protected
    :param operations: what may be done to records through generic ORM methods
    :param fields: the only fields it covers, or ``None`` for every field but secrets
    :param methods: the business methods it names
    :param any_method: whether it covers every business method that is not dangerous
    :param domain: the only records it covers, as a literal; empty for every record
    :param protected: whether ``None`` covers protected models, too, but stores of secrets
    """

    model: str | None
    operations: frozenset[str] = frozenset()
    fields: frozenset[str] | None = None
    methods: tuple[MethodGrant, ...] = ()
    any_method: bool = False
    domain: str = ""
    protected: bool = False

    def covers(self, resource: Resource) -> bool:
        if self.model is None:
            return not resource.protected or (self.protected and not resource.secret)
        return self.model == resource.model

    def grants_operation(self, operation: str) -> bool:
        if operation == DESCRIBE:
            return bool(self.operations)
        return operation in self.operations

    def names_field(self, name: str) -> bool:
        return self.fields is not None and name in self.fields

    def granted(self, access: Access, fields: frozenset[str]) -> frozenset[str]:
        """Return those of some fields of an access that this rule grants."""
        if self.fields is None:
            return fields - access.secrets - access.elsewhere
        return fields & (self.fields | ALWAYS_READABLE)

    def lacking_arguments(self, invocation: Invocation) -> frozenset[str] | None:
        """Return the arguments that this rule lacks for a business method.

        ``None`` means that it does not grant the method at all.
        """
        for grant in self.methods:
            if grant.name == invocation.method:
                if grant.arguments is None:
                    return invocation.dangerous_arguments
                return invocation.arguments - grant.arguments
        if self.any_method and not (invocation.dangerous or invocation.by_name):
            return invocation.dangerous_arguments
        return None


OBSERVED = (
    Rule(None, frozenset(OPERATIONS), any_method=True),
    Rule(None, frozenset({READ}), protected=True),
    *(
        Rule(model, frozenset(OPERATIONS))
        for model in ("ir.attachment", "mail.activity", "mail.message")
    ),
)
"""What a scope that only observes lets through besides what its rules grant: the widest
there is without naming what has to be named. More would let a key free itself.
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a scope means: the rules it grants by, and the conditions it sets.

    :param companies: the only companies to act in, or ``None`` for all of the user's
    :param observe: whether what it does not grant is only noted: see ``in_force``
    :param context_keys: what a context may hold beyond the harmless keys
    :param routes: the routes, beyond the standard endpoints, that may be called
    :param on_log_failure: ``refuse`` or ``serve`` a call that cannot be recorded; ``None``:
        as the settings say
    :param limits: how many calls its keys may make
    :param log_arguments: what the log keeps of arguments: ``none``, ``shape``, ``full``, or
        nothing where the setting says
    """

    rules: tuple[Rule, ...] = ()
    networks: Networks = field(default_factory=Networks)
    windows: Windows = field(default_factory=lambda: Windows("UTC"))
    observe: bool = False
    companies: frozenset[int] | None = None
    context_keys: frozenset[str] = frozenset()
    routes: Routes = field(default_factory=Routes)
    limits: Limits = Limits()
    on_log_failure: str | None = None
    log_arguments: str = ""
    _in_force: "Policy | None" = field(init=False, repr=False, compare=False)
    _of_named: dict[str, tuple[Rule, ...]] = field(
        init=False, repr=False, compare=False
    )
    _of_others: tuple[Rule, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        # The only way to set a field of a frozen dataclass.
        object.__setattr__(self, "_in_force", self._observed())
        of_named, of_others = _by_model(self.rules)
        object.__setattr__(self, "_of_named", of_named)
        object.__setattr__(self, "_of_others", of_others)

    @property
    def in_force(self) -> "Policy":
        """What is let through: where the scope only observes, more than its rules grant."""
        return self._in_force or self

    def _observed(self) -> "Policy | None":
        if not self.observe:
            return None
        return replace(
            self,
            rules=self.rules + OBSERVED,
            observe=False,
            companies=None,
            routes=EVERY_ROUTE,
        )

    def covering(self, resource: Resource) -> tuple[Rule, ...]:
        """Return the rules that cover a model, whatever they grant on it."""
        rules = self._of_named.get(resource.model, self._of_others)
        return tuple(rule for rule in rules if rule.covers(resource))

    def granting(self, resource: Resource, operation: str) -> tuple[Rule, ...]:
        """Return the rules that grant an operation on a model, on whatever fields."""
        return tuple(
            rule for rule in self.covering(resource) if rule.grants_operation(operation)
        )

    def names_model(self, model: str) -> bool:
        """Tell whether a rule names a model, whatever it grants on it."""
        return model in self._of_named


def _by_model(rules) -> tuple[dict[str, tuple[Rule, ...]], tuple[Rule, ...]]:
    """Return the rules that may cover each model that is named, and those for any other."""
    of_named, of_others = {}, []
    for rule in rules:
        if rule.model is None:
            for listed in (of_others, *of_named.values()):
                listed.append(rule)
        else:
            of_named.setdefault(rule.model, list(of_others)).append(rule)
    named = {model: tuple(listed) for model, listed in of_named.items()}
    return named, tuple(of_others)
