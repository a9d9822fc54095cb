# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The records that one rule covers, as a domain."""

from functools import lru_cache

from odoo.fields import Domain

from ..policy.catalogue import DOOR_PARAMETERS, PARAMETERS, SECRET_PARAMETERS
from ..policy.footprint import READ
from ..policy.records import named_keys, parse_domain


def rule_domain(model, operation, rule) -> Domain:
    """Return the domain of the records of a model that a rule covers by itself.

    :param str model: one that the rule covers
    :param Rule rule: whose domain was found valid when it was saved
    """
    domain = _parse(rule.domain)
    if model == PARAMETERS:
        domain &= hide_parameters(operation) | named_parameters(rule)
    return domain


def named_parameters(rule) -> Domain:
    """Return the system parameters that a rule names by their keys."""
    return Domain("key", "in", list(named_keys(rule.domain)))


def hide_parameters(operation) -> Domain:
    """Return the system parameters that a rule covers without naming their keys.

    They hold no secret, and those that are changed open no door.
    """
    return ~SECRETS if operation == READ else ~SECRETS & ~DOORS


@lru_cache(maxsize=4096)
def _parse(text) -> Domain:
    return Domain(parse_domain(text))


SECRETS = Domain.OR(
    Domain("key", "ilike", part) for part in SECRET_PARAMETERS
) | Domain("value", "=like", "%://%:%@%")
DOORS = Domain.OR(Domain("key", "ilike", part) for part in DOOR_PARAMETERS)
