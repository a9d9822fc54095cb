# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The documentation of ``api_doc``, for a scope that names its route: no more than granted.

Relies on: the routes ``/doc-bearer/index.json``, whose answer is cached in an attachment that
all users with the same groups share, so that it is made anew here; its controller's
``_doc_index()``; ``/doc-bearer/<model>.json``, whose fields are those of ``fields_get``.
"""

import json

from odoo.exceptions import AccessError

from ..policy import catalogue

BELOW = "/doc-bearer/"
INDEX = "/doc-bearer/index.json"
READERS = "api_doc.group_allow_doc"


def narrowed(request, wall, endpoint, run):
    """Return what to run for a route: for documentation, something that shows less.

    :param Wall wall: what stands around the route, if anything does
    :param endpoint: the route's endpoint
    :param run: runs it, and returns the answer
    """
    path = request.httprequest.path
    if wall is None or not path.startswith(BELOW):
        return run
    if path == INDEX:
        return lambda: _index(request, wall, endpoint.func.__self__)
    return lambda: _page(request, wall, run())


def _index(request, wall, controller):
    env = request.env
    if not env.user.has_group(READERS):
        raise AccessError(env._("This page is not accessible to the user of the key."))
    _modules, models = controller._doc_index()
    for model in models:
        model["fields"] = {
            name: description
            for name, description in model["fields"].items()
            if not wall.hides_field(env, model["model"], name)
        }
        model["methods"] = _granted_methods(env, wall, model["model"], model["methods"])
    return request.make_json_response({"modules": [], "models": models})


def _page(request, wall, response):
    if response.status_code != 200:
        return response
    page = json.loads(response.get_data(as_text=True))
    granted = _granted_methods(request.env, wall, page["model"], page["methods"])
    page["methods"] = {name: page["methods"][name] for name in granted}
    response.set_data(json.dumps(page, ensure_ascii=False))
    return response


def _granted_methods(env, wall, model, methods):
    resource = env["apikey.catalogue"]._resource(model)
    rules = wall.in_force.covering(resource)
    return [name for name in methods if any(_grants(rule, name) for rule in rules)]


def _grants(rule, method) -> bool:
    if method in catalogue.READING_METHODS:
        return rule.grants_operation("read")
    if method in catalogue.GENERIC_METHODS:
        return bool(rule.operations - {"read"})
    return rule.any_method or any(grant.name == method for grant in rule.methods)
