# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Judges what came of a call, by what can be seen of it: its answer, its row, its changes.

It knows nothing of how the addon decides. What a scope grants it knows from plain reading
(``inside``), and what a change may entail from Odoo's own metadata (``entailed``).
"""

from collections import defaultdict
from typing import NamedTuple

from .canaries import HASH, cells_in
from .entailed import STAMPS, Entailed
from .entrance import ALLOWED
from .sent import Sent
from .touched import DOCUMENTS, Touched, ids_of

SHOWN, LOGGED, CHANGED, LINKED, UNGRANTED, UNDECIDED, TOLD = (
    "shown", "logged", "changed", "linked", "ungranted", "undecided", "told"
)  # fmt: skip


class Finding(NamedTuple):
    """Something that ought not to be.

    :param kind: ``SHOWN``: the answer holds what is outside; ``LOGGED``: the log's row
        does; ``CHANGED``: a row outside is another; ``LINKED``: a record inside now refers
        to one outside; ``UNGRANTED``: a business method ran on more, or with more, than was
        granted; ``TOLD``: the answer depends on what is outside; ``UNDECIDED``: deciding
        failed
    :param detail: what it is about
    """

    kind: str
    detail: str


class Oracle:
    """Judges the calls of one scope.

    :param env: a superuser's environment
    :param columns: ``canaries.Columns``
    :param inside: ``inside.Inside``
    """

    def __init__(self, env, columns, inside):
        self.columns = columns
        self.inside = inside
        self._registry = env.registry
        self._models, self._tables = {}, {}
        for name, model in sorted(env.registry.items()):
            if not model._abstract:
                self._models.setdefault(model._table, name)
                self._tables[name] = model._table
        self._entailed = Entailed(env, inside)
        self._made_of = self._find_made_of(env)

    def judge(self, fuzzed, answer) -> list[Finding]:
        """Return what is wrong with what came of a call."""
        sent = cells_in(repr((fuzzed.ids, fuzzed.arguments, fuzzed.context)))
        known = sent | self.inside.cells | self._computed_now(fuzzed, answer)
        findings = []
        for kind, text in ((SHOWN, answer.text), (LOGGED, answer.row)):
            if cells := sorted(cells_in(text) - known):
                described = [self.columns.describe(cell) for cell in cells]
                findings.append(Finding(kind, _some(described)))
        if HASH.search(answer.text) or HASH.search(answer.row):
            findings.append(Finding(SHOWN, "the hash of a secret"))
        if "it could not be decided" in answer.row:
            findings.append(Finding(UNDECIDED, answer.row))
        findings += self._judge_effects(fuzzed, answer)
        return findings

    def _judge_effects(self, fuzzed, answer):
        """A business method that is granted runs with the user's own rights."""
        naming = [
            grant
            for grant in self.inside.grants
            if grant.model == fuzzed.model and fuzzed.method in grant.methods
        ]
        if naming and answer.kind == ALLOWED:
            if any(_is_granted(fuzzed, grant) for grant in naming):
                return []
            return [Finding(UNGRANTED, fuzzed.describe())]
        findings = []
        if answer.changes:
            findings += self._judge_changes(fuzzed, answer.changes)
        if answer.kind == ALLOWED:
            findings += self._judge_links(fuzzed)
        return findings

    def _judge_links(self, fuzzed):
        """Setting a link needs read on its target, unless a rule names the field."""
        hidden = [
            f"{link.model}.{link.name} set to {link.comodel}({link.id})"
            for link in Sent(fuzzed).links(self._registry)
            if not self._may_link(link)
        ]
        return [Finding(LINKED, _some(hidden))] if hidden else []

    def _may_link(self, link):
        if link.comodel == "ir.model":
            return True  # which tells nothing; the document of that model is judged
        return any(
            link.id in grant.ids for grant in self.inside.of(link.comodel, "read")
        ) or any(
            grant.limited and link.name in grant.fields
            for grant in self.inside.of(link.model, "write", "create")
        )

    def _computed_now(self, fuzzed, answer) -> set:
        """Return the cells that granted fields are computed from, once links are set.

        A call that writes and reads back shows what its fields have become. Where it may
        set a link, what Odoo computes from there is the computed field's own.
        """
        values = fuzzed.arguments.get("vals")
        if fuzzed.method != "web_save" or not isinstance(values, dict):
            return set()
        if not _is_flat(fuzzed.arguments.get("specification")):
            return set()  # it shows what other records hold
        model = self._registry.get(fuzzed.model)
        links = [model._fields.get(name) for name in values] if model else []
        if not all(link and self._may_set(fuzzed.model, link) for link in links):
            return set()
        columns = self._made_of[fuzzed.model]
        return {cell for cell in cells_in(answer.text) if cell.column in columns}

    def _may_set(self, model, link):
        return link.type != "many2one" or any(
            self.inside.of(link.comodel_name, "read")
            or (grant.limited and link.name in grant.fields)
            for grant in self.inside.of(model, "write")
        )

    def _find_made_of(self, env):
        """Return the columns that granted fields are computed from, by model."""
        found = defaultdict(set)
        planted = {(c.model, c.name): i for i, c in enumerate(self.columns.columns)}
        for grant in self.inside.grants:
            model = env.registry[grant.model]
            waiting = [model._fields[name] for name in grant.fields]
            seen = set()
            while waiting:
                field = waiting.pop()
                if field in seen:
                    continue
                seen.add(field)
                for path in env.registry.field_depends.get(field, ()):
                    owner = env.registry[field.model_name]
                    for name in path.split("."):
                        source = owner._fields.get(name)
                        if source is None:
                            break
                        if source is not field:
                            waiting.append(source)
                        if source.comodel_name in env.registry:
                            owner = env.registry[source.comodel_name]
            found[grant.model] |= {
                planted[field.model_name, field.name]
                for field in seen
                if field.compute or field.model_name != grant.model
                if (field.model_name, field.name) in planted
            }
        return found

    def _judge_changes(self, fuzzed, changes):
        touched = Touched(fuzzed, changes, self._tables)
        wrong = [
            _described(change)
            for change in changes
            if not self._may_be(change, touched)
        ]
        return [Finding(CHANGED, _some(wrong))] if wrong else []

    def _may_be(self, change, touched) -> bool:
        if self._entailed.is_entailed(change, touched):
            return True
        if not self._is_of_granted_document(change, touched):
            return False
        model = self._models.get(change.table)
        if change.operation == "DELETE":
            return any(
                change.id in grant.ids for grant in self.inside.of(model, "unlink")
            )
        if touched.is_new(change.table, change.id):
            return self._may_be_new(model, change, touched)
        columns = change.columns - {"write_uid", "write_date"}
        columns -= self._entailed.spared(change, touched)
        return not columns or any(
            columns <= set(grant.fields) and change.id in grant.ids
            for grant in self.inside.of(model, "write")
        )

    def _may_be_new(self, model, change, touched) -> bool:
        """Tell whether a new row holds no more of the caller's than may be created.

        What Odoo by itself puts into its other columns is Odoo's.
        """
        sent = {name for name, value in change.new.items() if touched.sent.holds(value)}
        sent -= self._entailed.computed(change.table)
        if touched.is_about(change.table):
            named = touched.sent.written | set(touched.sent.defaults)
            sent |= named & set(change.new) - {"id"}
        row = touched.became(change) or change.new
        return any(
            sent <= set(grant.fields) and grant.may_hold(row)
            for grant in self.inside.of(model, "create")
        )

    def _is_of_granted_document(self, change, touched) -> bool:
        """Tell whether a row belongs to a record that may be written to, or to none."""
        if change.table not in DOCUMENTS or touched.is_document_new(change):
            return True
        for row in filter(None, (change.old, change.new)):
            model, id_ = (row[column] for column in DOCUMENTS[change.table])
            grants = self.inside.of(model, "write")
            if model and id_ and not any(id_ in grant.ids for grant in grants):
                return False
        return True


def _is_granted(fuzzed, grant) -> bool:
    """Tell whether a grant covers the records and the arguments of a business method."""
    allowed = grant.methods[fuzzed.method]
    if allowed is not None and not set(fuzzed.arguments) <= allowed:
        return False
    ids = ids_of(fuzzed)
    return not fuzzed.ids or bool(ids) and ids <= grant.ids


def _is_flat(specification) -> bool:
    """Tell whether a specification shows the fields of one record, and of no other."""
    return isinstance(specification, dict) and not any(
        isinstance(inner, dict) and inner.get("fields")
        for inner in specification.values()
    )


def _described(change):
    columns = f" {sorted(change.columns - STAMPS)}" if change.old and change.new else ""
    return f"{change.operation} {change.table}({change.id}){columns}"


def _some(details):
    more = f" and {len(details) - 4} more" if len(details) > 4 else ""
    return ", ".join(details[:4]) + more
