# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The values that a caller sets, and what setting them does elsewhere."""

from ..policy.footprint import CREATE, READ, WRITE
from .commands import read_commands
from .errors import malformed, unsupported
from .model_view import DATA_TYPED, PROPERTIES, TO_MANY
from .references import check_models_set, names_a_model, read_reference


def read_values(view, operation, values, depth=0, filled=frozenset()):
    """Note what writing some values touches, here and elsewhere.

    What a value does depends on the others: a phone number that is set along with a contact
    is written to that contact.

    :param operation: ``create`` or ``write``
    :param values: a mapping by field, as the caller sent it
    :param filled: fields of the same record that have a value from elsewhere
    :raise Unreadable: it is malformed, or sets what cannot be limited
    """
    if not isinstance(values, dict):
        raise malformed("values")
    view.touch(operation, values)
    filled = filled.union(name for name, value in values.items() if value)
    if operation == WRITE:
        check_models_set(view, values)
    for name, value in values.items():
        _read_value(view, operation, name, value, values, depth)
        _read_effects(view, operation, name, filled)
    _read_parents(view, operation, values, depth, filled)


def read_copied_values(view, names, filled):
    """Note what a new record touches whose values Odoo takes from another.

    :param filled: all of its fields that have a value
    """
    view.touch(CREATE, names)
    for name in names:
        _read_effects(view, CREATE, name, filled)
    for parent, link in view.model._inherits.items():
        inherited = _inherited_through(view, link, names)
        if inherited:
            read_copied_values(view.touched.view(parent), inherited, filled)


def _read_value(view, operation, name, value, values, depth):
    field = view.field(name)
    if field.type in PROPERTIES:
        raise unsupported(f"setting {name}")
    if field.type in DATA_TYPED:
        read_reference(view, operation, field, value, values)
    elif field.type in TO_MANY:
        read_commands(view, operation, field, value, depth, read_values)
    elif field.type == "many2one" and value:
        _read_many2one(view, operation, field, value)


def _read_effects(view, operation, name, filled):
    """Note what setting a field writes besides itself."""
    field = view.field(name)
    for path in _written_back(view, operation, field, filled):
        view.touched.reach(view, operation, name, _written_at(view, path))
    if _writes_elsewhere(view, field):
        view.touched.set_elsewhere(view, operation, name)


def _read_many2one(view, operation, field, value):
    if type(value) is not int:
        raise malformed(field.name)
    if names_a_model(view, field):
        return  # the document is what counts, and is read by its own field
    target = view.follow(field.name)
    view.touched.reach(view, operation, field.name, target.access(READ, ids=[value]))


def _written_back(view, operation, field, filled):
    """Yield the paths to the fields of other records that setting a field writes.

    A related field writes what it relates; a computed one with an inverse, as far as
    metadata tell, what it is computed from. ``_inherits`` is seen to by itself.
    """
    if field.inherited or not field.inverse:
        return
    if field.related:
        yield field.related
        return
    for path in view.env.registry.field_depends.get(field, ()):
        first = view.model._fields[path.split(".")[0]]
        if "." not in path:
            if first.related:
                yield first.related
        elif operation != CREATE or first.name in filled or _is_filled(first):
            yield path


def _is_filled(link):
    """Tell whether a new record may have a link that its creator did not set."""
    return bool(link.compute or link.default)


def _writes_elsewhere(view, field):
    """Tell whether a field has an inverse of its own that metadata tell nothing about."""
    if not field.inverse or field.related or field.store:
        return False
    # A display name that can be set is parsed: a task's makes tags and assigns users.
    return field.name == "display_name" or not view.env.registry.field_depends.get(
        field
    )


def _written_at(view, path):
    """Return the access of writing the last field of a path, on records nobody names."""
    *links, name = path.split(".")
    for link in links:
        view = view.follow(link)
    return view.access(WRITE, [name], unfiltered=True)


def _read_parents(view, operation, values, depth, filled):
    """``_inherits`` writes the parent's record: that is an access of its own."""
    for parent, link in view.model._inherits.items():
        inherited = {
            name: values[name] for name in _inherited_through(view, link, values)
        }
        if inherited:
            new = operation == CREATE and link not in filled
            read_values(
                view.touched.view(parent),
                CREATE if new else WRITE,
                inherited,
                depth,
                filled,
            )


def _inherited_through(view, link, names):
    return [
        name
        for name in names
        if (field := view.field(name)).inherited and field.related.split(".")[0] == link
    ]
