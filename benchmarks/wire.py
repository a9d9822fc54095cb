# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls as bytes: what a standard client sends, sent again and again at next to no cost.

Where many clients share a machine with the server, what they do themselves would be measured.
"""

import copy
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT = 120  # seconds
CHUNK = 1 << 16
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
FAILED = re.compile(rb'"error": *\{|<fault>')
REFUSAL = b"HTTP/1.1 503 Recorded\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Wire:
    """A request, and where it goes.

    :param address: host and port
    :param request: all that is sent
    """

    address: tuple
    request: bytes

    def call(self, old: str, new: str) -> None:
        """Make the call, on a connection of its own, as the standard clients do.

        :param old: what to replace
        :param new: by what, of the same length
        :raise AssertionError: it failed
        """
        request = self.request.replace(old.encode(), new.encode())
        with socket.create_connection(self.address, TIMEOUT) as connection:
            connection.sendall(request)
            head, body = _receive(connection)
        if b" 200 " not in head[:16] or FAILED.search(body):
            raise AssertionError(f"{head.decode()}\n\n{body.decode()}")


def recorded(client, make) -> Wire:
    """Return what a client sends.

    :param client: one of ``lab.clients``
    :param make: takes a client, and makes a call with it
    """
    address = urlsplit(client.url)
    with (
        socket.create_server((address.hostname, 0)) as listener,
        ThreadPoolExecutor(1) as pool,
    ):
        here = "{}:{}".format(*listener.getsockname())
        twin = copy.copy(client)
        twin.url = f"http://{here}"
        received = pool.submit(_record, listener)
        make(twin)
        head, body = received.result()
    head = head.replace(here.encode(), address.netloc.encode())
    return Wire((address.hostname, address.port), head + b"\r\n\r\n" + body)


def _record(listener):
    connection, _address = listener.accept()
    with connection:
        received = _receive(connection)
        connection.sendall(REFUSAL)
        return received


def _receive(connection) -> tuple:
    """Return the head and the body of what comes. Both sides say how long a body is."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _some(connection)
    head, body = data[:end], data[end + 4 :]
    length = int(LENGTH.search(head)[1])
    while len(body) < length:
        body += _some(connection)
    return head, body


def _some(connection) -> bytes:
    data = connection.recv(CHUNK)
    if not data:
        raise AssertionError("The connection was closed.")
    return data
