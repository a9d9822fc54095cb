# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes calls: first one that a scope grants in full, then perhaps a step out of it.

Each call is made by a generator of random numbers of its own, so that its seed and its
index are all that is needed to make it again.
"""

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field

from odoo.addons.scoped_apikey.policy.catalogue import GENERIC_METHODS

from .entrance import JSON2, RPC
from .inside import Inside
from .metadata import DATES, NUMBERS, RELATIONAL, TEXTS, Metadata

NEW = "new "  # what texts begin with that a call writes
STEPS_OUT = 0.55  # the share of calls that are led out of their scope
SECOND_STEP = 0.15
WEIGHTS = {"read": 12, "write": 3, "create": 1, "unlink": 0.5, "call": 1}
"""Most calls read; what is written takes long, and is undone."""

BY_OPERATION = {
    "read": (
        "search", "search_count", "search_read", "read", "read_group",
        "formatted_read_group", "name_search", "fields_get", "has_access",
        "check_access_rights", "export_data", "web_read", "web_search_read",
    ),
    "write": ("write", "web_save", "action_archive", "action_unarchive"),
    "create": ("create", "default_get", "name_create", "copy", "load", "web_save"),
    "unlink": ("unlink",),
}  # fmt: skip
WITHOUT_IDS = frozenset(
    {
        "search", "search_count", "search_read", "read_group", "formatted_read_group",
        "name_search", "name_create", "create", "default_get", "fields_get", "load",
        "check_access_rights", "web_search_read",
    }
)  # fmt: skip
FLAT = ("=", "!=", "in", "not in", "ilike", "not ilike", "like", "=like", "=ilike", ">")
GRANULARITIES = ("day", "week", "month", "quarter", "year", "month_number", "hour")


@dataclass
class Call:
    """A call, before a transport writes it.

    :param arguments: by name
    :param positional: how many of them RPC sends by position
    :param twice: whether RPC sends those by name as well
    :param steps: the ways by which it was led out of its scope
    """

    model: str
    method: str
    ids: object = None
    arguments: dict = field(default_factory=dict)
    context: object = None
    positional: int = 0
    twice: bool = False
    transport: str = RPC
    steps: list = field(default_factory=list)

    def for_rpc(self):
        """Return ``args`` and ``kwargs``, copied, as RPC has them."""
        parameters = GENERIC_METHODS.get(self.method, tuple(self.arguments))
        args = [] if self.ids is None else [self.ids]
        rest = dict(self.arguments)
        for name in parameters[: self.positional]:
            if name not in rest:
                break
            args.append(rest[name] if self.twice else rest.pop(name))
        if self.context is not None:
            rest["context"] = self.context
        return _copied(args), _copied(rest)

    def for_json2(self):
        """Return the parameters of the route."""
        params = {"__model__": self.model, "__method__": self.method, **self.arguments}
        if self.ids is not None:
            params["ids"] = self.ids
        if self.context is not None:
            params["context"] = self.context
        return _copied(params)

    def describe(self) -> str:
        """Write it so that it can be read, and copied."""
        arguments = {"ids": self.ids, **self.arguments, "context": self.context}
        arguments = {
            name: value for name, value in arguments.items() if value is not None
        }
        return f"{self.transport} {self.model}.{self.method} {_written(arguments)}"


def _written(value):
    return json.dumps(value, default=str)


def _copied(value):
    """Copy what was sent, as it would come out of a body."""
    return json.loads(_written(value))


class Generator:
    """Makes the calls of one scope.

    :param seed: with an index, all that a call depends on
    :param tame: as of a ``Draft``
    """

    def __init__(self, metadata: Metadata, inside: Inside, seed: int, tame=False):
        self.tame = tame or inside.any_method
        self.metadata = metadata
        self.inside = inside
        self.seed = seed

    def make(self, index: int) -> Call:
        """Make the call of an index."""
        from .nasty import choose, lead_out

        rng = random.Random(f"{self.seed}/{index}")
        draft = Draft(rng, self.metadata, self.inside, self.tame)
        if self.tame or rng.random() < STEPS_OUT:
            way = choose(rng, draft.methods())
            call = draft.begin(way.methods)
            lead_out(draft, way)
            if rng.random() < SECOND_STEP:
                lead_out(draft)
        else:
            call = draft.begin()
        draft.finish()
        return call


class Draft:
    """A call in the making, and what helps to make it.

    :param rng: the only source of chance
    :param tame: call no business method but those that are known
    """

    def __init__(self, rng, metadata, inside, tame=False):
        self.tame = tame
        self.rng = rng
        self.metadata = metadata
        self.inside = inside
        self.grant = None
        self.call = None
        self.is_another = False  # and no longer of the shape that it began with

    # A call inside

    def begin(self, methods=()) -> Call:
        """Make a call that the scope grants in full.

        :param methods: the only ones to choose of, if there are any
        """
        rng = self.rng
        choices = [
            (grant, operation, method)
            for grant, operation, method in self._choices()
            if not methods or method in methods
        ]
        by_operation = defaultdict(list)
        for grant, operation, method in choices:
            by_operation[operation].append((grant, method))
        operations = sorted(by_operation)
        weights = [1 if methods else WEIGHTS[name] for name in operations]
        [operation] = rng.choices(operations, weights)
        self.grant, method = rng.choice(by_operation[operation])
        self.call = Call(self.grant.model, method)
        if method not in WITHOUT_IDS:
            self.call.ids = self.some_ids(sorted(self.grant.ids) or [1])
        build = getattr(self, f"_{method}", None)
        if build:
            build(self.call.arguments)
        elif method == "message_post":
            self.call.ids = self.call.ids[:1]
            self.call.arguments["body"] = "Hello"
        return self.call

    def methods(self):
        """Return the methods that the scope grants."""
        return {method for _grant, _operation, method in self._choices()}

    def _choices(self):
        if self.inside.choices is None:
            self.inside.choices = [
                (grant, operation, method)
                for grant in self.inside.grants
                if grant.ids or grant.operations == {"create"}
                for operation, methods in (
                    *BY_OPERATION.items(),
                    ("call", grant.methods),
                )
                if operation in grant.operations or operation == "call"
                for method in methods
                if self._suits(grant, method)
            ]
        return self.inside.choices

    def _suits(self, grant, method):
        """Tell whether a grant covers what a method always touches."""
        if method == "web_save":
            return {"read", "write", "create"} <= grant.operations
        if method == "copy":
            return "read" in grant.operations and not grant.limited
        if method in ("action_archive", "action_unarchive"):
            return "active" in grant.fields
        if method in ("name_search", "name_create"):
            return not grant.limited
        if method == "message_post":
            return hasattr(self.metadata.env[grant.model], method)
        return True

    def finish(self):
        """Choose a transport, and how its arguments are spelled."""
        call, rng = self.call, self.rng
        if call.context is None and rng.random() < 0.3:
            call.context = self.harmless_context()
        if call.twice:
            call.positional = len(GENERIC_METHODS.get(call.method, ()))
            return
        if rng.random() < 0.35 and not isinstance(call.context, list):
            call.transport = JSON2
            return
        if call.method == "create":
            call.positional = 1
        elif call.method in GENERIC_METHODS and rng.random() < 0.5:
            call.positional = rng.randrange(len(GENERIC_METHODS[call.method]) + 1)

    def harmless_context(self):
        return self.rng.choice(
            [
                {},
                {"lang": "en_US"},
                {"lang": "en_US", "tz": "Europe/Brussels"},
                {"active_test": False},
                {"allowed_company_ids": [1]},
                {"bin_size": True},
            ]
        )

    def some_ids(self, ids):
        count = self.rng.choice((1, 2, 3, 5, 8))
        return sorted(self.rng.sample(ids, min(count, len(ids))))

    def granted(self, *types, stored=None, operation=None):
        """Return fields of the grant."""
        names = self.metadata.fields(
            self.call.model, *types, stored=stored, names=set(self.grant.fields)
        )
        return [name for name in names if self._plain(name)] or ["id"]

    def _plain(self, name):
        field_ = self.metadata.field(self.call.model, name)
        return field_.type not in (
            "properties", "properties_definition", "reference", "many2one_reference",
            "binary", "json",
        ) and name not in self.metadata.secrets(self.call.model)  # fmt: skip

    def sample(self, names, most=5):
        return self.rng.sample(names, min(len(names), self.rng.randint(1, most)))

    def read_inside(self):
        """Return granted fields to read; most are stored, for they are quick to read."""
        return self.sample(
            self.granted(stored=True if self.rng.random() < 0.8 else None)
        )

    def domain_inside(self):
        """Make a domain of granted fields."""
        conditions = [
            self.condition(self.call.model, name)
            for name in self.sample(
                self.granted(*TEXTS, *NUMBERS, "boolean", stored=True), 3
            )
        ]
        if self.rng.random() < 0.4:
            conditions = conditions[:1]
        if self.rng.random() < 0.3:
            conditions = []
        if len(conditions) > 1 and self.rng.random() < 0.5:
            conditions = ["|"] * (len(conditions) - 1) + conditions
        return conditions

    def condition(self, model, name):
        """Make a condition on one field that compares it with what it may hold."""
        field_ = self.metadata.field(model, name)
        if name == "id":
            return [name, "in", self.some_ids(self.metadata.ids(model))]
        if field_.type in TEXTS:
            return [name, *self.guess(model, name)]
        if field_.type in NUMBERS:
            return [
                name,
                self.rng.choice(("=", "!=", "<", ">=")),
                self.rng.randrange(50),
            ]
        if field_.type == "boolean":
            return [name, self.rng.choice(("=", "!=")), self.rng.random() < 0.5]
        if field_.type in DATES:
            return [name, self.rng.choice(("<", ">=")), "2026-01-15"]
        if field_.type in RELATIONAL:
            target = self.metadata.comodel(model, name)
            return [name, "in", self.some_ids(self.metadata.ids(target))]
        return [name, "!=", False]

    def guess(self, model, name):
        """Return an operator and a value that divide what a text field holds."""
        rng = self.rng
        digit = rng.choice("0123456789abcdef")
        if rng.random() < 0.25:
            token = self.metadata.token(
                model, name, rng.choice(self.metadata.ids(model))
            )
            if token:
                return [rng.choice(("=", "ilike", "!=", "=ilike", "like")), token]
        return rng.choice(
            [
                [">", f"zq{digit}"],
                ["<", f"zq{digit}"],
                ["=like", f"zq{digit}%"],
                ["=ilike", f"zq{digit}%"],
                ["ilike", f"zq{digit}"],
                ["not ilike", f"zq{digit}"],
                ["like", f"zq{digit}"],
                ["not like", f"zq{digit}"],
            ]
        )

    def value(self, model, name):
        """Return a value that a field may be given."""
        field_ = self.metadata.field(model, name)
        if field_.type in TEXTS:
            return f"{NEW}{self.rng.randrange(10**6)}"
        if field_.type in NUMBERS:
            return self.rng.randrange(100)
        if field_.type == "boolean":
            return self.rng.random() < 0.5
        if field_.type == "date":
            return "2026-02-03"
        if field_.type == "datetime":
            return "2026-02-03 10:00:00"
        if field_.type == "selection":
            try:
                return self.rng.choice(field_.get_values(self.metadata.env))
            except Exception:
                return False
        if field_.type == "many2one":
            return self.rng.choice(self.metadata.ids(field_.comodel_name))
        return False

    def values_inside(self, operation):
        writable = [
            name
            for name in self.granted(*TEXTS, *NUMBERS, *DATES, "boolean", "selection")
            if name not in ("id", "create_date", "write_date", "display_name")
            and not self.metadata.field(self.call.model, name).related
            and (self.metadata.field(self.call.model, name).store)
            and not self.metadata.field(self.call.model, name).readonly
        ]
        values = {
            name: self.value(self.call.model, name)
            for name in self.sample(writable or ["id"], 3)
        }
        values.pop("id", None)
        if operation == "create":
            for name in self.required(self.call.model):
                if name in self.grant.fields:
                    values[name] = self.value(self.call.model, name)
        return values

    def required(self, model):
        return [
            name
            for name in self.metadata.fields(model, stored=True)
            if self.metadata.field(model, name).required
            and not self.metadata.field(model, name).default
            and not self.metadata.field(model, name).inherited
        ]

    def order_inside(self):
        names = self.granted(*TEXTS, *NUMBERS, *DATES, "boolean", stored=True)
        name = self.rng.choice(names)
        return name + self.rng.choice(("", " desc", " ASC", " desc nulls last"))

    def _page(self, arguments):
        if self.rng.random() < 0.5:
            arguments["limit"] = self.rng.choice((1, 3, 10))
        if self.rng.random() < 0.2:
            arguments["offset"] = self.rng.choice((0, 1, 2))
        if self.rng.random() < 0.3:
            arguments["order"] = self.order_inside()

    # One builder a method

    def _search(self, arguments):
        arguments["domain"] = self.domain_inside()
        self._page(arguments)

    def _search_count(self, arguments):
        arguments["domain"] = self.domain_inside()

    def _search_read(self, arguments):
        self._search(arguments)
        if self.rng.random() < 0.97:
            arguments["fields"] = self.read_inside()
        arguments.setdefault("limit", 5)

    def _read(self, arguments):
        if self.rng.random() < 0.97:
            arguments["fields"] = self.read_inside()
        if self.rng.random() < 0.3:
            arguments["load"] = self.rng.choice(("_classic_read", None, ""))

    def _web_read(self, arguments):
        arguments["specification"] = {name: {} for name in self.read_inside()}

    def _web_search_read(self, arguments):
        self._search(arguments)
        self._web_read(arguments)
        arguments.setdefault("limit", 5)

    def _export_data(self, arguments):
        names = set(self.granted(*TEXTS, *NUMBERS, "boolean", "many2one")) - {"id"}
        arguments["fields_to_export"] = self.sample(sorted(names) or [".id"])

    def _groupable(self):
        return self.granted("char", "many2one", "selection", "boolean", stored=True)

    def _formatted_read_group(self, arguments):
        arguments["domain"] = self.domain_inside()
        arguments["groupby"] = self.sample(self._groupable(), 2)
        dates = self.granted(*DATES, stored=True)
        if dates != ["id"] and self.rng.random() < 0.3:
            name = self.rng.choice(dates)
            arguments["groupby"] = [f"{name}:{self.rng.choice(GRANULARITIES)}"]
        arguments["aggregates"] = ["__count"]
        numbers = [name for name in self.granted(*NUMBERS, stored=True) if name != "id"]
        if numbers and self.rng.random() < 0.4:
            function = self.rng.choice(("sum", "max", "min", "avg", "array_agg"))
            arguments["aggregates"].append(f"{self.rng.choice(numbers)}:{function}")

    def _read_group(self, arguments):
        arguments["domain"] = self.domain_inside()
        arguments["groupby"] = self.sample(self._groupable(), 1)
        arguments["fields"] = ["__count"]
        arguments["lazy"] = self.rng.random() < 0.5

    def _name_search(self, arguments):
        arguments["name"] = self.rng.choice(("", "a", "zq1"))
        arguments["domain"] = self.domain_inside()
        arguments["limit"] = 5
        if self.rng.random() < 0.3:
            arguments["operator"] = self.rng.choice(
                ("=", "=ilike", "not ilike", "like")
            )

    def _name_create(self, arguments):
        arguments["name"] = "new"

    def _fields_get(self, arguments):
        if self.rng.random() < 0.7:
            arguments["allfields"] = self.sample(self.granted())
        if self.rng.random() < 0.5:
            arguments["attributes"] = ["string", "type"]

    def _default_get(self, arguments):
        arguments["fields"] = self.sample(self.granted())

    def _has_access(self, arguments):
        arguments["operation"] = self.rng.choice(sorted(self.grant.operations))

    _check_access_rights = _has_access

    def _create(self, arguments):
        arguments["vals_list"] = [
            self.values_inside("create") for _time in range(self.rng.choice((1, 1, 2)))
        ]

    def _write(self, arguments):
        arguments["vals"] = self.values_inside("write")

    def _web_save(self, arguments):
        if "create" in self.grant.operations and self.rng.random() < 0.5:
            self.call.ids = []
            arguments["vals"] = self.values_inside("create")
        else:
            arguments["vals"] = self.values_inside("write")
        arguments["specification"] = {
            name: {} for name in self.sample(self.granted(), 2)
        }

    def _copy(self, arguments):
        self.call.ids = self.call.ids[:1]
        if self.rng.random() < 0.5:
            arguments["default"] = self.values_inside("create")

    def _load(self, arguments):
        names = list(self.values_inside("create"))
        arguments["fields"] = names
        arguments["data"] = [
            [str(self.value(self.call.model, name)) for name in names]
            for _row in range(self.rng.choice((1, 2)))
        ]


__all__ = ["Call", "Draft", "Generator"]
