# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which of the user's companies does the call act in?

Odoo's own words for it are ``allowed_company_ids`` in the context, which its record rules,
its defaults and its caches know. So that is all that is narrowed: nothing that Odoo caches
by user is asked for another answer.
"""

from ..policy.catalogue import COMPANIES
from ..policy.decide import Refusal
from .decide import refuse, weigh
from .policies import policy_of
from .records import check_record_rules


def narrow_companies(env, call, arguments):
    """Narrow a call to the companies of its scope.

    :param env: the user's environment
    :param Call call: an identified call
    :param Arguments arguments: what the caller sent
    :return: the environment to decide in, and the arguments to run with
    :raise AccessError: the caller asks for other companies, or none is left
    """
    if call.scoped_key is None:
        return env, arguments
    asked = (
        arguments.context.get(COMPANIES)
        if isinstance(arguments.context, dict)
        else None
    )
    companies = choose_companies(env, call, asked)
    if companies is None:
        return env, arguments
    context = {**arguments.context, COMPANIES: companies}
    return env(context={**env.context, COMPANIES: companies}), arguments.in_context(
        context
    )


def choose_companies(env, call, asked=None) -> list[int] | None:
    """Return what ``allowed_company_ids`` has to be; ``None``: whatever it is.

    :param asked: what the caller wants it to be
    :raise AccessError: as above
    """
    policy = policy_of(env, call)
    if not asked and policy.companies is None:
        return None
    own = env.user._get_company_ids()
    companies = weigh(env, call, policy, lambda policy: _choose(policy, asked, own))
    if isinstance(companies, Refusal):
        refuse(env, call, companies)
    if companies is None:
        return None
    default = env.user.company_id.id
    return asked or sorted(companies, key=lambda id_: id_ != default)


def check_records(env, call, arguments):
    """Refuse a business method on records that the companies of the call do not show.

    A generic method meets Odoo's record rules; a business method may run as superuser.

    :param env: the narrowed environment
    :raise AccessError: of Odoo's, naming the records
    """
    if call.scoped_key is None or not arguments.id_list:
        return
    if policy_of(env, call).in_force.companies is None:
        return
    records = env[call.model].browse(arguments.id_list).exists()
    check_record_rules(records, "read")


def _choose(policy, asked, own) -> list[int] | Refusal | None:
    """Return which of a user's own companies a policy allows; ``None``: all of them."""
    allowed = own
    if policy.companies is not None:
        allowed = [id_ for id_ in own if id_ in policy.companies]
        if not allowed:
            return Refusal("no_company")
    if asked:
        if not isinstance(asked, list) or not all(type(id_) is int for id_ in asked):
            return Refusal("malformed", names=(COMPANIES,))
        # As superuser, Odoo takes any company it is given for one of the user's.
        if foreign := [id_ for id_ in asked if id_ not in allowed]:
            return Refusal("companies", names=tuple(map(str, foreign)))
    return None if policy.companies is None else allowed
