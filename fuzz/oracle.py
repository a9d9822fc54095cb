# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Judges what came of a call, by what can be seen of it: its answer, its row, its changes.

It knows nothing of how the addon decides. What a scope grants it knows from plain reading
(``inside``), and what a change may entail from Odoo's own metadata.
"""

import re
from collections import defaultdict
from typing import NamedTuple

from .canaries import HASH, cells_in
from .generate import NEW

SHOWN, LOGGED, CHANGED, UNDECIDED, TOLD = (
    "shown", "logged", "changed", "undecided", "told"
)  # fmt: skip

STAMPS = {"write_uid", "write_date", "create_uid", "create_date"}

DOCUMENTS = {
    "mail_message": ("model", "res_id"),
    "mail_followers": ("res_model", "res_id"),
    "mail_activity": ("res_model", "res_id"),
    "ir_attachment": ("res_model", "res_id"),
    "rating_rating": ("res_model", "res_id"),
    "mail_alias": ("alias_parent_model_id", "alias_parent_thread_id"),
    "ir_model_data": ("model", "res_id"),
}
"""Rows that belong to a row of any model, and the columns that say to which."""

ENTAILED = {
    ("mail_message", "INSERT"): "mail.thread notes what happens to its record",
    ("mail_followers", "INSERT"): "mail.thread subscribes who made or owns a record",
    ("ir_model_data", "INSERT"): "load and export name the records they touch",
    ("mail_message", "DELETE"): "what belongs to a record goes with it",
    ("mail_followers", "DELETE"): "what belongs to a record goes with it",
    ("mail_activity", "DELETE"): "what belongs to a record goes with it",
    ("ir_attachment", "DELETE"): "what belongs to a record goes with it",
    ("rating_rating", "DELETE"): "what belongs to a record goes with it",
    ("ir_model_data", "DELETE"): "what belongs to a record goes with it",
}
"""What stock Odoo does by itself to a document's rows, and only for a record that the call
was granted to change."""

ALWAYS = {
    ("bus_bus", "INSERT"): "screens are told to look again",
    ("ir_cron_trigger", "INSERT"): "a scheduled job is woken",
    ("ir_sequence", "UPDATE"): "a number was drawn",
    ("ir_sequence_date_range", "UPDATE"): "a number was drawn",
    ("crm_lead_scoring_frequency", "INSERT"): "statistics of leads won and lost",
    ("crm_lead_scoring_frequency", "UPDATE"): "statistics of leads won and lost",
    ("mail_tracking_value", "INSERT"): "part of a message, which is judged itself",
    ("mail_notification", "INSERT"): "part of a message, which is judged itself",
    ("mail_mail", "INSERT"): "sends a message, which is judged itself",
    ("mail_message_res_partner_rel", "INSERT"): "part of a message",
    ("mail_mail_res_partner_rel", "INSERT"): "part of what sends a message",
    ("mail_followers_mail_message_subtype_rel", "INSERT"): "part of a follower",
}
"""Changes that say nothing that their cause does not."""


SENT = re.compile(rf"{NEW}\d+")

KEPT_FOR = {
    "mail_compose_message": "sends the template of a stage, its messages are judged",
    "project_task_recurrence": "holds when a recurring task comes again",
}
"""Tables, by how their names begin, whose rows Odoo makes on behalf of a granted record. A
call of their own model is another thing."""

MADE_FOR = {
    "project_task": ("sale_line_id", "sale_order_line"),
    "project_project": ("sale_line_id", "sale_order_line"),
}
"""Tables with rows that Odoo makes for a new row of another: sale_project, when a service is
sold, its task and project. By column, and the table that it refers to."""

KEPT_ALIKE = {
    "html_field_history": ("project_task", "what the description held before"),
    "parent_res_id": (
        "rating_rating",
        "rating.mixin keeps the project of what is rated",
    ),
    "parent_res_name": ("rating_rating", "rating.mixin keeps the project's name"),
    "res_name": ("rating_rating", "rating.mixin keeps the name of what is rated"),
    "is_manually_modified": (
        "account_move",
        "computing a line's fields marks its move",
    ),
    "allocated_hours": ("project_task", "sale_project plans what a line sells"),
}
"""Columns that Odoo's own code keeps in step with a granted field, and why."""

ADDRESS = {
    "street", "street2", "zip", "city", "state_id", "country_id", "company_name",
    "vat", "industry_id", "company_registry",
}  # fmt: skip
"""Stock Odoo keeps the address and the legal data of a company and of its contacts alike."""


