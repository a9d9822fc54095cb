# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The authorizer: combines rules with a footprint, and knows nothing else."""

from dataclasses import dataclass
from datetime import datetime

from .footprint import DESCRIBE, READ, Access, Footprint, Invocation, Resource
from .rules import Policy, Rule


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is refused, for others to put in words.

    :param code: one of ``network``, ``window``, ``off_limits``, ``runs_code``,
        ``context``, ``operation``, ``fields``, ``secrets``, ``elsewhere``, ``lookups``,
        ``unfiltered``, ``reach``, ``method``, ``arguments``, ``dangerous``, ``ungrantable``, ``store``;
        other rooms add codes of their own
    :param resource: the model it is about
    :param operation: the operation that is not granted
    :param names: the fields, arguments or context keys that are not granted
    :param limit: how many calls there may be
    :param seconds: after which to try again
    """

    code: str
    resource: Resource | None = None
    operation: str = ""
    names: tuple[str, ...] = ()
    limit: int = 0
    seconds: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """Which rules grant one part of a call.

    Two are equal only if they are the same: they are keys of what is known of each, and
    hashing all that is in one would take longer than finding it out again.

    :param part: the part
    :param rules: each grants all of it by itself; the records it may touch are the union of
        their domains
    :param offered: what is granted of the fields that the access offers, if it offers any
    :param reached: what fields that not all of the rules name do elsewhere
    """

    part: Access | Invocation
    rules: tuple[Rule, ...]
    offered: frozenset[str] | None = None
    reached: tuple[tuple[str, "Grant"], ...] = ()

    @property
    def domains(self) -> frozenset[str]:
        """The domains of the rules; empty where one of them covers every record."""
        domains = frozenset(rule.domain for rule in self.rules)
        return frozenset() if "" in domains else domains


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed where ``refusal`` is ``None``; then every part of the footprint has a grant."""

    refusal: Refusal | None = None
    grants: tuple[Grant, ...] = ()


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
    parts = [*filter(None, [footprint.invocation]), *footprint.accesses]
    for part in footprint.everything():
        if part.beyond_any_rule:
            return Decision(_refuse_beyond(part))
    if keys := footprint.context_keys - policy.context_keys:
        return Decision(Refusal("context", names=tuple(sorted(keys))))
    if not parts:
        raise ValueError("a footprint that touches nothing cannot be decided on")
    grants = []
    for part in parts:
        if isinstance(part, Invocation):
            grant = _grant_invocation(policy, part)
        elif part.operation == DESCRIBE:
            grant = _grant_description(policy, part)
        else:
            grant = _grant_access(policy, part)
        if isinstance(grant, Refusal):
            return Decision(grant)
        grants.append(grant)
    grants += _hold_mentioned(policy, footprint)
    return Decision(None, tuple(grants))


def _hold_mentioned(policy: Policy, footprint: Footprint) -> list[Grant]:
    """Hold what needs no rule to the rules that there are."""
    return [
        Grant(access, rules)
        for access in footprint.mentioned
        if (rules := policy.granting(access.resource, access.operation))
    ]


def _refuse_beyond(part: Access | Invocation) -> Refusal:
    """Say why no rule could grant a part, whatever it says."""
    if part.resource.off_limits:
        return Refusal("off_limits", part.resource, part.operation)
    if part.resource.runs_code:
        return Refusal("runs_code", part.resource, part.operation)
    return Refusal("ungrantable", part.resource, names=(part.method,))


def _grant_access(policy: Policy, access: Access) -> Grant | Refusal:
    candidates = policy.granting(access.resource, access.operation)
    if not candidates:
        return Refusal("operation", access.resource, access.operation)
    refusals = [_refuse(rule, access) for rule in candidates]
    rules = [
        rule
        for rule, refusal in zip(candidates, refusals, strict=True)
        if refusal is None
    ]
    if not rules:
        # The rule that comes closest tells the caller most about what is missing.
        return min(refusals, key=lambda refusal: len(refusal.names))
    offered = None
    if access.offered is not None:
        offered = max((rule.granted(access, access.offered) for rule in rules), key=len)
        rules = [rule for rule in rules if offered <= rule.granted(access, offered)]
    return _with_reached(policy, Grant(access, tuple(rules), offered))


def _refuse(rule: Rule, access: Access) -> Refusal | None:
    """Say why a rule does not grant an access by itself."""
    if lacking := access.fields - rule.granted(access, access.fields):
        return _lacking(access, lacking)
    if access.unfiltered and (rule.domain or access.resource.filtered):
        return Refusal("unfiltered", access.resource, access.operation)
    return None


def _lacking(access: Access, fields: frozenset[str]) -> Refusal:
    code = "fields"
    if fields <= access.secrets:
        code = "secrets"
    elif fields <= access.elsewhere:
        code = "lookups" if access.operation == READ else "elsewhere"
    return Refusal(code, access.resource, access.operation, tuple(sorted(fields)))


def _with_reached(policy: Policy, grant: Grant) -> Grant | Refusal:
    """See to what fields do elsewhere: granted by naming them, or by a rule for elsewhere."""
    rules, reached = grant.rules, {}
    for name, beyond in grant.part.reaches:
        if all(rule.names_field(name) for rule in rules):
            continue
        there = _grant_access(policy, beyond)
        if isinstance(there, Refusal):
            rules = tuple(rule for rule in rules if rule.names_field(name))
            if not rules:
                return Refusal("reach", beyond.resource, beyond.operation, (name,))
        else:
            reached[name] = (*reached.get(name, ()), there)
    return Grant(
        grant.part,
        rules,
        grant.offered,
        tuple((name, there) for name, grants in reached.items() for there in grants),
    )


def _grant_description(policy: Policy, access: Access) -> Grant | Refusal:
    """A model's metadata hold no record: here, rules add up field by field."""
    rules = policy.granting(access.resource, access.operation)
    if not rules:
        return Refusal("operation", access.resource, access.operation)
    asked = access.fields | (access.offered or frozenset())
    granted = frozenset().union(*(rule.granted(access, asked) for rule in rules))
    if lacking := access.fields - granted:
        return _lacking(access, lacking)
    offered = None if access.offered is None else access.offered & granted
    return Grant(access, rules, offered)


def _grant_invocation(policy: Policy, invocation: Invocation) -> Grant | Refusal:
    if invocation.harmless:
        return Grant(invocation, ())
    lacking = {
        rule: names
        for rule in policy.covering(invocation.resource)
        if (names := rule.lacking_arguments(invocation)) is not None
    }
    if not lacking:
        code = "dangerous" if invocation.dangerous else "method"
        return Refusal(code, invocation.resource, names=(invocation.method,))
    rules = tuple(rule for rule, names in lacking.items() if not names)
    if not rules:
        fewest = min(lacking.values(), key=len)
        return Refusal(
            "arguments", invocation.resource, invocation.method, tuple(sorted(fewest))
        )
    return Grant(invocation, rules)
