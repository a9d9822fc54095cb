# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which columns an export has, and how their values are written."""

import json
from dataclasses import dataclass, field

from odoo.exceptions import AccessError


@dataclass(frozen=True)
class Column:
    """A column of a file.

    :param label: what its head says, in the user's language
    :param labels: those of a selection, by value
    """

    name: str
    label: str
    labels: dict = field(default_factory=dict)

    def show(self, value):
        """Return a value of the database as a file has it: a text, a number, a bool, a
        datetime or ``None``.
        """
        if self.labels:
            return self.labels.get(value, value)
        if isinstance(value, (dict, list)):
            return json.dumps(value, ensure_ascii=False)
        return value


def columns_of(model, names=None):
    """Choose the columns of a log: all that are stored, in the model's order.

    :param model: an empty record of the log
    :param names: of those that are wanted, in that order; ``None``: all
    :return: a list of ``Column``
    :raise AccessError: a field is not the user's to read
    :raise ValueError: a name is not that of a column
    """
    stored = [
        name
        for name, field in model._fields.items()
        if field.store and field.column_type and name != "id"
    ]
    about = model.fields_get(stored, ["string", "type", "selection"])
    if names is None:
        names = [name for name in stored if name in about]
    for name in names:
        if name not in stored:
            raise ValueError(model.env._("%s is no column of this log.", name))
        if name not in about:
            raise AccessError(model.env._("You may not read %s.", name))
    return [_column(model.env, name, about[name]) for name in names]


def _column(env, name, about):
    label = about["string"]
    if about["type"] == "datetime":
        label = env._("%s (UTC)", label)
    return Column(name, label, dict(about.get("selection") or ()))