class Finding(NamedTuple):
    """Something that ought not to be.

    :param kind: ``SHOWN``: the answer holds what is outside; ``LOGGED``: the log's row
        does; ``CHANGED``: a row outside is another; ``TOLD``: the answer depends on what is
        outside; ``UNDECIDED``: deciding failed
    :param detail: what it is about
    """

    kind: str
    detail: str


class Oracle:
    """Judges the calls of one scope.

    :param columns: ``canaries.Columns``
    :param inside: ``inside.Inside``
    """

    def __init__(self, env, columns, inside):
        self.columns = columns
        self.inside = inside
        self._models = {}
        self._relations = {}
        for name, model in sorted(env.registry.items()):
            if model._abstract:
                continue
            self._models.setdefault(model._table, name)
            for field in model._fields.values():
                if field.type == "many2many" and field.store and field.relation:
                    self._relations.setdefault(field.relation, []).append(
                        (name, field.name, field.column1)
                    )
        self._entailed = self._find_entailed(env)
        self._cascades = _find_cascades(env.cr)
        self._registry = env.registry
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
        if answer.changes and not self._is_granted_method(fuzzed):
            findings += self._judge_changes(fuzzed, answer.changes)
        return findings

    def _computed_now(self, fuzzed, answer) -> set:
        """Return the cells that granted fields are computed from, once links are set.

        A call that writes and reads back shows what its fields have become. Where it may
        set a link, what Odoo computes from there is the computed field's own.
        """
        values = fuzzed.arguments.get("vals")
        if fuzzed.method != "web_save" or not isinstance(values, dict):
            return set()
        model = self._registry.get(fuzzed.model)
        links = [model._fields.get(name) for name in values] if model else []
        if not all(link and self._may_link(fuzzed.model, link) for link in links):
            return set()
        columns = self._made_of[fuzzed.model]
        return {cell for cell in cells_in(answer.text) if cell.column in columns}

    def _may_link(self, model, link):
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

    def _is_granted_method(self, fuzzed):
        """A business method that is granted runs with the user's own rights."""
        return any(
            fuzzed.method in grant.methods and grant.model == fuzzed.model
            for grant in self.inside.grants
        )

    def _judge_changes(self, fuzzed, changed):
        touched = _Touched(fuzzed, changed, self._models)
        wrong = [
            f"{change.operation} {change.table}({change.id})"
            + (
                f" {sorted(change.columns - STAMPS)}"
                if change.old and change.new
                else ""
            )
            for change in changed
            if not self._may_be(change, touched)
        ]
        return [Finding(CHANGED, _some(wrong))] if wrong else []

    def _may_be(self, change, touched) -> bool:
        if self._is_entailed(change, touched):
            return True
        if change.table in DOCUMENTS and not self._is_of_granted_document(change):
            return False
        model = self._models.get(change.table)
        if change.operation != "DELETE" and touched.is_new(change.table, change.id):
            return self._may_be_new(model, change, touched)
        if change.operation == "DELETE":
            return any(
                change.id in grant.ids for grant in self.inside.of(model, "unlink")
            )
        columns = change.columns - STAMPS - self._entailed.get(change.table, set())
        columns -= {
            name for name in columns if KEPT_ALIKE.get(name, ("",))[0] == change.table
        }
        if change.table == "res_partner" and touched.is_family(change):
            columns -= ADDRESS
        if not columns:
            return True
        return any(
            columns <= set(grant.fields) and change.id in grant.ids
            for grant in self.inside.of(model, "write")
        )

    def _may_be_new(self, model, change, touched) -> bool:
        """Tell whether a new row holds no more of the caller's than may be created.

        What Odoo by itself puts into its other columns is Odoo's.
        """
        sent = {
            name
            for name, value in change.new.items()
            if isinstance(value, str) and touched.was_sent(value)
        } - self._entailed.get(change.table, set())
        return any(
            sent <= set(grant.fields) for grant in self.inside.of(model, "create")
        )

    def _is_of_granted_document(self, change) -> bool:
        """Tell whether a row belongs to a record that may be written to, or to none."""
        for row in filter(None, (change.old, change.new)):
            model, id_ = (row[column] for column in DOCUMENTS[change.table])
            if model and id_ and not self.inside.of(model, "write"):
                return False
        return True

    def _is_entailed(self, change, touched) -> bool:
        """Tell whether Odoo itself makes a change where something granted changes."""
        key = change.table, change.operation
        if key in ALWAYS or key in ENTAILED and touched.owns(change, self.inside):
            return True
        if any(
            change.table.startswith(table) and not touched.is_about(table)
            for table in KEPT_FOR
        ):
            return True
        if touched.is_made_for(change):
            return True
        if change.table in self._relations and self._may_relate(change, touched):
            return True
        return self._is_cascade(change, touched)

    def _may_relate(self, change, touched):
        row = change.old or change.new
        for model, name, column in self._relations[change.table]:
            table = next(t for t, m in self._models.items() if m == model)
            for grant in self.inside.of(model, "write") + self.inside.of(
                model, "create"
            ):
                owner = row.get(column)
                if name in grant.fields and (
                    owner in grant.ids or touched.is_new(table, owner)
                ):
                    return True
        return False

    def _is_cascade(self, change, touched):
        """The database itself empties or deletes what refers to a row that is deleted."""
        row = change.old
        return row is not None and any(
            column in row and touched.is_deleted(target, row[column])
            for column, target in self._cascades.get(change.table, ())
        )

    def _find_entailed(self, env):
        """Return the stored computed columns that depend on what may be set, by table.

        Odoo recomputes them, whatever model they belong to, as it does when the user
        himself makes the change; the registry knows which they are.
        """
        triggers = env.registry._field_triggers
        waiting = {
            env.registry[grant.model]._fields[name]
            for grant in self.inside.grants
            if grant.operations & {"write", "create", "unlink"}
            for name in (
                grant.fields
                if grant.operations == {"write"}
                else env.registry[grant.model]._fields
            )
        }
        partner = env.registry["res.partner"]._fields
        if waiting & {partner[name] for name in ADDRESS}:
            waiting |= {partner[name] for name in ADDRESS}
        seen = set()
        while waiting:
            field = waiting.pop()
            seen.add(field)
            for dependents in triggers.get(field, {}).values():
                waiting |= set(dependents) - seen
        found = {}
        for field in seen:
            if field.store and field.compute:
                table = env.registry[field.model_name]._table
                found.setdefault(table, set()).add(field.name)
        return found


