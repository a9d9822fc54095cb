# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The calls that are measured, all of ``res.partner``."""

from lab.clients import Json2, JsonRpc, XmlRpc

MODEL = "res.partner"
DOORS = ("json2", "jsonrpc", "xmlrpc")
KINDS = (
    "search_read",
    "read",
    "write",
    "web_search_read",
    "read_group",
    "create of 100",
)
RECORDS = 100


def clients(url, database, login, uid, secret) -> dict:
    """Return a standard client for each door."""
    rpc = (url, database, login, secret, uid)
    return {
        "json2": Json2(url, database, secret),
        "jsonrpc": JsonRpc(*rpc),
        "xmlrpc": XmlRpc(*rpc),
    }


def call(client, kind: str, partner: int, text: str):
    """Make a call.

    :param client: one of ``clients``
    :param kind: one of ``KINDS``
    :param partner: the record that is read, or written to
    :param text: what is written
    :rtype: Answer
    """
    method, ids, kwargs = _parts(kind, partner, text)
    args = ()
    if kind.startswith("create") and client.transport != "json2":
        args = (kwargs.pop("vals_list"),)  # Odoo's RPC takes it in no other way
    return client.call(MODEL, method, ids, args, kwargs)


def _parts(kind, partner, text):
    """Return the method, the ids, and the arguments by name."""
    domain = [["id", "=", partner]]
    match kind:
        case "search_read":
            return kind, None, {"domain": domain, "fields": ["name"]}
        case "read":
            return kind, [partner], {"fields": ["name"]}
        case "write":
            return kind, [partner], {"vals": {"ref": text}}
        case "web_search_read":
            return kind, None, {"domain": domain, "specification": {"name": {}}}
        case "read_group":
            kwargs = {"domain": [["is_company", "=", True]]}
            return kind, None, {**kwargs, "fields": [], "groupby": ["country_id"]}
        case "create of 100":
            vals = [{"name": f"{text}, {number}"} for number in range(RECORDS)]
            return "create", None, {"vals_list": vals}
    raise ValueError(kind)
