# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``load``, which imports a table whose columns are paths."""

from collections import defaultdict

from odoo.models import fix_import_export_id_paths

from ..policy.footprint import CREATE, WRITE
from .commands import read_links
from .errors import malformed, unsupported
from .model_view import DATA_TYPED
from .paths import read_names_searched
from .reading import read_names
from .values import read_values

IMPORTED = "__import__"
"""The module of external ids that name none, unless the context says another."""


def _read_load(view, arguments):
    columns = read_names(arguments.get("fields"), "fields")
    rows = arguments.get("data")
    if not isinstance(rows, (list, tuple)) or not all(
        isinstance(row, (list, tuple)) and len(row) <= len(columns) for row in rows
    ):
        raise malformed("data")
    table = [
        (fix_import_export_id_paths(column), _cells(rows, index))
        for index, column in enumerate(columns)
    ]
    # Odoo takes whatever stands first in a path: ".id/x" is its column ".id".
    known = [id_ for path, cells in table if path[0] == ".id" for id_ in _ids(cells)]
    view.touch(WRITE if known else CREATE, ids=known)
    if known and len(known) < len(rows):
        view.touch(CREATE)
    for operation in (CREATE, WRITE):
        if view.touched.holds(view, operation):
            _read_columns(view, operation, table)


def _cells(rows, index):
    """Return the cells of a column that hold something."""
    cells = [row[index] for row in rows if len(row) > index]
    if not all(cell is None or isinstance(cell, (str, int, float)) for cell in cells):
        raise malformed("data")
    return [cell for cell in cells if cell not in (None, False, "")]


def _read_columns(view, operation, table):
    """Note what setting some columns touches.

    :param table: pairs of a path and the cells below it
    """
    lines = defaultdict(list)
    for (name, *rest), cells in table:
        if name == "id":
            # Odoo would write to whatever has that external id, or give it to another.
            raise unsupported("importing by external id")
        if name == ".id":
            continue
        if rest in ([], ["id"], [".id"]) and view.field(name).type != "one2many":
            _read_column(view, operation, name, rest, cells)
        elif rest and view.field(name).type == "one2many":
            lines[name].append((rest, cells))
        else:
            raise unsupported(f"importing through {name}")
    for name, columns in lines.items():
        _read_lines(view, operation, name, columns)


def _read_lines(view, operation, name, columns):
    """Note what importing lines along with their records touches."""
    if any(path[0] in ("id", ".id") for path, _cells in columns):
        raise unsupported(f"importing {name} by id")
    read_values(view, operation, {name: [[0, 0, {}]]})
    _read_columns(view.follow(name), CREATE, columns)


def _read_column(view, operation, name, rest, cells):
    field = view.field(name)
    if field.type in DATA_TYPED:
        raise unsupported(f"importing {name}")
    ids = []
    if field.relational:
        target = view.follow(name)
        if rest == [".id"]:
            ids = _ids(cells)
        elif rest == ["id"]:
            ids = _resolve(target, cells)
        else:
            read_names_searched(target)
    if field.type == "many2many":
        read_values(view, operation, {name: []})
        if cells:
            read_links(view, operation, field, ids)
        return
    for value in ids or [""]:
        read_values(view, operation, {name: value})


def _ids(cells):
    """Return the ids in some cells, each of which may hold several.

    :raise Unreadable: there is something else in them
    """
    parts = [part.strip() for cell in cells for part in str(cell).split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise malformed("data")
    return [int(part) for part in parts]


def _resolve(target, cells):
    """Return the ids that external ids stand for.

    :raise Unreadable: one of them stands for no record of the model
    """
    data = target.env["ir.model.data"].sudo()
    ids = []
    for cell in cells:
        for xmlid in str(cell).split(","):
            complete = xmlid if "." in xmlid else f"{IMPORTED}.{xmlid}"
            model, id_ = data._xmlid_to_res_model_res_id(complete)
            if model != target.name:
                raise malformed("data")
            ids.append(id_)
    return ids


READERS = {"load": _read_load}
