# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an escape is: a call that gets past a scope, if nothing stops it.

An escape is data. It is run twice, by ``test_escape_table``: with a key that has no scope,
to see that it really works on stock Odoo, and with one whose scope does not grant it.

In a call, a text that begins with ``@`` is the id of a record of the stage, or an external
id; ``LAST`` is what the step before answered; ``GUESS`` is a guess at something hidden.
"""

from dataclasses import dataclass, field

from ..common import OPERATIONS
from ..common import rule as rule_command

ALL = " ".join(OPERATIONS)
CANARY = "zanzibar"
"""It is in all that a key must not read, and nowhere else."""
EMAIL = f"{CANARY}@example.com"
LOGIN = f"{CANARY}-login"
REF = 98765
GUESS = "<a guess>"
LAST = "<the last answer>"


@dataclass(frozen=True)
class Rule:
    """A rule of a scope.

    :param model: ``None`` for any model
    :param perms: operations, such as ``"read write"``
    :param fields: the only fields; none: every field
    :param domain: of the only records; empty: every record
    """

    model: str | None
    perms: str = ""
    fields: tuple = ()
    methods: str = ""
    any_method: bool = False
    domain: str = ""

    def command(self, env):
        """Return the command that creates it."""
        values = {"methods": self.methods, "any_method": self.any_method}
        if self.domain:
            values["domain"] = self.domain
        return rule_command(env, self.model, self.perms, self.fields, **values)


@dataclass(frozen=True)
class Call:
    """A call of a method.

    :param ids: of records, where the method takes any
    """

    model: str
    method: str
    ids: object = None
    kwargs: dict = field(default_factory=dict)


def call(model, method, ids=None, /, **kwargs):
    return Call(model, method, ids, kwargs)


@dataclass(frozen=True)
class Outcome:
    """How an escape ended.

    :param answers: of its steps, as far as they got
    :param refusal: the sentence that ended it, if one did
    :param error: another error that ended it, which is no way to be stopped
    :param before, after: what its proof looked at
    """

    answers: list
    refusal: str | None
    error: str | None
    before: object
    after: object

    @property
    def went_well(self) -> bool:
        return self.refusal is None and self.error is None


class Runs:
    """The proof that an escape works: it is answered at all."""

    right = wrong = None

    def look(self, env, resolve):
        """Return what of the database tells whether the escape worked."""

    def worked(self, outcome, try_wrong):
        """Tell whether it did.

        :param try_wrong: takes nothing, returns the outcome of a wrong guess
        """
        return outcome.went_well


@dataclass(frozen=True)
class Tells(Runs):
    """The last answer holds a text that is hidden from the caller."""

    text: str = CANARY

    def worked(self, outcome, try_wrong):
        return outcome.went_well and self.text in repr(outcome.answers[-1])


@dataclass(frozen=True)
class Guesses(Runs):
    """A right guess gets another answer than a wrong one, so one can guess on.

    :param right: what is right
    :param wrong: what is not
    """

    right: object
    wrong: object = "4711"

    def worked(self, outcome, try_wrong):
        if not outcome.went_well:
            return False
        return outcome.answers != try_wrong().answers


@dataclass(frozen=True)
class Changes(Runs):
    """A field of a record is changed."""

    model: str
    record: str
    field: str

    def look(self, env, resolve):
        record = env[self.model].browse(resolve(self.record)).exists()
        return repr(record.mapped(self.field))

    def worked(self, outcome, try_wrong):
        return outcome.went_well and outcome.before != outcome.after


@dataclass(frozen=True)
class Makes(Changes):
    """There are more or fewer records of a kind."""

    record: str = ""
    field: str = ""
    domain: tuple = ()

    def look(self, env, resolve):
        model = env[self.model].with_context(active_test=False)
        return model.search_count(resolve(list(self.domain)))


@dataclass(frozen=True)
class Escape:
    """A way around a scope.

    :param name: in plain words
    :param reaches: what it would have reached
    :param steps: calls, one after another
    :param proof: that it works
    :param rules: what the scope grants; ``None``: what its section says
    :param scope: more values of the scope
    :param on_stock: whether it works on stock Odoo, where nothing but Odoo stops it
    """

    name: str
    reaches: str
    steps: tuple
    proof: Runs | None = None
    rules: tuple | None = None
    scope: dict = field(default_factory=dict)
    on_stock: bool = True


def escape(name, reaches, *steps, **others):
    return Escape(name, reaches, steps, **others)


@dataclass(frozen=True)
class Section:
    """Escapes of one kind.

    :param rules: of the scope, for those that do not say other ones
    :param granted: what these rules do grant, so that a refusal means something
    :param proof: for those that do not say another one
    """

    title: str
    rules: tuple
    granted: tuple
    escapes: tuple
    proof: Runs = Tells()
