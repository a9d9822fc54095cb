# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where the time of a request goes: each moment belongs to the innermost room it is spent in."""

import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import wraps

MICROSECONDS = 1_000_000
REST, SQL = "rest", "sql"

requests = []
"""Of each request since the last reading: by room microseconds, queries, and theirs."""

_thread = threading.local()


class Request:
    """What is known of the request that a thread is serving.

    :ivar spent: by room, as in ``requests``
    """

    def __init__(self):
        self.spent = defaultdict(lambda: [0.0, 0, 0.0])
        self._rooms = [REST]
        self._since = time.perf_counter()

    @contextmanager
    def room(self, name):
        """Let the time go to a room."""
        self._turn()
        self._rooms.append(name)
        try:
            yield
        finally:
            self._turn()
            self._rooms.pop()

    def add_query(self, seconds):
        """Note a query in the room that it was asked in, to which its time belongs, too."""
        spent = self.spent[self._rooms[-1]]
        spent[1] += 1
        spent[2] += seconds * MICROSECONDS

    def end(self):
        self._turn()
        requests.append(dict(self.spent))

    def _turn(self):
        now = time.perf_counter()
        self.spent[self._rooms[-1]][0] += (now - self._since) * MICROSECONDS
        self._since = now


def timed(name):
    """Decorate a function whose time goes to a room, where a request is being served."""

    def decorate(function):
        @wraps(function)
        def wrapper(*args, **kwargs):
            served = getattr(_thread, "request", None)
            if served is None:
                return function(*args, **kwargs)
            with served.room(name):
                return function(*args, **kwargs)

        return wrapper

    return decorate


def timed_query(execute):
    """Decorate a cursor's ``execute``."""

    @wraps(execute)
    def wrapper(*args, **kwargs):
        served = getattr(_thread, "request", None)
        began = time.perf_counter()
        try:
            return execute(*args, **kwargs)
        finally:
            if served is not None:
                served.add_query(time.perf_counter() - began)

    return wrapper


@contextmanager
def serving():
    """Time what this thread does in this context, as one request."""
    _thread.request = Request()
    try:
        yield
    finally:
        _thread.request.end()
        _thread.request = None


def take() -> list:
    """Return what was timed since the last time."""
    taken = list(requests)
    requests.clear()
    return taken
