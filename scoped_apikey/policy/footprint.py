# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a call would touch, in terms a policy can decide on.

A footprint is read off a call's arguments elsewhere (see ``scoped_apikey.footprint``);
here it is only data. Everything that needs Odoo's metadata, such as whether a field is a
secret, is already answered in it, so that deciding is plain set logic.
"""

from dataclasses import dataclass

READ = "read"
WRITE = "write"
CREATE = "create"
UNLINK = "unlink"
DESCRIBE = "describe"
"""Learning a model's metadata: granted with any other operation on the model."""

OPERATIONS = (READ, WRITE, CREATE, UNLINK)


@dataclass(frozen=True, slots=True)
class Resource:
    """A model, as far as policies treat models differently.

    :param model: its technical name
    :param protected: whether only a rule that names it may grant it
    :param runs_code: whether Odoo runs what it holds: it may be read, and no more
    :param off_limits: whether no rule at all may grant it
    :param filtered: whether more than a rule's domain hides records of it: those of a
        document that is not granted, or a secret parameter
    :param secret: whether it is a store of secrets
    """

    model: str
    protected: bool = False
    runs_code: bool = False
    off_limits: bool = False
    filtered: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """One operation on one model, through a generic ORM method.

    :param fields: what the caller chose: every one of them must be granted
    :param offered: what the caller would get for asking for nothing in particular:
        narrowed to what is granted; ``None`` where nothing is offered
    :param secrets: those of ``fields`` and ``offered`` that hold secrets
    :param reaches: what setting a field does elsewhere, as (field, access): a many2one
        reads its target, a related field writes it. A rule that names the field covers it
    :param elsewhere: those of ``fields`` and ``offered`` that reach nobody knows where:
        setting them writes other records, or reading them tells of others. Covered only by
        a rule that names them
    :param unfiltered: whether Odoo applies no record rules there, so that only a rule for
        every record can grant it
    :param ids: particular records that the caller chose
    """

    resource: Resource
    operation: str
    fields: frozenset[str] = frozenset()
    offered: frozenset[str] | None = None
    secrets: frozenset[str] = frozenset()
    reaches: tuple[tuple[str, "Access"], ...] = ()
    elsewhere: frozenset[str] = frozenset()
    unfiltered: bool = False
    ids: frozenset[int] = frozenset()

    @property
    def beyond_any_rule(self) -> bool:
        writes = self.operation in (WRITE, CREATE, UNLINK)
        return self.resource.off_limits or (self.resource.runs_code and writes)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A business method, which runs with the user's own rights once it is granted.

    :param arguments: the names of the arguments that are given
    :param harmless: whether it needs no rule
    :param ungrantable: whether no rule may ever grant the method
    :param dangerous: whether the method is generic in disguise, or sends or reaches what
        it is given: only its name grants it
    :param by_name: whether only its name grants it, for another reason
    :param dangerous_arguments: those of ``arguments`` that a bare name does not grant
    :param ids: the records it is called on
    """

    resource: Resource
    method: str
    operation = "call"
    arguments: frozenset[str] = frozenset()
    harmless: bool = False
    ungrantable: bool = False
    dangerous: bool = False
    by_name: bool = False
    dangerous_arguments: frozenset[str] = frozenset()
    ids: frozenset[int] = frozenset()

    @property
    def beyond_any_rule(self) -> bool:
        return self.resource.off_limits or self.resource.runs_code or self.ungrantable


@dataclass(frozen=True, slots=True)
class Footprint:
    """All that one call would touch. It is granted when every part of it is.

    :param accesses: one for each model and operation, for one rule has to cover all the
        fields of both
    :param mentioned: reads that need no rule, as of related records that a granted field
        lists; where there are rules for the model, only what they reach is shown
    :param context_keys: what the context holds that is not known to be harmless
    :raise ValueError: there are two accesses for the same model and operation
    """

    accesses: tuple[Access, ...] = ()
    invocation: Invocation | None = None
    context_keys: frozenset[str] = frozenset()
    mentioned: tuple[Access, ...] = ()

    def everything(self):
        """Yield all that is touched, what fields do elsewhere included."""
        if self.invocation:
            yield self.invocation
        for access in self.accesses:
            yield access
            for _name, beyond in access.reaches:
                yield beyond

    def __post_init__(self):
        accesses = self.accesses + self.mentioned
        about = {(access.resource.model, access.operation) for access in accesses}
        if len(about) < len(accesses):
            raise ValueError("two accesses for the same model and operation")
