# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which names of fields, arguments and keys have secrets, or files, for values?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ..catalogue import NOT_SECRET, is_secret_field, is_secret_parameter

LONGEST_NAME = 128
NAME = re.compile(rf"[A-Za-z_.][\w.:/()-]{{0,{LONGEST_NAME - 1}}}", re.ASCII)
"""A field, a path of fields as any method writes one, with an aggregate or a granularity."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET_ARGUMENT = re.compile(
    r"(.*_)?(auth|authorization|cookies?|cvc|cvv|key|signature)(_.*)?"
)


@dataclass(frozen=True)
class Names:
    """What is known of the names of a model's fields.

    :param fields: the names of all of them
    :param secrets: of those that hold secrets
    :param binaries: of those that hold files
    :param comodels: the models that relational fields lead to
    :param to_many: the names of one2many and many2many fields
    :param store: whether the model is a store of secrets: then every value is one
    """

    fields: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    binaries: frozenset[str] = frozenset()
    comodels: Mapping[str, str] = field(default_factory=dict)
    to_many: frozenset[str] = frozenset()
    store: bool = False


def is_secret_argument(name: str) -> bool:
    """Tell whether a name that no model explains may stand for a secret.

    It errs on the side of secrecy, and knows the spellings of other languages:
    ``accessToken``, ``X-Api-Key``.
    """
    return len(name) > LONGEST_NAME or _is_secret(name)


@lru_cache(maxsize=4096)
def _is_secret(name):
    if name in NOT_SECRET:
        return False
    name = _HUMP.sub("_", name).lower().replace("-", "_").replace(" ", "_")
    return (
        is_secret_parameter(name)
        or is_secret_field(name)
        or _SECRET_ARGUMENT.fullmatch(name) is not None
    )
