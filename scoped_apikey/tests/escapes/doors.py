# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Other doors: routes and services that check a key, and answers that say too much."""

from collections.abc import Callable
from dataclasses import dataclass

KEY, PASSWORD = "key", "password"
EVIL = "https://evil.example.com"
# Odoo says what row failed: the whole of it.
NO_NAME = {"vals_list": [{"name": False, "street": "zanzibar"}]}


@dataclass(frozen=True)
class Door:
    """A way in that is none of the standard endpoints, or an answer that says too much.

    :param name: in plain words
    :param through: the door
    :param reaches: what it would have reached
    :param knock: takes the test case and a key, and returns what was answered as text
    :param opened: takes the test case and that text, and tells whether it was reached
    :param stock: with which secret it is shown to be open on stock Odoo: ``KEY``, one
        without a scope; ``PASSWORD``, where this addon closes it to every key; ``None``,
        where it closes it to everybody, or Odoo does
    """

    name: str
    through: str
    reaches: str
    knock: Callable
    opened: Callable
    stock: str | None = KEY


def getting(path):
    return lambda case, key: case.http("GET", path, key)


def posting(path, body):
    return lambda case, key: case.http("POST", path, key, body)


def holding(text):
    return lambda case, answer: text in answer


def renamed(case, answer):
    """Tell whether the server believes that it has another address."""
    return case.take_parameter("web.base.url") == EVIL


def authenticating(transport):
    return Door(
        f"an authentication that says where the server is, by {transport}",
        "`common.authenticate`",
        "the links in the mails of others",
        lambda case, key: repr(
            case.authenticate_by(transport, key, "admin", {"base_location": EVIL})
        ),
        renamed,
        None,
    )


DOORS = (
    Door(
        "the JSON of an action of the web client",
        "`/json/1`",
        "users, through the views of the web client",
        getting("/json/1/users/{admin}?view_type=form"),
        holding('"login"'),
    ),
    Door(
        "the documentation of all models",
        "`/doc-bearer/index.json`",
        "the names of models, methods and fields",
        getting("/doc-bearer/index.json"),
        holding("res.users"),
    ),
    Door(
        "the documentation of a model",
        "`/doc-bearer/res.users.json`",
        "the names of methods and fields",
        getting("/doc-bearer/res.users.json"),
        holding("login"),
    ),
    authenticating("xmlrpc2"),
    authenticating("xmlrpc1"),
    authenticating("jsonrpc"),
    Door(
        "an authentication by a method of users",
        "`res.users.authenticate`",
        "the links in the mails of others",
        lambda case, key: case.execute(
            key,
            "res.users",
            "authenticate",
            {"type": "password", "login": "admin", "password": "admin"},
            {"base_location": EVIL},
        ),
        renamed,
        None,
    ),
    Door(
        "a key for another door, such as that of a mail client",
        "`_check_credentials(scope='odoo.plugin.outlook')`",
        "whatever that door opens",
        lambda case, key: case.check_credentials(key, "odoo.plugin.outlook"),
        holding("accepted"),
    ),
    Door(
        "a key as the password of a session",
        "`/web/session/authenticate`",
        "a session of the web client",
        lambda case, key: case.open_session(key),
        holding('"uid": '),
        stock=None,
    ),
    Door(
        "a key at a route of the web client",
        "`/web/dataset/call_kw`",
        "whatever the web client may do",
        posting(
            "/web/dataset/call_kw/res.users/search_read",
            {
                "params": {
                    "model": "res.users",
                    "method": "search_read",
                    "args": [[], ["login"]],
                    "kwargs": {},
                }
            },
        ),
        holding('"login"'),
        stock=None,
    ),
    Door(
        "the session of the web client",
        "`/json/2/ir.http/session_info`",
        "what the web client knows",
        posting("/json/2/ir.http/session_info", {"ids": []}),
        holding('"user_companies"'),
    ),
    Door(
        "execute instead of execute_kw",
        "`/xmlrpc/2/object`",
        "users",
        lambda case, key: case.execute(key, "res.users", "search_read", [], ["login"]),
        holding("'login'"),
    ),
    Door(
        "the row that failed, in the debug of an answer",
        "`/json/2`",
        "the whole row, a password's hash too",
        posting("/json/2/res.partner/create", NO_NAME),
        holding("Failing row"),
        None,
    ),
    Door(
        "the row that failed, in the debug of an answer of JSON-RPC",
        "`/jsonrpc`",
        "the whole row, a password's hash too",
        lambda case, key: (
            case.jsonrpc(
                "object",
                "execute",
                [
                    case.db,
                    case.admin_id,
                    key,
                    "res.partner",
                    "create",
                    NO_NAME["vals_list"],
                ],
            ).text
        ),
        holding("Failing row"),
        PASSWORD,
    ),
    Door(
        "the traceback of an error",
        "`/json/2`",
        "what the server runs, and where",
        posting("/json/2/res.partner/search", {"domain": [["no_such_field", "=", 1]]}),
        holding("Traceback"),
        None,
    ),
    Door(
        "the traceback of an error, in a fault of XML-RPC",
        "`/xmlrpc/2/object`",
        "what the server runs, and where",
        lambda case, key: case.execute(
            key, "res.partner", "search", [["no_such_field", "=", 1]]
        ),
        holding("Traceback"),
        PASSWORD,
    ),
    Door(
        "what is hidden, by name, with ?debug=1",
        "`/json/2?debug=1`",
        "the names of hidden records, and the rules that hide them",
        lambda case, key: case.http(
            "POST",
            "/json/2/res.partner/read?debug=1",
            key,
            {"ids": [case.hidden_id], "fields": ["name"]},
        ),
        holding("zanzibar"),
        None,
    ),
)
