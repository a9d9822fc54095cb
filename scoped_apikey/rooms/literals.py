# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The domain of a rule, as an administrator wrote it."""

from ast import literal_eval
from functools import lru_cache

from odoo.fields import Domain


@lru_cache(maxsize=4096)
def parse_domain(text) -> Domain:
    """Return the domain that an administrator wrote; it was found valid when saved."""
    return Domain(literal_eval(text)) if text else Domain.TRUE
