# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What stock Odoo changes by itself, when something that is granted changes.

Each exception asks for its cause among the changes of the same call, and none spares what
the caller named himself.
"""

from .touched import Touched

STAMPS = {"write_uid", "write_date", "create_uid", "create_date"}

DOCUMENTS_MADE = {
    "mail_message": "mail.thread notes what happens to its record",
    "mail_followers": "mail.thread subscribes who made or owns a record",
}
"""Rows that Odoo makes for a record that changed."""

GO_ALONG = {
    "mail_message", "mail_followers", "mail_activity", "ir_attachment", "rating_rating",
    "ir_model_data",
}  # fmt: skip
"""Rows that Odoo deletes with the record that they belong to."""

BY_HAND = {
    "mail_message": {"message_ids"},
    "mail_followers": {"message_follower_ids", "message_partner_ids"},
    "mail_activity": {"activity_ids"},
    "ir_attachment": {"attachment_ids"},
    "rating_rating": {"rating_ids"},
}
"""Fields by which a caller himself makes or deletes rows that belong to a record."""

PARTS = {
    "mail_tracking_value": ("mail_message_id", "mail_message"),
    "mail_notification": ("mail_message_id", "mail_message"),
    "mail_mail": ("mail_message_id", "mail_message"),
    "mail_message_res_partner_rel": ("mail_message_id", "mail_message"),
    "mail_mail_res_partner_rel": ("mail_mail_id", "mail_mail"),
    "mail_followers_mail_message_subtype_rel": ("mail_followers_id", "mail_followers"),
}
"""Tables whose rows Odoo makes along with a new row of another, which is judged itself: by
column, and the table that it refers to."""

NOISE = {
    ("bus_bus", "INSERT"): None,  # screens are told to look again
    ("ir_cron_trigger", "INSERT"): None,  # a scheduled job is woken
    ("ir_sequence", "UPDATE"): {"number_next"},  # a number was drawn
    ("ir_sequence_date_range", "UPDATE"): {"number_next"},
    # Statistics of leads that are won and lost.
    ("crm_lead_scoring_frequency", "INSERT"): None,
    ("crm_lead_scoring_frequency", "UPDATE"): {"won_count", "lost_count"},
}
"""Changes that say nothing that their cause does not, and the only columns, where some are.
A call of their own model is another thing."""

MADE_FOR = {
    "project_task": ("sale_line_id", "sale_order_line"),
    "project_project": ("sale_line_id", "sale_order_line"),
}
"""Tables with rows that Odoo makes for a new row of another: sale_project, when a service is
sold, its task and project. By column, and the table that it refers to."""

COMPOSER = "mail_compose_message"
"""How the names of the tables begin by which the template of a stage is sent: the messages
are judged."""

RECURRENCE = {"repeat_interval", "repeat_unit", "repeat_type", "repeat_until"}
"""What a task keeps in a row of ``project_task_recurrence``."""

ADDRESS = {
    "street", "street2", "zip", "city", "state_id", "country_id", "company_name",
    "vat", "industry_id", "company_registry",
}  # fmt: skip
"""Stock Odoo copies the address and the legal data of a company to its contacts, and back."""


def _is_description_kept(change, touched):
    """What the description held before."""
    return "description" in change.columns


def _is_line_planned(change, touched):
    """sale_project plans what a line sells, in the line's task."""
    lines = touched.of("sale_order_line")
    return any(line.new and line.new["task_id"] == change.id for line in lines)


def _is_line_computed(change, touched):
    """Writing what is computed for a line of a move marks the move."""
    lines = touched.of("account_move_line")
    return any(line.new and line.new["move_id"] == change.id for line in lines)


def _is_rated_changed(change, touched):
    """rating.mixin keeps the names of what is rated and of its project."""
    return touched.is_document_changed(change)


def _is_written_to(change, touched):
    """portal lets the customer of a record sign up, when Odoo writes to him about it."""
    return any(message.operation == "INSERT" for message in touched.of("mail_message"))


KEPT_ALIKE = {
    ("project_task", "html_field_history"): _is_description_kept,
    ("project_task", "allocated_hours"): _is_line_planned,
    ("account_move", "is_manually_modified"): _is_line_computed,
    ("rating_rating", "parent_res_id"): _is_rated_changed,
    ("rating_rating", "parent_res_name"): _is_rated_changed,
    ("rating_rating", "res_name"): _is_rated_changed,
    ("res_partner", "signup_type"): _is_written_to,
}
"""Columns that Odoo's own code keeps in step with another change, and what tells that one."""


