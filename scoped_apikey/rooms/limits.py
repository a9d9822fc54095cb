# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Has the key a call left, in this minute, on this day, at this moment?

A call is counted when its key is identified, once however often it is tried, and not at all
when it is refused before it runs. Whoever only observes is told in the log what would have
been refused.
"""

import logging
from contextlib import ExitStack, contextmanager

from .. import sentences
from ..call import utcnow
from ..later import TOO_MANY, UNAVAILABLE, not_now
from ..limits.counter import CounterUnreachable
from ..limits.counters import counter_of
from ..limits.leases import Leases, Remaining, Spent
from ..limits.limit import DAY, MINUTE, Limit
from ..limits.slots import slots_of
from ..policy.decide import Refusal
from .policies import policy_of

_logger = logging.getLogger(__name__)
_leases = Leases()

SOON = 1  # seconds after which to try again, where nobody can know


def take_permit(env, call):
    """Count a call, whose key has a scope.

    :param env: any environment on the call's database
    :raise AccessError: not now; the key has no call left, or it cannot be known
    """
    limits = _limits(env, call)
    if not limits or call.permit is not None:
        return
    try:
        take = counter_of(env)
        call.permit = _leases.spend(call.dbname, limits, call.called_at, take)
        call.remaining = call.permit.remaining
    except Spent as spent:
        limit = spent.limit
        call.remaining = [Remaining(limit, spent.started, 0)]
        seconds = limit.seconds_left(spent.started, utcnow())
        _refuse(env, call, Refusal(_code(limit), limit=limit.calls, seconds=seconds))
    except CounterUnreachable as error:
        _cannot_count(env, call, error)


@contextmanager
def slot(env, call):
    """Hold one of the key's slots while a call runs, where their number is limited.

    :raise AccessError: as above
    """
    most = policy_of(env, call).limits.at_a_time if call.scoped_key else 0
    if not most:
        yield
        return
    with ExitStack() as stack:
        try:
            held = slots_of(call.dbname).held(call.key.id, most)
            is_free = stack.enter_context(held)
        except CounterUnreachable as error:
            _cannot_count(env, call, error)
        else:
            if not is_free:
                _refuse(env, call, Refusal("at_a_time", limit=most, seconds=SOON))
        yield


def _limits(env, call) -> list[Limit]:
    limits = policy_of(env, call).limits
    key, scope = f"key:{call.key.id}", f"scope:{call.key.scope_id}"
    wanted = (
        Limit(key, MINUTE, limits.a_minute),
        Limit(key, DAY, limits.a_day),
        Limit(scope, MINUTE, limits.shared_a_minute),
        Limit(scope, DAY, limits.shared_a_day),
    )
    return [limit for limit in wanted if limit.calls]


def _code(limit) -> str:
    shared = "shared_" if limit.is_shared else ""
    return shared + ("a_minute" if limit.seconds == MINUTE else "a_day")


def _refuse(env, call, refusal, status=TOO_MANY):
    sentence = sentences.not_accepted(env(context={}), call, refusal)
    if policy_of(env, call).observe:
        call.observe(sentence)
        return
    call.refusal = sentence
    raise not_now(sentences.not_accepted(env, call, refusal), status, refusal.seconds)


def _cannot_count(env, call, error):
    _logger.error("Call %s cannot be counted: %s", call.ref, error)
    if policy_of(env, call).limits.serve_uncounted:
        call.remark = f"Not counted: {str(error).rstrip('.')}."
        return
    _refuse(env, call, Refusal("uncounted", seconds=SOON), UNAVAILABLE)
