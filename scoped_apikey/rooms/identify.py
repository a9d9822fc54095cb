# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which key is it, and do its conditions hold here and now?"""

from datetime import datetime, timezone

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessDenied

from .. import sentences
from ..policy.decide import check_conditions
from .limits import take_permit
from .policies import policy_of


def identify_key(env, call, secret) -> int | None:
    """Take a secret for a call, and remember the key it proves.

    :param env: any environment on the call's database
    :param Call call: it learns its key, also when that key is refused
    :param str secret: what the caller sent
    :return: the user's id; ``None`` where the secret proves no key, or proves one that
        is not accepted, the reason then being in ``call.refusal``
    :raise AccessDenied: the key is good, but not from this network or at this time; the
        caller, who holds the key, is told so
    :raise AccessError: it has no call left: see ``take_permit``
    """
    proven = env["res.users.apikeys"]._find_by_secret(secret)
    if proven is None:
        return None
    key = proven.key
    call.identify(key.user_id, key.login, key)
    call.refusal = _invalid(proven)
    if call.refusal:
        return None
    if key.scoped:
        _check_conditions(env, call)
        take_permit(env, call)
    _accept(env, call)
    return key.user_id


def identify_user(env, call, user_id):
    """Let on a call without a key, whose user was proven in another way."""
    call.identify(user_id, env["res.users"].sudo().browse(user_id).login)
    _accept(env, call)


def _accept(env, call):
    """Let a call on, and note what an administrator wants of its row."""
    by_scope = policy_of(env, call).on_log_failure if call.scoped_key else None
    by_setting, read_rows = env["res.config.settings"]._scoped_apikey_row_choices()
    call.goes_unrecorded = (by_scope or by_setting) == "serve"
    call.reads_wait = read_rows != "lazy"
    call.accept()


def _invalid(proven) -> str | None:
    """Say for the log why a proven key is not valid at all, wherever it is used."""
    key = proven.key
    if not proven.user_active:
        return "The user of the key is archived."
    if proven.expired:
        return "The key has expired."
    if proven.suspended:
        return "The key is suspended."
    if key.scoped and key.scope_id is None:
        return "The scope of the key is gone."
    if key.scoped and key.user_id == SUPERUSER_ID:
        return "A scope cannot limit the superuser."
    return None


def _check_conditions(env, call):
    policy = policy_of(env, call)
    refusal = check_conditions(policy, call.remote_addr, datetime.now(timezone.utc))
    if refusal is None:
        return
    sentence = sentences.not_accepted(env(context={}), call, refusal)
    if policy.observe:
        call.observe(sentence)
        return
    call.refusal = sentence
    raise AccessDenied(sentences.not_accepted(env, call, refusal))
