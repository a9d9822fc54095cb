# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods that tell of a model, its rights and its records' origin."""

from ..policy.footprint import CREATE, DESCRIBE, OPERATIONS, READ
from .errors import malformed
from .model_view import Accesses
from .reading import read_names

METADATA = ("create_uid", "create_date", "write_uid", "write_date")


def _read_fields_get(view, arguments):
    if arguments.get("attributes") is not None:
        read_names(arguments["attributes"], "attributes")
    if not arguments.get("allfields"):
        return Accesses([view.access(DESCRIBE, offered=view.readable)])
    names = view.reads(read_names(arguments["allfields"], "allfields"))
    return Accesses([view.access(DESCRIBE, names)])


def _read_default_get(view, arguments):
    names = view.reads(read_names(arguments.get("fields"), "fields"))
    return Accesses([view.access(CREATE, names)])


def _read_has_access(view, arguments):
    operation = arguments.get("operation")
    if operation not in OPERATIONS:
        raise malformed("operation")
    return Accesses([view.access(operation)])


def _read_get_metadata(view, arguments):
    names = [name for name in METADATA if name in view.model._fields]
    return Accesses([view.access(READ, names)])


def _read_get_external_id(view, arguments):
    return Accesses([view.access(READ, ["id"])])


READERS = {
    "fields_get": _read_fields_get,
    "default_get": _read_default_get,
    "has_access": _read_has_access,
    "check_access_rights": _read_has_access,
    "get_metadata": _read_get_metadata,
    "get_external_id": _read_get_external_id,
}
