# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Standard clients, with nothing of the addon in them.

Each calls in the same way and gives the same kind of answer, so that a table of calls and
expected answers serves for all of them. A refusal is an answer too, not an exception.
"""

import http.client
import json
import xmlrpc.client
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 120  # seconds
# XML-RPC 2 has numbers for what XML-RPC 1 and the others have names for.
FAULTS = {2: "UserError", 3: "AccessDenied", 4: "AccessError"}


@dataclass(frozen=True)
class Answer:
    """What came back.

    :param status: of HTTP
    :param value: what the method returned; None when it failed
    :param error_name: the exception's class, as ``AccessError``; None when it did not fail.
        XML-RPC names no other than UserError, AccessDenied and AccessError: ``Fault`` stands for the rest
    :param message: what the error says
    :param raw: the answer as it came: a decoded body, or an ``xmlrpc.client.Fault``
    """

    status: int
    value: Any = None
    error_name: str | None = None
    message: str = ""
    headers: dict = field(default_factory=dict)
    raw: Any = None

    @property
    def ok(self) -> bool:
        return self.error_name is None


@dataclass
class Json2:
    """``/json/2``, with the key as a bearer token.

    :param url: of the server, as ``http://127.0.0.1:8069``
    :param database: sent along unless empty
    :param secret: the key
    :param source: the address to call from, of this machine; empty: any
    """

    url: str
    database: str
    secret: str
    source: str = ""

    transport = "json2"

    def call(
        self, model, method, ids=None, args=(), kwargs=None, context=None
    ) -> Answer:
        """:raise ValueError: there are ``args``; this transport has names only"""
        if args:
            raise ValueError("/json/2 takes arguments by name")
        body = dict(kwargs or {})
        if ids is not None:
            body["ids"] = ids
        if context is not None:
            body["context"] = context
        headers = {"Authorization": f"bearer {self.secret}"}
        if self.database:
            headers["X-Odoo-Database"] = self.database
        status, received, content = _post(
            self.url, f"/json/2/{model}/{method}", body, headers, self.source
        )
        if status == 200:
            return Answer(status, value=content, headers=received, raw=content)
        error = (
            content
            if isinstance(content, dict)
            else {"name": "", "message": str(content)}
        )
        return Answer(
            status,
            error_name=_class_name(error.get("name")),
            message=error.get("message", ""),
            headers=received,
            raw=content,
        )


class _Rpc:
    """What XML-RPC and JSON-RPC have in common: services, and a user with a password.

    :param url, database, source: as for ``Json2``
    :param login: of the user
    :param secret: the key, or the password
    :param uid: the user's id; None: asked for at the first call, by ``authenticate``
    """

    def __init__(
        self,
        url: str,
        database: str,
        login: str,
        secret: str,
        uid: int | None = None,
        source: str = "",
    ):
        self.url = url
        self.database = database
        self.login = login
        self.secret = secret
        self.uid = uid
        self.source = source

    def authenticate(self, agent: dict | None = None) -> Answer:
        """The user's id, or False. :param agent: what stock Odoo calls ``user_agent_env``"""
        return self.service(
            "common",
            "authenticate",
            self.database,
            self.login,
            self.secret,
            agent or {},
        )

    def call(
        self, model, method, ids=None, args=(), kwargs=None, context=None
    ) -> Answer:
        """``execute_kw``. :return: the refusal, if it had to authenticate and could not"""
        if self.uid is None:
            answer = self.authenticate()
            if not answer.value:
                return answer
            self.uid = answer.value
        positional = [*args] if ids is None else [ids, *args]
        named = dict(kwargs or {})
        if context is not None:
            named["context"] = context
        return self.service(
            "object",
            "execute_kw",
            self.database,
            self.uid,
            self.secret,
            model,
            method,
            positional,
            named,
        )

    def service(self, service: str, method: str, *args) -> Answer:
        """Call one of ``common``, ``object`` and ``db``."""
        raise NotImplementedError


class JsonRpc(_Rpc):
    """``/jsonrpc``."""

    transport = "jsonrpc"

    def service(self, service, method, *args) -> Answer:
        params = {"service": service, "method": method, "args": args}
        body = {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}
        status, headers, content = _post(self.url, "/jsonrpc", body, {}, self.source)
        if not isinstance(content, dict):
            return Answer(
                status,
                error_name="",
                message=str(content),
                headers=headers,
                raw=content,
            )
        if "error" not in content:
            return Answer(
                status, value=content.get("result"), headers=headers, raw=content
            )
        data = content["error"].get("data") or {}
        return Answer(
            status,
            error_name=_class_name(data.get("name")),
            message=data.get("message", ""),
            headers=headers,
            raw=content,
        )


class XmlRpc(_Rpc):
    """``/xmlrpc/2``, or with ``version=1`` ``/xmlrpc``."""

    transport = "xmlrpc"

    def __init__(self, *args, version: int = 2, **kwargs):
        super().__init__(*args, **kwargs)
        self.path = "/xmlrpc/2" if version == 2 else "/xmlrpc"

    def service(self, service, method, *args) -> Answer:
        transport = _XmlRpcTransport(self.source)
        try:
            with xmlrpc.client.ServerProxy(
                f"{self.url}{self.path}/{service}", transport=transport, allow_none=True
            ) as proxy:
                value = getattr(proxy, method)(*args)
        except xmlrpc.client.Fault as fault:
            return Answer(
                200,
                error_name=_fault_name(fault),
                message=_fault_message(fault),
                headers=transport.headers,
                raw=fault,
            )
        except xmlrpc.client.ProtocolError as error:
            return Answer(
                error.errcode,
                error_name="",
                message=error.errmsg,
                headers=dict(error.headers),
                raw=error,
            )
        return Answer(200, value=value, headers=transport.headers, raw=value)


class _XmlRpcTransport(xmlrpc.client.Transport):
    """Calls from a chosen address, and keeps the answer's headers."""

    def __init__(self, source: str):
        super().__init__()
        self._source = source
        self.headers = {}

    def make_connection(self, host):
        return _connect(host, self._source)

    def parse_response(self, response):
        self.headers = dict(response.getheaders())
        return super().parse_response(response)


def _fault_name(fault: xmlrpc.client.Fault) -> str:
    if isinstance(fault.faultCode, int):
        return FAULTS.get(fault.faultCode, "Fault")
    kind = fault.faultCode.partition("\n")[0]
    if kind == "AccessDenied":
        return kind
    return (
        kind.removeprefix("warning -- ") if kind.startswith("warning -- ") else "Fault"
    )


def _fault_message(fault: xmlrpc.client.Fault) -> str:
    if isinstance(fault.faultCode, int):
        return fault.faultString
    warning, _, message = fault.faultCode.partition("\n\n")
    return (
        message
        if warning.startswith("warning -- ")
        else fault.faultString or fault.faultCode
    )


def _class_name(path: str | None) -> str:
    return (path or "").rpartition(".")[2]


def _connect(address: str, source: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(
        address, timeout=TIMEOUT, source_address=(source, 0) if source else None
    )


def _post(url: str, path: str, body, headers: dict, source: str) -> tuple:
    """:return: status, headers, and the content: decoded if it is JSON, or else text"""
    connection = _connect(urlsplit(url).netloc, source)
    try:
        connection.request(
            "POST",
            path,
            json.dumps(body),
            {"Content-Type": "application/json", **headers},
        )
        response = connection.getresponse()
        text = response.read().decode()
        received = dict(response.getheaders())
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, received, json.loads(text) if is_json else text
    finally:
        connection.close()
