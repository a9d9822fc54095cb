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

    A file that is uploaded before its document is there is its author's until then.

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
    rows = Domain.OR(
        _rows_of(env, links, link, rule, operation)
        for rule in policy.rules
        if rule.grants_operation(operation)
    )
    return rows | _own_files(env, policy, link) if model == "ir.attachment" else rows


def _own_files(env, policy, link) -> Domain:
    models = {False}
    for rule in policy.rules:
        models.update(_models_of(env, rule) if rule.operations else ())
    return (
        Domain(link.id_field, "=", False)
        & Domain(link.model_field, "in", list(models))
        & Domain("create_uid", "=", env.uid)
        & Domain("url", "=", False)  # what is served belongs to the server
    )


def _models_of(env, rule) -> tuple[str, ...]:
    if rule.model is None:
        return env["apikey.catalogue"]._unprotected_models()
    return (rule.model,)


def _rows_of(env, links, link, rule, operation) -> Domain:
    """Return the domain of the rows of those documents which a rule covers."""
    if rule.model is not None and (rule.model in links or rule.model not in env):
        return Domain.FALSE
    models = _models_of(env, rule)
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
