# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods that tell of a model, its rights and its records' origin."""

from ..policy.footprint import DESCRIBE, OPERATIONS
from .errors import malformed
from .reading import read_names

METADATA = ("create_uid", "create_date", "write_uid", "write_date")


def _read_fields_get(view, arguments):
    if arguments.get("attributes") is not None:
        read_names(arguments["attributes"], "attributes")
    if arguments.get("allfields"):
        view.touch(DESCRIBE, read_names(arguments["allfields"], "allfields"))
    else:
        view.touched.offer(view, DESCRIBE, view.readable)


def _read_has_access(view, arguments):
    operation = arguments.get("operation")
    if operation not in OPERATIONS:
        raise malformed("operation")
    view.touch(operation)


def _read_get_metadata(view, arguments):
    view.reads(name for name in METADATA if name in view.model._fields)
    _read_external_ids(view)


def _read_get_external_id(view, arguments):
    view.reads(["id"])
    _read_external_ids(view)


def _read_external_ids(view):
    """They are rows of a model of their own, which Odoo reads as superuser."""
    data = view.touched.view("ir.model.data")
    data.reads(["module", "name", "model", "res_id"], unfiltered=True)


READERS = {
    "fields_get": _read_fields_get,
    "has_access": _read_has_access,
    "check_access_rights": _read_has_access,
    "get_metadata": _read_get_metadata,
    "get_external_id": _read_get_external_id,
}
