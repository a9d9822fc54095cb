# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sets the stage for the cases: a user, scopes and keys, made as an administrator makes them."""

from .cases import Call, Case, Rule
from .clients import Answer, Json2, JsonRpc, XmlRpc
from .web import WebSession

LOGIN = "integration"
GROUPS = (
    "base.group_system",
    "sales_team.group_sale_manager",
    "project.group_project_manager",
)
GRANTS = {"perm_read": "r", "perm_write": "w", "perm_create": "c", "perm_unlink": "d"}
CREATE, SET = 0, 6
# The ways in, and what the call log calls each: its transport.
DOORS = {
    "json2": "json2",
    "xmlrpc": "xmlrpc",
    "xmlrpc1": "xmlrpc",
    "jsonrpc": "jsonrpc",
}


class Stage:
    """One user who serves all cases, and an administrator who issues the keys.

    :param server: an ``OdooServer``
    :param database: one with the addon
    """

    def __init__(self, server, database: str):
        self.url = server.url
        self.database = database
        self.admin = WebSession(server.url, database)
        found = self.admin.call("res.users", "search", [["login", "=", LOGIN]])
        self.uid = found[0] if found else self._create_user()
        self.secrets = {}

    def _create_user(self) -> int:
        groups = [self.admin.ref(group) for group in GROUPS]
        values = {
            "name": "Integration",
            "login": LOGIN,
            "group_ids": [[SET, 0, groups]],
        }
        return self.admin.call("res.users", "create", [values])[0]

    def issue(self, case: Case) -> str:
        """Make the case's scope and key. :return: the secret"""
        self.secrets[case.key] = self.issue_key(case.key, self.make_scope(case))
        return self.secrets[case.key]

    def make_scope(self, case: Case) -> int:
        """Make the case's scope. :return: its id"""
        return self.admin.call("apikey.scope", "create", [self.scope_values(case)])[0]

    def issue_key(self, name: str, scope: int | None, user: int | None = None) -> str:
        """Issue a key through the wizard.

        :param user: whose; none: the stage's user
        :return: the secret
        """
        values = {
            "name": name,
            "duration": "30",
            "scope_id": scope or False,
            "user_id": user or self.uid,
        }
        wizard = self.admin.call("res.users.apikeys.description", "create", [values])
        action = self.admin.press("res.users.apikeys.description", "make_key", wizard)
        return action["context"]["default_key"]

    def key_id(self, name: str) -> int:
        """The id of the newest key of that name."""
        return self.admin.call(
            "res.users.apikeys",
            "search",
            [["name", "=", name]],
            order="id desc",
            limit=1,
        )[0]

    def press(self, key: str, button: str) -> None:
        """Press a button of a key: ``action_suspend``, ``action_resume``, ``remove``."""
        self.admin.press("res.users.apikeys", button, [self.key_id(key)])

    def client(self, transport: str, key: str, source: str = ""):
        """A standard client that has the case's key."""
        return self.client_with(transport, self.secrets[key], source)

    def client_with(
        self,
        transport: str,
        secret: str,
        source: str = "",
        login: str = LOGIN,
        uid: int | None = None,
    ):
        """A client with a secret, of the stage's user unless said.

        :param transport: one of ``DOORS``
        """
        if transport == "json2":
            return Json2(self.url, self.database, secret, source)
        caller = (self.url, self.database, login, secret, uid or self.uid, source)
        if transport == "jsonrpc":
            return JsonRpc(*caller)
        return XmlRpc(*caller, version=1 if transport == "xmlrpc1" else 2)

    def make(self, transport: str, key: str, call: Call) -> Answer:
        """Make a call of a case."""
        ids = [self.admin.ref(xmlid) for xmlid in call.ids] if call.ids else None
        kwargs, args = self._resolved(call.kwargs), ()
        if transport != "json2" and call.method == "create":
            args = (kwargs.pop("vals_list"),)  # Odoo's RPC takes it in no other way
        return self.client(transport, key, call.source).call(
            call.model, call.method, ids, args, kwargs
        )

    def log(self) -> list:
        """The call log, oldest first."""
        return self.admin.call("apikey.call", "search_read", [], order="called_at, id")

    def _resolved(self, value):
        if isinstance(value, dict):
            return {name: self._resolved(member) for name, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._resolved(member) for member in value]
        if isinstance(value, str) and value.startswith("@"):
            return self.admin.ref(value[1:])
        return value

    def scope_values(self, case: Case) -> dict:
        """What the case's scope is created with."""
        return {
            "name": case.key,
            "networks": case.networks,
            "tz": case.tz,
            "rule_ids": [[CREATE, 0, self._rule_values(rule)] for rule in case.rules],
            "window_ids": [
                [CREATE, 0, {"dayofweek": day, "hour_from": begin, "hour_to": end}]
                for day, begin, end in case.windows
            ],
        }

    def _rule_values(self, rule: Rule) -> dict:
        values = {name: letter in rule.grants for name, letter in GRANTS.items()}
        values |= {"methods": rule.methods, "domain": rule.domain}
        if rule.model == "*":
            return {**values, "any_model": True}
        values["model_id"] = self.admin.find("ir.model", ["model", "=", rule.model])
        if rule.fields:
            fields = [
                self.admin.find(
                    "ir.model.fields", ["model", "=", rule.model], ["name", "=", name]
                )
                for name in rule.fields
            ]
            values["field_ids"] = [[SET, 0, fields]]
        return values
