# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Commands on one2many and many2many fields: what they do to the related records."""

from odoo.fields import Command

from ..policy.footprint import CREATE, READ, UNLINK, WRITE
from .errors import malformed, unsupported
from .model_view import DATA_TYPED

MAX_DEPTH = 20


def read_commands(view, operation, field, value, depth, read_values):
    """Note what setting a one2many or many2many does to the related records.

    :param value: commands, or ids, or nothing, as the caller sent it
    :param read_values: reads the values of a record that is created or changed
    :raise Unreadable: it is malformed
    """
    if depth > MAX_DEPTH:
        raise malformed(field.name)
    target = view.follow(field.name)
    links = _Links(view, operation, field, target)
    for code, id_, argument in _commands(field, value):
        if code == Command.CREATE:
            read_values(target, CREATE, argument, depth + 1, links.filled)
            links.note_new()
        elif code == Command.UPDATE:
            read_values(target, WRITE, argument, depth + 1)
            target.touch(WRITE, ids=[id_])
        elif code == Command.DELETE:
            target.touch(UNLINK, ids=[id_])
        elif code == Command.LINK:
            links.add([id_])
        elif code == Command.UNLINK:
            links.cut([id_])
        else:
            if operation != CREATE:  # a new record has no links that could be cut
                links.cut()
            if argument:
                links.add(argument)


def read_links(view, operation, field, ids):
    """Note what adding links to a many2many touches.

    :param ids: of the related records, as far as they are known
    """
    _Links(view, operation, field, view.follow(field.name)).add(ids)


def _commands(field, value):
    """Yield commands of one form, whichever the caller used.

    :return: triples of a code, an id or 0, and values or ids
    """
    if value is None or value is False:
        value = [[Command.CLEAR]]
    if not isinstance(value, (list, tuple)):
        raise malformed(field.name)
    if value and not isinstance(value[0], (list, tuple)):
        value = [[Command.SET, 0, value]]
    for command in value:
        yield _command(field, command)


def _command(field, command):
    if not isinstance(command, (list, tuple)) or not 1 <= len(command) <= 3:
        raise malformed(field.name)
    code, id_, argument = [*command, None, None][:3]
    if code in (Command.DELETE, Command.UNLINK, Command.LINK, Command.UPDATE):
        _check_id(field, id_)
    elif code == Command.CLEAR:
        argument = ()
    elif code == Command.SET:
        argument = [argument] if type(argument) is int else argument
        if not isinstance(argument, (list, tuple)):
            raise malformed(field.name)
        for item in argument:
            _check_id(field, item)
    elif code != Command.CREATE:
        raise malformed(field.name)
    return code, id_, argument


def _check_id(field, id_):
    if type(id_) is not int or id_ <= 0:
        raise malformed(field.name)


class _Links:
    """What linking related records, and unlinking them, touches."""

    def __init__(self, view, operation, field, target):
        self._view = view
        self._operation = operation
        self._field = field
        self._target = target
        self._inverse = field.type == "one2many" and field.inverse_name

    @property
    def filled(self) -> frozenset[str]:
        """The fields of a new related record that hold the link."""
        return frozenset(self._inverse_fields() if self._inverse else ())

    def note_new(self):
        if self._inverse:
            self._target.touch(CREATE, self._inverse_fields())
        else:
            self._touch_other_side()

    def add(self, ids):
        if self._inverse and self._target.field(self._inverse).type in DATA_TYPED:
            # Odoo sets the id alone: what it then belongs to, the record's model says.
            raise unsupported(f"linking records by {self._field.name}")
        if self._inverse:
            self._target.touch(WRITE, self._inverse_fields(), ids=ids)
        else:
            self._reach(self._target.access(READ, ids=ids))
            self._touch_other_side()

    def cut(self, ids=()):
        """Without ids, whatever is linked: Odoo then finds it, and asks who may."""
        if not self._inverse:
            self._touch_other_side()
        elif getattr(self._target.field(self._inverse), "ondelete", "") == "cascade":
            self._target.touch(UNLINK, ids=ids)
        else:
            self._target.touch(WRITE, self._inverse_fields(), ids=ids)

    def _inverse_fields(self):
        """A one2many by a many2one_reference sets the model, too."""
        inverse = self._target.field(self._inverse)
        return [
            name
            for name in (self._inverse, getattr(inverse, "model_field", ""))
            if name
        ]

    def _touch_other_side(self):
        """A many2many can be written from either side; one may be out of bounds."""
        for other in self._view.env.registry.field_inverses[self._field]:
            guarded = other.name in self._target.by_name(WRITE)
            if self._target.resource.protected or guarded:
                self._reach(self._target.access(WRITE, [other.name]))

    def _reach(self, access):
        self._view.touched.reach(self._view, self._operation, self._field.name, access)
