# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows that belong to a document of any model: they reach no further than their document.

To read a message, an attachment or an activity, a rule for its document's model has to
grant reading that document; to create, change or delete one, writing to it.
"""

from odoo.fields import Domain
from odoo.tools import SQL

from ..policy.footprint import READ, WRITE
from .domains import rule_domain


def limit_to_documents(env, policy, model, operation) -> Domain:
    """Return the domain of the rows whose documents the policy grants.

    A row without a document is its author's.

    :param env: the user's environment, as superuser
    :param str model: one whose rows belong to documents
    """
    links = env["apikey.catalogue"]._document_links()
    link = links[model]
    if link.through:
        target = env[model]._fields[link.through].comodel_name
        rows = limit_to_documents(env, policy, target, operation)
        return Domain(link.through, "any", rows)
    operation = READ if operation == READ else WRITE
    rows = []
    if "create_uid" in env[model]._fields:
        own = Domain("create_uid", "=", env.uid)
        if "url" in env[model]._fields:
            own &= Domain("url", "=", False)  # what is served belongs to the server
        rows.append(Domain(link.id_field, "=", False) & own)
    for rule in policy.rules:
        if rule.grants_operation(operation):
            rows.append(_rows_of(env, links, link, rule, operation))
    return Domain.OR(rows)


def _rows_of(env, links, link, rule, operation) -> Domain:
    """Return the domain of the rows of those documents which a rule covers."""
    if rule.model is None:
        models = env["apikey.catalogue"]._unprotected_models()
    elif rule.model in env and rule.model not in links:
        models = (rule.model,)
    else:
        return Domain.FALSE
    rows = Domain(link.model_field, "in", models)
    if rule.domain:
        documents = rule_domain(rule.model, operation, rule)
        rows &= _in_documents(env[rule.model], link.id_field, documents)
    if link.field_name:
        rows &= _of_granted_fields(env, link.field_name, rule, models)
    return rows


def _of_granted_fields(env, field_name, rule, models) -> Domain:
    """Return the domain of the rows that are no value of a field the rule does not grant."""
    if rule.fields is not None:
        return Domain(field_name, "in", [False, *rule.fields])
    secrets = env["apikey.catalogue"]._secret_files_of(models)
    return Domain(field_name, "not in", secrets) if secrets else Domain.TRUE


def _in_documents(documents, id_field, domain) -> Domain:
    """Return the domain of the rows whose document is in a domain of its own model."""

    def to_sql(model, alias, query):
        found = documents.with_context(active_test=False)._search(domain)
        return SQL(
            "%s IN %s", model._field_to_sql(alias, id_field, query), found.subselect()
        )

    return Domain.custom(to_sql=to_sql)
