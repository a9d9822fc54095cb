# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a caller himself sent to be stored, whatever argument it came in."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .generate import NEW

VALUES = ("vals", "vals_list", "default")
"""Arguments that hold values of records."""

CREATING = ("create", "name_create", "copy", "load")
"""Methods that take defaults from the context; one more does where it creates."""

DEFAULT = "default_"
NEW_TEXT = re.compile(rf"{NEW}\d+")
TAG = re.compile("<[^>]*>")
REMOVING = (2, 3, 5)  # commands of a relation that bring nothing
LINK, SET = 4, 6  # those that link records there are
MADE = (0, 1)  # and those that hold values of their own


class Link(NamedTuple):
    """A record that is to be linked. :param name: of the field that is to hold it"""

    model: str
    name: str
    comodel: str
    id: int


class Sent:
    """What one call sent.

    :param generate.Call fuzzed: the call
    :ivar values: mappings of field names to values
    :ivar written: the fields that they name, and the columns of an import
    :ivar defaults: what the context makes of fields that are not named
    :ivar named: all names, of the values of related records too
    :ivar brought: those of them whose values bring anything
    """

    def __init__(self, fuzzed):
        arguments = fuzzed.arguments
        self.model = fuzzed.model
        self.values = [
            values
            for name in VALUES
            for values in _listed(arguments.get(name))
            if isinstance(values, dict)
        ]
        self.defaults = {}
        saves_new = fuzzed.method == "web_save" and not fuzzed.ids
        if saves_new or fuzzed.method in CREATING:
            self.defaults = {
                name.removeprefix(DEFAULT): value
                for name, value in _context(fuzzed.context)
                if isinstance(name, str) and name.startswith(DEFAULT)
            }
        imported = set()
        if fuzzed.method == "load":
            columns = _listed(arguments.get("fields"))
            imported = {str(column).partition("/")[0] for column in columns}
        self.written = imported.union(*self.values)
        given = [*self.values, self.defaults]
        self.named = imported.union(_names(given))
        self.brought = imported.union(_names(given, unless=_only_removes))
        self._texts = set(NEW_TEXT.findall(repr((arguments, fuzzed.context))))

    def holds(self, value) -> bool:
        """Tell whether the call itself brought a text, and no default made it.

        :param value: as a column holds it: the text, markup around it, or texts by language
        """
        if isinstance(value, dict):
            return any(map(self.holds, value.values()))
        return isinstance(value, str) and TAG.sub("", value).strip() in self._texts

    def links(self, registry) -> Iterator[Link]:
        """Yield the records that many2one and many2many fields are to hold."""
        for values in self.values:
            yield from _links(registry, self.model, {**self.defaults, **values})
        if not self.values:
            yield from _links(registry, self.model, self.defaults)


def _links(registry, model, values):
    for name, value in values.items():
        field = registry[model]._fields.get(name) if model in registry else None
        if field is None or field.comodel_name not in registry:
            continue
        if field.type == "many2one":
            linked, made = [value], []
        else:
            linked, made = _of_commands(value)
        if field.type != "one2many":  # which writes to the records that it links
            for id_ in linked:
                if type(id_) is int and id_:
                    yield Link(model, name, field.comodel_name, id_)
        for inner in made:
            yield from _links(registry, field.comodel_name, inner)


def _of_commands(value):
    """Return the ids that commands link, and the values that they bring along."""
    linked, made = [], []
    for command in _listed(value):
        if not isinstance(command, (list, tuple)):
            linked.append(command)
            continue
        code, id_, argument = [*command, None, None, None][:3]
        if code == LINK:
            linked.append(id_)
        elif code == SET:
            linked += _listed(argument)
        elif code in MADE and isinstance(argument, dict):
            made.append(argument)
    return linked, made


def _names(value, unless=lambda value: False):
    if isinstance(value, dict):
        yield from (name for name in value if not unless(value[name]))
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for inner in value:
        yield from _names(inner, unless)


def _only_removes(value):
    return isinstance(value, list) and all(
        isinstance(command, (list, tuple)) and command and command[0] in REMOVING
        for command in value
    )


def _context(context):
    """Return the pairs of a context, however it was written."""
    try:
        return list(dict(context or {}).items())
    except (TypeError, ValueError):
        return []


def _listed(value):
    if isinstance(value, (list, tuple)):
        return list(value)
    return [value] if value else []