class _Touched:
    """The rows that one call made, changed, deleted, or was asked to."""

    def __init__(self, fuzzed, changed, models):
        self._models = models
        self._asked = set(fuzzed.ids) if _is_ids(fuzzed.ids) else set()
        self._model = fuzzed.model
        self._documents = {
            tuple((c.new or c.old)[column] for column in DOCUMENTS[c.table])
            for c in changed
            if c.table == "mail_activity"
        }
        self._sent = set(SENT.findall(repr((fuzzed.arguments, fuzzed.context))))
        self._partners = [c for c in changed if c.table == "res_partner" and c.new]
        self._new = {(c.table, c.id) for c in changed if c.operation == "INSERT"}
        self._deleted = {(c.table, c.id) for c in changed if c.operation == "DELETE"}
        self._all = {(models.get(c.table), c.id) for c in changed}

    def is_about(self, table):
        """Tell whether the call is one of the model that has a table."""
        return self._models.get(table) == self._model

    def is_made_for(self, change):
        """Tell whether a row is new, and made for another new one."""
        if change.table not in MADE_FOR or not self.is_new(change.table, change.id):
            return False
        column, target = MADE_FOR[change.table]
        return self.is_new(target, change.new and change.new.get(column))

    def was_sent(self, text):
        """Tell whether the call itself brought a text, and no default made it."""
        return text in self._sent

    def is_new(self, table, id_):
        return (table, id_) in self._new

    def is_deleted(self, table, id_):
        return (table, id_) in self._deleted

    def is_family(self, change):
        """Tell whether a contact belongs to the company of one that the call is about."""
        companies = {
            c.new["commercial_partner_id"]
            for c in self._partners
            if c.id in self._asked or ("res_partner", c.id) in self._new
        }
        return change.new["commercial_partner_id"] in companies

    def owns(self, change, inside):
        """Tell whether a document's row belongs to a granted record that was touched."""
        row = change.new or change.old
        model, id_ = (row[column] for column in DOCUMENTS[change.table])
        if (model, id_) in self._all or (model, id_) in self._documents:
            return True  # whose own change is judged by itself
        return model in inside.models and model == self._model and id_ in self._asked


def _some(details):
    more = f" and {len(details) - 4} more" if len(details) > 4 else ""
    return ", ".join(details[:4]) + more


def _is_ids(ids):
    return isinstance(ids, list) and all(isinstance(id_, int) for id_ in ids)


def _find_cascades(cr):
    """Return the foreign keys by which the database itself changes rows, by table."""
    cr.execute(
        "SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text"
        " FROM pg_constraint c JOIN pg_attribute a"
        "   ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
        " WHERE c.contype = 'f' AND c.confdeltype IN ('c', 'n')"
    )
    found = {}
    for table, column, target in cr.fetchall():
        found.setdefault(table, []).append((column, target))
    return found
