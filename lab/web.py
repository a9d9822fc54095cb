# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Somebody who is logged in, and does what the buttons of the web client do."""

import http.cookiejar
import json
import urllib.request


class WebError(Exception):
    """The server refused, or failed; the message is its own."""


class WebSession:
    """A session of the web client.

    :param url: of the server
    :param database: to log in to
    :param login, password: of the user
    :raise WebError: the credentials are wrong
    """

    def __init__(
        self, url: str, database: str, login: str = "admin", password: str = "admin"
    ):
        self._url = url
        self._password = password
        self._cookies = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self._cookies)
        self._browser = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), cookies
        )
        self.uid = self._post(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )["uid"]

    @property
    def session_id(self) -> str:
        """What the server knows the session by, now."""
        return next(
            cookie.value for cookie in self._cookies if cookie.name == "session_id"
        )

    def call(self, model: str, method: str, *args, **kwargs):
        """Call a model's method. :raise WebError: it failed"""
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def press(self, model: str, method: str, ids: list, context: dict | None = None):
        """Press a button, and give the password if it asks who one is.

        :return: the action that it leads to
        :raise WebError: it failed
        """
        action = self.call(model, method, ids, context=context or {})
        if (
            isinstance(action, dict)
            and action.get("res_model") == "res.users.identitycheck"
        ):
            action = self.call(
                "res.users.identitycheck",
                "run_check",
                [action["res_id"]],
                context={"password": self._password},
            )
        return action

    def find(self, model: str, *domain) -> int:
        """The id of the first record that a domain finds. :raise IndexError: there is none"""
        return self.call(
            model, "search", [*domain], limit=1, context={"active_test": False}
        )[0]

    def ref(self, xmlid: str) -> int:
        """The id of a record by its external id. :raise IndexError: there is none"""
        module, _, name = xmlid.partition(".")
        [row] = self.call(
            "ir.model.data",
            "search_read",
            [["module", "=", module], ["name", "=", name]],
            ["res_id"],
        )
        return row["res_id"]

    def download(self, path: str):
        """Open what a link leads to. :return: the response, to be read and closed"""
        return self._browser.open(self._url + path)

    def _post(self, path: str, params: dict):
        body = json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}
        )
        request = urllib.request.Request(
            self._url + path, body.encode(), {"Content-Type": "application/json"}
        )
        with self._browser.open(request) as response:
            answer = json.load(response)
        if "error" in answer:
            raise WebError(
                answer["error"].get("data", {}).get("message")
                or answer["error"]["message"]
            )
        return answer.get("result")
