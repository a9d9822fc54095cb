# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Does the scope of the key grant what the call would touch?"""

import logging

from odoo.exceptions import AccessError

from .. import sentences
from ..footprint import Unreadable, narrow, read_footprint
from ..policy import catalogue
from ..policy.decide import Refusal, decide
from ..policy.footprint import OPERATIONS, WRITE, Access, Footprint
from .policies import policy_of
from .records import Granted

_logger = logging.getLogger(__name__)


def check_grants(env, call, arguments):
    """Decide on a call, whose key may have a scope or none.

    :param env: the user's environment on the call's database
    :param Call call: an identified call of a model's method
    :param Arguments arguments: what the caller sent
    :return: the arguments to run with, which ask for no more fields than are granted
    :raise AccessError: no rule grants it, in a sentence that says what is missing
    """
    call.granted = None
    if call.scoped_key is None:
        return arguments
    verdict = weigh(
        env,
        call,
        policy_of(env, call),
        lambda policy: _decide(env, policy, call, arguments),
    )
    if isinstance(verdict, Refusal):
        refuse(env, call, verdict)
    call.granted = verdict
    return narrow(arguments, verdict.grants)


def check_effects(env, call):
    """Check the records that a call made, or moved, before anything is committed.

    :raise AccessError: no rule grants them
    """
    if call.granted is None:
        return
    refusal = call.granted.check_after(env, call.model, call.created)
    if refusal:
        refuse(env, call, refusal)


def weigh(env, call, policy, judge):
    """Judge by the scope of a call and, where it only observes, by what that lets through.

    :param Call call: a call made with a scoped key
    :param Policy policy: its scope
    :param judge: takes a ``Policy``, returns a ``Refusal`` or anything else
    :return: what it returns by the policy that is in force. A refusal by the scope alone is
        noted for the log
    """
    verdict = judge(policy.in_force)
    if policy.observe and not isinstance(verdict, Refusal):
        by_scope = judge(policy)
        if isinstance(by_scope, Refusal):
            call.observe(sentences.not_granted(env(context={}), call, by_scope))
    return verdict


def check_entailed(env, call, model, names, code):
    """Decide on what Odoo itself does to other records, as superuser, on the way.

    :param Call call: a call made with a scoped key
    :param names: the fields that are written
    :param str code: of the refusal
    :raise AccessError: no rule grants writing these fields of the model
    """
    known = env["apikey.catalogue"]
    names = frozenset(names)
    secrets = known._by_name_of(model, WRITE) & names
    access = Access(known._resource(model), WRITE, names, secrets=secrets)
    policy = policy_of(env, call).in_force
    if decide(policy, Footprint((access,))).refusal:
        names = tuple(sorted(names))
        refuse(env, call, Refusal(code, access.resource, WRITE, names))


def refuse(env, call, refusal):
    """Refuse a call.

    :param Call call: a call made with a scoped key
    :raise AccessError: in the caller's language; the log has it in English
    """
    raise error_of(env, call, refusal)


def error_of(env, call, refusal) -> AccessError:
    """Return the error that refuses a call, and remember why for the log."""
    call.refusal = sentences.not_granted(env(context={}), call, refusal)
    return AccessError(sentences.not_granted(env, call, refusal))


def _beyond_any_rule(env, call) -> Refusal | None:
    """Refuse, before anything else is understood, what even observing lets not through."""
    if call.model not in env:
        return Refusal("unknown_model")
    known = env["apikey.catalogue"]
    resource = known._resource(call.model)
    if resource.off_limits:
        return Refusal("off_limits", resource)
    if resource.runs_code and call.method not in catalogue.READING_METHODS:
        is_operation = call.method in OPERATIONS
        return Refusal("runs_code", resource, call.method if is_operation else "call")
    if call.method in known._ungrantable_of(call.model):
        return Refusal("ungrantable", resource, names=(call.method,))
    return None


def _decide(env, policy, call, arguments) -> Granted | Refusal:
    """Decide; what is not understood, or fails while it is decided, is refused."""
    if beyond := _beyond_any_rule(env, call):
        return beyond
    try:
        decision = decide(policy, read_footprint(env, arguments))
        if decision.refusal:
            return decision.refusal
        granted = Granted(policy, decision.grants)
        return granted.check_before(env, call.model) or granted
    except Unreadable as unreadable:
        return unreadable.refusal
    except Exception:
        _logger.exception("Call %s is refused: it could not be decided.", call.ref)
        return Refusal("failed")