class Entailed:
    """Knows what the changes that a scope grants entail.

    :param env: a superuser's environment
    :param inside: ``inside.Inside``
    """

    def __init__(self, env, inside):
        self._inside = inside
        self._relations = _find_relations(env.registry)
        self._cascades = _find_cascades(env.cr)
        self._computed = _find_computed(env.registry, inside)

    def computed(self, table) -> set[str]:
        """Return the columns of a table that Odoo computes from what may be set."""
        return self._computed.get(table, set())

    def spared(self, change, touched: Touched) -> set[str]:
        """Return the columns that Odoo itself sets in a row that was there before."""
        columns = self.computed(change.table) | {
            name
            for name in change.columns
            if (cause := KEPT_ALIKE.get((change.table, name)))
            and cause(change, touched)
        }
        if change.table == "res_partner":
            columns |= _copied_address(change, touched)
        if touched.is_asked(change):
            columns = columns - touched.sent.written
        return columns

    def is_entailed(self, change, touched: Touched) -> bool:
        """Tell whether Odoo itself makes a change where something granted changes."""
        return (
            _is_noise(change, touched)
            or _is_part(change, touched)
            or _is_of_changed_document(change, touched)
            or _is_made_for(change, touched)
            or self._is_behind_the_scenes(change, touched)
            or self._is_granted_relation(change, touched)
            or self._is_cascade(change, touched)
        )

    def _is_behind_the_scenes(self, change, touched):
        """Rows of which no screen tells, kept for a granted record."""
        if change.table.startswith(COMPOSER):
            return not touched.is_about(COMPOSER)
        if change.table == "project_task_recurrence":
            return not touched.is_about(change.table) and any(
                change.columns & RECURRENCE <= set(grant.fields)
                for grant in self._inside.of("project.task", "write", "create")
            )
        return False

    def _is_granted_relation(self, change, touched):
        """A many2many is a field of its owner."""
        row = change.old or change.new
        return any(
            name in grant.fields
            and (row.get(column) in grant.ids or touched.is_new(table, row.get(column)))
            for model, table, name, column in self._relations.get(change.table, ())
            for grant in self._inside.of(model, "write", "create")
        )

    def _is_cascade(self, change, touched):
        """The database itself empties or deletes what refers to a row that is deleted."""
        gone = {
            (column, deletes)
            for column, target, deletes in self._cascades.get(change.table, ())
            if change.old and touched.is_deleted(target, change.old.get(column))
        }
        if change.operation == "DELETE":
            return any(deletes for _column, deletes in gone)
        emptied = {column for column, deletes in gone if not deletes}
        return bool(emptied) and change.columns - STAMPS <= emptied


def _is_noise(change, touched):
    key = change.table, change.operation
    if key not in NOISE or touched.is_about(change.table):
        return False
    return NOISE[key] is None or change.columns - STAMPS <= NOISE[key]


def _is_part(change, touched):
    if change.table not in PARTS or change.operation != "INSERT":
        return False
    column, whole = PARTS[change.table]
    return touched.is_new(whole, change.new[column])


def _is_made_for(change, touched):
    if change.table not in MADE_FOR or not touched.is_new(change.table, change.id):
        return False
    column, target = MADE_FOR[change.table]
    return touched.is_new(target, change.new and change.new[column])


def _is_of_changed_document(change, touched):
    """What belongs to a record follows it, unless the caller himself set it."""
    by_hand = BY_HAND.get(change.table, set())
    if change.operation == "INSERT" and change.table in DOCUMENTS_MADE:
        caused = touched.is_document_changed(change) or touched.has_activity(change)
        return caused and not by_hand & touched.sent.brought
    if change.operation == "DELETE" and change.table in GO_ALONG:
        return touched.is_document_deleted(change) and not by_hand & touched.sent.named
    return False


def _copied_address(change, touched):
    """Return the columns of a contact that hold what a granted contact holds."""
    if "parent_id" in change.columns:
        return ADDRESS  # that of its new company
    near = [
        other
        for other in touched.of("res_partner")
        if other.new and other.id != change.id
        if touched.is_asked(other) or touched.is_new(other.table, other.id)
    ]
    return {
        name
        for name in ADDRESS & change.columns
        if any(other.new[name] == change.new[name] for other in near)
    }


def _find_relations(registry):
    """Return the many2many fields that are stored in a table, and the owner's column."""
    found = {}
    for name, model in sorted(registry.items()):
        if model._abstract:
            continue
        for field in model._fields.values():
            if field.type == "many2many" and field.store and field.relation:
                found.setdefault(field.relation, []).append(
                    (name, model._table, field.name, field.column1)
                )
    return found


def _find_cascades(cr):
    """Return the foreign keys by which the database itself changes rows, by table.

    :return: of each its column, the table that it refers to, and whether the row is deleted
        with that one's; else the column is emptied
    """
    cr.execute(
        "SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text,"
        "       c.confdeltype = 'c'"
        " FROM pg_constraint c JOIN pg_attribute a"
        "   ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
        " WHERE c.contype = 'f' AND c.confdeltype IN ('c', 'n')"
    )
    found = {}
    for table, *key in cr.fetchall():
        found.setdefault(table, []).append(tuple(key))
    return found


def _find_computed(registry, inside):
    """Return the stored computed columns that depend on what may be set, by table.

    Odoo recomputes them, whatever model they belong to, as it does when the user himself
    makes the change; the registry knows which they are.
    """
    triggers = registry._field_triggers
    waiting = {
        registry[grant.model]._fields[name]
        for grant in inside.grants
        if grant.operations & {"write", "create", "unlink"}
        for name in (
            grant.fields
            if grant.operations == {"write"}
            else registry[grant.model]._fields
        )
    }
    partner = registry["res.partner"]._fields
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
            table = registry[field.model_name]._table
            found.setdefault(table, set()).add(field.name)
    return found
