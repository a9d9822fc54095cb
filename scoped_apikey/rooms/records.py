# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which records do granted rules reach?

A rule's domain is an administrator's, so it is evaluated as superuser, as Odoo evaluates
record rules.
"""

from dataclasses import replace

from odoo.fields import Domain

from ..policy.decide import Grant, Refusal
from ..policy.footprint import CREATE, WRITE, Access, Invocation
from .documents import limit_to_documents
from .domains import rule_domain


class Granted:
    """What the call that is being served was granted, and so the records it reaches.

    :param Policy policy: the scope of its key
    :param grants: one for each part of its footprint
    """

    def __init__(self, policy, grants):
        self.policy = policy
        self.grants = grants
        self._grants = {_about(grant): grant for grant in grants}
        self._reached = {}

    def knows(self, model, operation) -> bool:
        """Tell whether the call was granted an operation on a model by itself."""
        return (model, operation) in self._grants

    def domain(self, env, model, operation) -> Domain:
        """Return what is added to Odoo's record rules for a model while the call runs."""
        return self._reach(env, self._grants[model, operation])

    def check_before(self, env) -> Refusal | None:
        """Say which of the records that the caller chose are not granted."""
        for about, grant in self._grants.items():
            for name, there in grant.reached:
                if code := self._beyond(env, there):
                    # What this field reaches is not granted: only its name could grant it.
                    rules = tuple(
                        rule for rule in grant.rules if rule.names_field(name)
                    )
                    if not rules:
                        part = there.part
                        return Refusal(code, part.resource, part.operation, (name,))
                    grant = replace(grant, rules=rules)
            self._grants[about] = grant
            part = grant.part
            if isinstance(part, Invocation) and grant.domains and not part.ids:
                return Refusal("no_records", part.resource, part.method)
            if refusal := self._refuse(env, grant, part.ids):
                return refusal
        return None

    def check_after(self, env, model, created) -> Refusal | None:
        """Say which records the call should not have made, or moved, as it has.

        Whose rows belong to others, or are known by their names, they can be moved out of
        reach by writing to them, wherever in the arguments that stands.

        :param created: ids of new records of the called model
        """
        for (name, operation), grant in self._grants.items():
            part, ids = grant.part, frozenset()
            if operation == CREATE and name == model:
                ids = frozenset(created)
            elif operation == WRITE and part.resource.filtered:
                ids = part.ids
            if refusal := self._refuse(env, grant, ids):
                return refusal
        return None

    def _beyond(self, env, grant) -> str | None:
        """Say why what a field reaches is out of reach, if it is."""
        if self._outside(env, grant, grant.part.ids):
            return "reach"
        return "hidden" if _is_hidden(env, grant.part) else None

    def _refuse(self, env, grant, ids) -> Refusal | None:
        outside = self._outside(env, grant, ids)
        if not outside:
            return None
        part = grant.part
        names = tuple(map(str, sorted(outside)))
        return Refusal("records", part.resource, part.operation, names)

    def _outside(self, env, grant, ids) -> frozenset[int]:
        """Return those of some ids which the rules of a grant do not reach."""
        domain = self._reach(env, grant)
        if not ids or domain.is_true():
            return frozenset()
        records = _superuser(env)[grant.part.resource.model]
        return ids - set(records.search(Domain("id", "in", list(ids)) & domain).ids)

    def _reach(self, env, grant: Grant) -> Domain:
        """Return the records that the rules of a grant reach together."""
        if grant not in self._reached:
            self._reached[grant] = reach(env, self.policy, *_about(grant), grant.rules)
        return self._reached[grant]


def reach(env, policy, model, operation, rules) -> Domain:
    """Return the records of a model that some rules reach together.

    :param env: the user's environment
    :param Policy policy: the scope that the rules belong to
    """
    domain = Domain.OR(rule_domain(model, operation, rule) for rule in rules)
    if model in env["apikey.catalogue"]._document_links():
        domain &= limit_to_documents(_superuser(env), policy, model, operation)
    return domain


def check_record_rules(records, operation):
    """Hold records to Odoo's record rules, also where code goes on as superuser.

    :param records: of the user's environment
    :raise AccessError: some are hidden from the user
    """
    rules = records.env["ir.rule"]
    domain = rules._compute_domain(records._name, operation)
    shown = records.sudo().with_context(active_test=False).filtered_domain(domain)
    if hidden := records - shown:
        raise rules._make_access_error(operation, hidden)


def _is_hidden(env, access: Access) -> bool:
    """Tell whether Odoo itself hides some of the records of an access from the user.

    It lets links be set to what its rules hide, and what is linked then shows.
    """
    records = env[access.resource.model].browse(access.ids)
    return records._filtered_access(access.operation) != records


def _about(grant):
    return grant.part.resource.model, grant.part.operation


def _superuser(env):
    return env(su=True, context={"active_test": False})
