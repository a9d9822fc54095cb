# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods that create, change and delete records."""

from ..policy.footprint import CREATE, READ, UNLINK, WRITE
from .errors import malformed, unsupported
from .paths import read_names_searched
from .reading import read_specification
from .values import read_copied_values, read_values

MAGIC = frozenset({"id", "create_uid", "create_date", "write_uid", "write_date"})


def _read_create(view, arguments):
    vals_list = arguments.get("vals_list")
    if isinstance(vals_list, dict):
        vals_list = [vals_list]
    if not isinstance(vals_list, (list, tuple)) or not vals_list:
        raise malformed("vals_list")
    for values in vals_list:
        read_values(view, CREATE, values)


def _read_write(view, arguments):
    read_values(view, WRITE, arguments.get("vals"))


def _read_unlink(view, arguments):
    view.touch(UNLINK)


def _read_archive(view, arguments):
    view.touch(WRITE, [view.model._active_name or "active"])


def _read_copy(view, arguments):
    default = arguments.get("default") or {}
    if not isinstance(default, dict):
        raise malformed("default")
    read_values(view, CREATE, default, filled=frozenset(_copied(view, default)))
    _read_copied(view, arguments["ids"], default, set())


def _read_copied(view, ids, given, seen):
    """Note what a copy reads and creates, the lines it copies along included.

    :param ids: the records that are copied
    :param given: the fields whose values are not taken from them
    :param seen: the models whose records are known to be copied
    """
    seen.add(view.name)
    copied = _copied(view, given)
    lines = {name: _lines(view, ids, name) for name in copied}
    view.touch(READ, copied)
    read_copied_values(view, copied, frozenset(copied).union(given))
    for name, records in lines.items():
        if records:
            target = view.follow(name)
            target.touch(CREATE, [view.field(name).inverse_name])
            if target.name not in seen:
                _read_copied(target, records.ids, {}, seen)


def _copied(view, given):
    """Return the fields that a copy takes from its original."""
    links = set(view.model._inherits.values())
    return [
        name
        for name, field in view.model._fields.items()
        if field.copy and name not in given and name not in MAGIC | links
    ]


def _lines(view, ids, name):
    """Return the lines of a one2many field, whoever may see them."""
    field = view.field(name)
    if field.type != "one2many":
        return ()
    records = view.model.sudo().with_context(active_test=False).browse(ids)
    return records.exists()[name]


def _read_name_create(view, arguments):
    if not isinstance(arguments.get("name"), str):
        raise malformed("name")
    if not view.model._rec_name:
        raise unsupported("creating by name")
    read_values(view, CREATE, {view.model._rec_name: arguments["name"]})
    if type(view.model).name_create is not view.env.registry["base"].name_create:
        # Its own version may set any field: res.partner's takes an email off the name,
        # and that of project.tags looks for one of that name first.
        read_names_searched(view)
        view.touch(CREATE, set(view.model._fields) - view.by_name(CREATE))


def _read_default_get(view, arguments):
    names = arguments.get("fields")
    if not isinstance(names, (list, tuple)):
        raise malformed("fields")
    view.touch(CREATE, names)


def _read_web_save(view, arguments):
    saved = arguments["ids"]
    read_values(view, WRITE if saved else CREATE, arguments.get("vals"))
    next_id = arguments.get("next_id")
    if next_id:
        if type(next_id) is not int:
            raise malformed("next_id")
        view.reads(ids=[next_id])
    read_specification(view, arguments.get("specification"))


READERS = {
    "create": _read_create,
    "write": _read_write,
    "unlink": _read_unlink,
    "action_archive": _read_archive,
    "action_unarchive": _read_archive,
    "copy": _read_copy,
    "name_create": _read_name_create,
    "default_get": _read_default_get,
    "web_save": _read_web_save,
}
