# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The rows that one call changed, by what became of them."""

from .sent import Sent

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


class Touched:
    """What one call made, changed, deleted, or was asked to.

    :param generate.Call fuzzed: the call
    :param changes: ``changes.Change``, of every row that it changed
    :param tables: by model
    :ivar sent: what the caller himself sent
    """

    def __init__(self, fuzzed, changes, tables):
        self.changes = changes
        self.sent = Sent(fuzzed)
        self._table = tables.get(fuzzed.model)
        self._tables = tables
        self._asked = ids_of(fuzzed)
        self._changed = {(change.table, change.id) for change in changes}
        self._new = self._ids("INSERT")
        self._deleted = self._ids("DELETE")
        self._documents = {
            self.document(change)
            for change in changes
            if change.table == "mail_activity"
        }

    def _ids(self, operation):
        return {
            (change.table, change.id)
            for change in self.changes
            if change.operation == operation
        }

    def of(self, table):
        """Return the changes in a table."""
        return [change for change in self.changes if change.table == table]

    def is_about(self, table) -> bool:
        """Tell whether the call is one of the model that has a table."""
        return table == self._table

    def became(self, change) -> dict:
        """Return what a row that changed holds in the end."""
        return [c for c in self.of(change.table) if c.id == change.id][-1].new

    def is_asked(self, change) -> bool:
        """Tell whether the call names a row as one that it is about."""
        return self.is_about(change.table) and change.id in self._asked

    def is_new(self, table, id_) -> bool:
        return (table, id_) in self._new

    def is_deleted(self, table, id_) -> bool:
        return (table, id_) in self._deleted

    @staticmethod
    def document(change):
        """Return the model and the id that a row belongs to."""
        row = change.new or change.old
        return tuple(row[column] for column in DOCUMENTS[change.table])

    def is_document_new(self, change) -> bool:
        model, id_ = self.document(change)
        return self.is_new(self._tables.get(model), id_)

    def is_document_deleted(self, change) -> bool:
        model, id_ = self.document(change)
        return self.is_deleted(self._tables.get(model), id_)

    def is_document_changed(self, change) -> bool:
        """Tell whether the record that a row belongs to was changed, which is judged itself."""
        model, id_ = self.document(change)
        return bool(model and id_) and (self._tables.get(model), id_) in self._changed

    def has_activity(self, change) -> bool:
        """Tell whether an activity changed on the record that a row belongs to."""
        return all(self.document(change)) and self.document(change) in self._documents


def ids_of(fuzzed) -> set[int]:
    """Return the records that a call is about; none where that is unclear."""
    ids = fuzzed.ids if isinstance(fuzzed.ids, list) else [fuzzed.ids]
    return set(ids) if all(type(id_) is int for id_ in ids) else set()
