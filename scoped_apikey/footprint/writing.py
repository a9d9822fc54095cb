# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods that create, change and delete records."""

from ..policy.footprint import CREATE, READ, UNLINK, WRITE
from .errors import malformed, unsupported
from .model_view import DATA_TYPED, Accesses, ModelView
from .reading import read_names, read_specification


def _values_accesses(view, operation, values):
    """Return the accesses that writing some values makes.

    :param operation: ``create`` or ``write``
    :param values: a mapping by field, as the caller sent it
    """
    if not isinstance(values, dict):
        raise malformed("values")
    reaches = []
    for name, value in values.items():
        field = view.field(name)
        if field.type in DATA_TYPED:
            raise unsupported(f"setting {name}")
        if field.type in ("one2many", "many2many") and value != []:
            raise unsupported(f"setting the related records of {name}")
        if field.type == "many2one" and value:
            if type(value) is not int:
                raise malformed(name)
            target = ModelView(view.env[field.comodel_name])
            reaches.append((name, target.access(READ)))
        for path in _written_back(view, operation, field, values):
            reaches.append((name, _path_access(view, path)))
    elsewhere = [name for name in values if _writes_elsewhere(view, view.field(name))]
    accesses = [view.access(operation, values, elsewhere=elsewhere, reaches=reaches)]
    return accesses + _parent_accesses(view, operation, values)


def _written_back(view, operation, field, values):
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
        elif operation != CREATE or values.get(first.name) or _is_filled(first):
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


def _path_access(view, path):
    """Return the access of writing the last field of a path."""
    *links, name = path.split(".")
    model = view.model
    for link in links:
        model = model.env[model._fields[link].comodel_name]
    return ModelView(model).access(WRITE, [name])


def _parent_accesses(view, operation, values):
    """``_inherits`` writes the parent's record: that is an access of its own."""
    accesses = []
    for parent_name, link in view.model._inherits.items():
        inherited = {
            name: value
            for name, value in values.items()
            if view.field(name).inherited
            and view.field(name).related.split(".")[0] == link
        }
        if inherited:
            new = operation == CREATE and not values.get(link)
            parent = ModelView(view.env[parent_name])
            accesses += _values_accesses(parent, CREATE if new else WRITE, inherited)
    return accesses


def _read_create(view, arguments):
    vals_list = arguments.get("vals_list")
    if isinstance(vals_list, dict):
        vals_list = [vals_list]
    if not isinstance(vals_list, (list, tuple)) or not vals_list:
        raise malformed("vals_list")
    accesses = []
    for values in vals_list:
        accesses += _values_accesses(view, CREATE, values)
    # Most calls create many records of one shape.
    return Accesses(dict.fromkeys(accesses))


def _read_write(view, arguments):
    return Accesses(_values_accesses(view, WRITE, arguments.get("vals")))


def _read_unlink(view, arguments):
    return Accesses([view.access(UNLINK)])


def _read_archive(view, arguments):
    return Accesses([view.access(WRITE, [view.model._active_name or "active"])])


def _read_copy(view, arguments):
    copied = [name for name, field in view.model._fields.items() if field.copy]
    for name in copied:
        if view.field(name).type == "one2many":
            raise unsupported(f"copying the related records of {name}")
    default = arguments.get("default") or {}
    return Accesses(
        [view.access(READ, copied), view.access(CREATE, copied)]
        + _values_accesses(view, CREATE, default)
    )


def _read_name_create(view, arguments):
    if not isinstance(arguments.get("name"), str):
        raise malformed("name")
    if not view.model._rec_name:
        raise unsupported("creating by name")
    accesses = _values_accesses(view, CREATE, {view.model._rec_name: arguments["name"]})
    if type(view.model).name_create is not view.env.registry["base"].name_create:
        # Its own version may set any field: res.partner's takes an email off the name.
        by_name = view.env["apikey.catalogue"]._by_name_of(view.model._name, CREATE)
        accesses.append(view.access(CREATE, set(view.model._fields) - by_name))
    return Accesses(accesses)


def _read_web_save(view, arguments):
    if arguments.get("next_id"):
        raise unsupported("next_id")
    names = read_specification(view, arguments.get("specification"))
    values = arguments.get("vals")
    return Accesses(
        _values_accesses(view, WRITE, values)
        + _values_accesses(view, CREATE, values)
        + [view.access(READ, names)]
    )


def _read_load(view, arguments):
    names = read_names(arguments.get("fields"), "fields")
    for name in names:
        if name in ("id", ".id"):
            raise unsupported("importing by id")
        if view.field(name).relational or view.field(name).type in DATA_TYPED:
            raise unsupported(f"importing the related records of {name}")
    if not isinstance(arguments.get("data"), (list, tuple)):
        raise malformed("data")
    return Accesses(_values_accesses(view, CREATE, dict.fromkeys(names, "")))


READERS = {
    "create": _read_create,
    "write": _read_write,
    "unlink": _read_unlink,
    "action_archive": _read_archive,
    "action_unarchive": _read_archive,
    "copy": _read_copy,
    "name_create": _read_name_create,
    "web_save": _read_web_save,
    "load": _read_load,
}
