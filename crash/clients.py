# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Clients that call all the time, whatever becomes of the server."""

import http.client
import xmlrpc.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from random import Random
from threading import Event
from xml.parsers.expat import ExpatError

from lab.clients import Answer

CREATE, WRITE, HALF_WAY, REFUSED = "create", "write", "commit_half_way", "unlink"
MARK = "crash"
# What a connection that breaks can end in, an answer that is cut off included.
BROKEN = (
    OSError,
    http.client.HTTPException,
    xmlrpc.client.Error,
    ExpatError,
    ValueError,
)
BREATH = 0.1  # seconds that a client waits after a call that failed
MADE_UP_IDS = 1_000_000_000  # of records to delete: nothing has them
IDS_OF_A_CLIENT = 10_000_000

DONE, REFUSAL, FAILED, LOST = "done", "refused", "failed", "lost"


@dataclass(frozen=True)
class Made:
    """A call that was made.

    :param kind: the method: ``CREATE``, ``WRITE``, ``HALF_WAY``, or ``REFUSED``, which no
        rule grants
    :param marker: what it writes as a name, used by no other call
    :param record: the id that it sent, or was answered
    :param answer: ``DONE``; ``REFUSAL``, for want of a rule; ``FAILED``: any other answer;
        ``LOST``: there was none
    :param says: what the answer said of why
    """

    kind: str
    marker: str
    record: int | None
    answer: str
    says: str = ""


class Client:
    """One caller, with one key, at every door in turn.

    :param number: which one it is
    :param seed: of what it calls
    :param doors: standard clients, see ``lab.clients``
    :ivar made: its calls, in order
    """

    def __init__(self, number: int, seed: int, doors: list):
        self.made = []
        self._number = number
        self._random = Random(f"{seed} {number}")
        self._doors = cycle(doors)
        self._partner = None

    @property
    def served(self) -> int:
        """How many of its calls were answered as they are where nothing is killed."""
        return sum(made.answer in (DONE, REFUSAL) for made in self.made)

    def run(self, stop: Event) -> None:
        """Call until told to stop, through every error."""
        while not stop.is_set():
            made = self._call()
            self.made.append(made)
            if made.answer in (FAILED, LOST):
                stop.wait(BREATH)

    def _call(self) -> Made:
        marker = f"{MARK} {self._number} {len(self.made)}"
        kinds = [CREATE, WRITE, HALF_WAY, REFUSED]
        [kind] = self._random.choices(kinds, weights=[3, 4, 2, 1])
        if kind == WRITE and self._partner is None:
            kind = CREATE
        record = None
        if kind == WRITE:
            record = self._partner
        elif kind == REFUSED:
            record = MADE_UP_IDS + self._number * IDS_OF_A_CLIENT + len(self.made)
        try:
            answer = _send(next(self._doors), kind, record, marker)
        except BROKEN as error:
            return Made(kind, marker, record, LOST, type(error).__name__)
        if answer.ok and kind == CREATE:
            [record] = answer.value
            self._partner = record
        says = "" if answer.ok else f"{answer.status} {answer.error_name}"
        return Made(kind, marker, record, _judge(kind, answer), says)


@contextmanager
def calling(clients: list) -> Iterator[None]:
    """Let clients call, each in a thread; afterwards none of their calls is under way."""
    stop = Event()
    with ThreadPoolExecutor(len(clients)) as pool:
        running = [pool.submit(client.run, stop) for client in clients]
        try:
            yield
        finally:
            stop.set()
        for one in running:
            one.result()


def _send(door, kind: str, record: int | None, marker: str) -> Answer:
    values = {"name": marker}
    if kind == CREATE and door.transport == "json2":
        return door.call("res.partner", CREATE, kwargs={"vals_list": [values]})
    if kind == CREATE:  # Odoo's RPC takes them in no other way
        return door.call("res.partner", CREATE, args=([values],))
    if kind == WRITE:
        return door.call("res.partner", WRITE, [record], kwargs={"vals": values})
    if kind == HALF_WAY:
        return door.call("probe.note", HALF_WAY, kwargs=values)
    return door.call("res.partner", REFUSED, [record])


def _judge(kind: str, answer: Answer) -> str:
    if answer.ok:
        return DONE
    if kind == REFUSED and "no rule grants delete" in answer.message:
        return REFUSAL
    return FAILED
