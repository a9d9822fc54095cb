# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a call is: a plain object that one request carries from its first byte to its row.

It knows nothing of how it came in (``seams``), of what decides on it (``policy``), or of
how its row is stored (``models/apikey_call.py``).
"""

import secrets
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from .policy.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from .limits.leases import Permit, Remaining
    from .policy.rules import Policy
    from .rooms.records import Granted

TRANSPORTS = [
    ("json2", "JSON-2"),
    ("xmlrpc", "XML-RPC"),
    ("jsonrpc", "JSON-RPC"),
    ("http", "HTTP"),
]
OUTCOMES = [
    ("allowed", "Allowed"),
    ("denied", "Denied"),
    ("error", "Error"),
    ("observed", "Observed"),
]
IDS_SHOWN = 100


class Key(NamedTuple):
    """A key whose secret was proven, as it was at that moment.

    :param id: its row of ``res.users.apikeys``
    :param scope_id: the scope it is limited by; ``None`` where its stock scope says that
        it is scoped but the scope is gone, which opens nothing
    :param scoped: whether it is limited at all; a key without a scope is stock Odoo
    """

    id: int
    name: str
    user_id: int
    login: str
    scoped: bool
    scope_id: int | None
    scope_name: str | None
    scope_version: str | None


@dataclass(eq=False)
class Call:
    """One external request to run a method, or to authenticate.

    :param dbname: the database it is for; what is remembered here is true only there
    :param transport: one of ``TRANSPORTS``
    :param remote_addr: where it comes from, or ``None`` where that is unknown
    :param model: the model; ``None`` for ``authenticate`` and ``login``
    :ivar policy: what the scope of its key means, once a room has asked for it
    :ivar permit: what it was counted with, where its key may make only so many calls
    :ivar remaining: of each limit that it was counted in, what is left
    :ivar ran: whether it was let in to run, however it ended
    :ivar remark: what its row says of it, though it was not refused
    :ivar tries: how often it was begun to be decided on, by the entrance of RPC
    :ivar prove_again: proves its key for another try, which Odoo's RPC does not; takes an
        environment, and raises as the first time
    :ivar goes_unrecorded: whether it may succeed though its row cannot be written
    :ivar reads_wait: whether its row waits for the disk, where it changed nothing else
    :ivar granted: what a call through a scoped key was granted
    :ivar arguments: what the log shows of its arguments; ``None`` where it keeps none
    :ivar created: the ids of the new records of its model that a generic method returned
    """

    dbname: str
    transport: str | None
    remote_addr: str | None
    model: str | None = None
    method: str | None = None
    ids: tuple = ()
    called_at: datetime = field(default_factory=lambda: utcnow())
    ref: str = ""
    key: Key | None = None
    policy: "Policy | None" = None
    permit: "Permit | None" = None
    remaining: "list[Remaining]" = field(default_factory=list)
    remark: str | None = None
    ran: bool = False
    tries: int = 0
    prove_again: "Callable | None" = None
    user_id: int | None = None
    login: str | None = None
    identified: bool = False
    running: bool = False
    failed: bool = False
    refusal: str | None = None
    observed: list[str] = field(default_factory=list)
    goes_unrecorded: bool = False
    reads_wait: bool = True
    granted: "Granted | None" = None
    created: tuple = ()
    arguments: str | None = None
    _started: float = field(default_factory=time.perf_counter)
    _durable: str | None = None

    def __post_init__(self):
        self.ref = self.ref or make_ref(self.called_at)

    def forget_identity(self):
        """Start identification over, as every try of a request does."""
        self.key = self.user_id = self.login = self.refusal = self.policy = None
        self.remark = None
        self.identified = False
        self.observed = []

    def identify(self, user_id: int, login: str, key: Key | None = None):
        """Remember who calls, once the credential is proven."""
        self.user_id, self.login, self.key = user_id, login, key
        self.policy = None

    def accept(self):
        """Let the call on to the next room: its credential is good here and now."""
        self.identified = True

    def observe(self, sentence: str):
        """Note what would have been refused; a call that is retried says it once."""
        if sentence not in self.observed:
            self.observed.append(sentence)

    @property
    def scoped_key(self) -> Key | None:
        return self.key if self.key and self.key.scoped else None

    @property
    def duration_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000

    def note_result(self, result):
        """Take the ids of new records, which the caller could not send.

        :raise TypeError, KeyError: a generic method answered in another form than Odoo's,
            so that what a scoped key created cannot be told
        """
        if self.method == "create" or self.granted:
            self.created = _created(self.method, result, self.ids)
        if not self.ids:
            self.ids = self.created

    @contextmanager
    def nested(self, model: str, method: str):
        """Be, for a while, the call that the code of this call makes of another method.

        It is decided on as any other; the row stays that of the call from outside.
        """
        own = self.model, self.method, self.ids, self.created, self.granted
        self.model, self.method, self.ids, self.created = model, method, (), ()
        try:
            yield
        finally:
            self.model, self.method, self.ids, self.created, self.granted = own

    def recorded(self, outcome: str):
        """Remember that a row with this outcome can no longer be rolled back."""
        self._durable = outcome

    @property
    def durable_outcome(self) -> str | None:
        """The outcome of the row that is already durable, if one is."""
        return self._durable

    def row(self, outcome: str, reason: str | None, *, finished: bool = True) -> dict:
        """Return the row, by column of the call log."""
        key = self.key
        return {
            "call_ref": self.ref,
            "called_at": self.called_at,
            "apikey_ref": key and key.id,
            "apikey_name": key and key.name,
            "user_ref": self.user_id,
            "user_login": self.login,
            "scope_name": key and key.scope_name,
            "transport": self.transport,
            "model": self.model and shown(self.model),
            "method": self.method and shown(self.method),
            "res_ids": show_ids(self.ids),
            "remote_addr": self.remote_addr,
            "outcome": outcome,
            "reason": reason,
            "duration_ms": self.duration_ms if finished else None,
            "arguments": self.arguments,
        }


def utcnow() -> datetime:
    """Return this moment as the logs have it: naive, in UTC, to the microsecond."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def make_ref(moment: datetime) -> str:
    """Make a reference that nobody guesses, and that begins with its time: a UUID 7.

    So its row is found by the index of times, and needs none of its own.

    :param datetime moment: naive, in UTC
    """
    milliseconds = round(moment.replace(tzinfo=timezone.utc).timestamp() * 1000)
    value = (milliseconds << 80 | secrets.randbits(80)) & ~(0xF << 76 | 0x3 << 62)
    return f"{value | 0x7 << 76 | 0x2 << 62:032x}"


def moment_of(ref) -> datetime | None:
    """Return the time that a reference begins with, to the millisecond.

    :return: naive, in UTC; ``None`` where it is no such reference
    """
    try:
        value = uuid.UUID(hex=ref)
        if value.version != 7:
            return None
        seconds = (value.int >> 80) / 1000
        return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return None


def _created(method, result, ids) -> tuple:
    """Return the ids of new records in the answer of a generic method.

    :param ids: of the records it was called on
    """
    if method in ("create", "copy"):
        return tuple(result) if isinstance(result, (list, tuple)) else (result,)
    if method == "name_create" and result:
        return (result[0],)
    if method == "load":
        return tuple(result["ids"] or ())
    if method == "web_save" and not ids:
        return tuple(values["id"] for values in result)
    return ()


def show_ids(ids: tuple) -> str | None:
    """Write record ids for a reader: the first hundred, then how many more."""
    if not ids:
        return None
    shown = ", ".join(str(id_)[:20] for id_ in ids[:IDS_SHOWN])
    more = len(ids) - IDS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
