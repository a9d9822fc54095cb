# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The authorizer: combines rules with a footprint, and knows nothing else."""

from dataclasses import dataclass, field
from datetime import datetime

from .footprint import Access, Footprint, Invocation, Resource
from .rules import Policy, Rule


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is refused, for others to put in words.

    :param code: one of ``network``, ``window``, ``off_limits``, ``runs_code``,
        ``context``, ``operation``, ``fields``, ``secrets``, ``elsewhere``, ``reach``,
        ``method``, ``arguments``, ``dangerous``; other rooms add codes of their own
    :param resource: the model it is about
    :param operation: the operation that is not granted
    :param names: the fields, arguments or context keys that are not granted
    """

    code: str
    resource: Resource | None = None
    operation: str = ""
    names: tuple[str, ...] = ()

    @property
    def absolute(self) -> bool:
        """Whether it holds in observe mode, too."""
        return self.code in ("off_limits", "runs_code")


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed where ``refusal`` is ``None``.

    :param narrowed: per access of the footprint that offers fields, what is granted
    """

    refusal: Refusal | None = None
    narrowed: dict[Access, frozenset[str]] = field(default_factory=dict)


def check_conditions(
    policy: Policy, address: str | None, moment: datetime
) -> Refusal | None:
    """Say which condition does not hold here and now.

    :param address: where the call comes from; ``None`` where that is unknown
    :param moment: an aware time
    """
    if not policy.networks.contains(address):
        return Refusal("network", names=(address or "",))
    if not policy.windows.open_at(moment):
        return Refusal("window")
    return None


def decide(policy: Policy, footprint: Footprint) -> Decision:
    """Decide on everything that a call would touch. One part refused refuses it all."""
    parts = [*footprint.accesses]
    if footprint.invocation:
        parts.append(footprint.invocation)
    for part in parts:
        if part.beyond_any_rule:
            code = "off_limits" if part.resource.off_limits else "runs_code"
            return Decision(Refusal(code, part.resource, part.operation))
    if keys := footprint.context_keys - policy.context_keys:
        return Decision(Refusal("context", names=tuple(sorted(keys))))
    if not parts:
        raise ValueError("a footprint that touches nothing cannot be decided on")
    narrowed = {}
    for access in footprint.accesses:
        rule = _find(policy, access)
        if isinstance(rule, Refusal):
            return Decision(rule)
        if access.offered is not None:
            narrowed[access] = rule.narrow(access)
    if footprint.invocation:
        return Decision(_refuse_invocation(policy, footprint.invocation), narrowed)
    return Decision(None, narrowed)


def _find(policy: Policy, access: Access) -> Rule | Refusal:
    """Return the first rule that grants an access by itself, or why there is none."""
    candidates = [
        rule
        for rule in policy.rules
        if rule.covers(access.resource) and rule.grants_operation(access.operation)
    ]
    if not candidates:
        return Refusal("operation", access.resource, access.operation)
    refusals = []
    for rule in candidates:
        refusal = _refuse_fields(rule, access) or _refuse_reach(policy, rule, access)
        if refusal is None:
            return rule
        refusals.append(refusal)
    # The rule that comes closest tells the caller most about what is missing.
    return min(refusals, key=lambda refusal: len(refusal.names))


def _refuse_fields(rule: Rule, access: Access) -> Refusal | None:
    lacking = rule.lacking(access)
    if not lacking:
        return None
    code = "fields"
    if lacking <= access.secrets:
        code = "secrets"
    elif lacking <= access.elsewhere:
        code = "elsewhere"
    return Refusal(code, access.resource, access.operation, tuple(sorted(lacking)))


def _refuse_reach(policy: Policy, rule: Rule, access: Access) -> Refusal | None:
    """What a field does elsewhere is granted by naming it, or by a rule for elsewhere."""
    for name, beyond in access.reaches:
        if rule.names_field(name):
            continue
        if beyond.beyond_any_rule or not any(
            other.covers(beyond.resource)
            and other.grants_operation(beyond.operation)
            and not other.lacking(beyond)
            for other in policy.rules
        ):
            return Refusal("reach", beyond.resource, beyond.operation, (name,))
    return None


def _refuse_invocation(policy: Policy, invocation: Invocation) -> Refusal | None:
    lacking = [
        rule.lacking_arguments(invocation)
        for rule in policy.rules
        if rule.covers(invocation.resource)
    ]
    lacking = [names for names in lacking if names is not None]
    if not lacking:
        code = "dangerous" if invocation.dangerous else "method"
        return Refusal(code, invocation.resource, names=(invocation.method,))
    fewest = min(lacking, key=len)
    if fewest:
        return Refusal(
            "arguments", invocation.resource, invocation.method, tuple(sorted(fewest))
        )
    return None
