# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which functions are timed, and as which room: those of Odoo's, and those of the addon's."""

import json
import sys
from functools import wraps
from importlib import import_module

from odoo import http, sql_db
from passlib.context import CryptContext

from .stopwatch import serving, take, timed, timed_query

PATH = "/scoped_apikey_stopwatch"
ADDON = "odoo.addons.scoped_apikey"
# By module and name. The time of what one of them calls, if it is one of them, is the other's.
ROOMS = {
    ("rooms.identify", "identify_key"): "identify",
    ("rooms.limits", "take_permit"): "take a permit",
    ("rooms.arguments", "note_arguments"): "note the arguments",
    ("rooms.companies", "narrow_companies"): "narrow the companies",
    ("rooms.decide", "check_grants"): "decide",
    ("footprint", "read_footprint"): "read the footprint",
    ("rooms.companies", "check_records"): "check the records",
    ("rooms.wall", "wall_around"): "build the wall",
    ("rooms.record", "record"): "record",
}
WALL = ("refusal_of", "refusal_of_field", "hides_field", "record_domain")


def place():
    """Time them from now on, and answer at ``PATH`` what was timed since it last did."""
    CryptContext.verify = timed("hash")(CryptContext.verify)
    sql_db.Cursor.commit = timed("commit")(sql_db.Cursor.commit)
    sql_db.BaseCursor.flush = timed("flush")(sql_db.BaseCursor.flush)
    sql_db.Cursor.execute = timed_query(sql_db.Cursor.execute)
    http.Application.__call__ = _answer(http.Application.__call__)
    if ADDON in sys.modules:
        _place_rooms()


def _place_rooms():
    for (module, name), room in ROOMS.items():
        function = getattr(import_module(f"{ADDON}.{module}"), name)
        _replace(function, timed(room)(function))
    run = import_module(f"{ADDON}.rooms.run")
    _replace(run.serve, _serve(run.serve))
    wall = import_module(f"{ADDON}.rooms.wall").Wall
    for name in WALL:
        setattr(wall, name, timed("wall, in the ORM")(getattr(wall, name)))


def _replace(old, new):
    """Put one function in place of another wherever a module of the addon knows it."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(ADDON):
            for name, value in list(vars(module).items()):
                if value is old:
                    setattr(module, name, new)


def _serve(original):
    """Tell what the room does from what Odoo's method does, which it is given to run."""

    @wraps(original)
    def serve(env, call, run):
        return original(env, call, timed("Odoo's method")(run))

    return timed("run")(serve)


def _answer(original):
    @wraps(original)
    def application(self, environ, start_response):
        if environ["PATH_INFO"] == PATH:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(take()).encode()]
        with serving():
            return original(self, environ, start_response)

    return application
