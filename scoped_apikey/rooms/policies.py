# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The policy that all rooms judge a call by: the same one, whatever happens meanwhile."""


def policy_of(env, call):
    """Return the policy of the scope of a call's key.

    :param env: any environment on the call's database
    :param Call call: one whose key has a scope
    :rtype: Policy
    """
    if call.policy is None:
        call.policy = env["apikey.scope"]._policy(call.key)
    return call.policy
