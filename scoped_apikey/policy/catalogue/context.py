# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which context keys may a caller send?

Read in the source of base, web, mail, crm, sale, project, account and product: what each
key changes there. Those that name models or records, set defaults, add columns to display
names, or switch off what follows from a change, are not on the list.
"""

import re

COMPANIES = "allowed_company_ids"
"""The context key by which Odoo acts in some of a user's companies."""

HARMLESS_CONTEXT = frozenset(
    {
        # The language that translated fields and messages are in.
        "lang",
        # The time zone that days and hours are cut and shown in.
        "tz",
        # Which of the user's companies to act in. Odoo refuses any other.
        COMPANIES,
        # Whether archived records are found: record rules hold for them all the same.
        "active_test",
        # Sizes instead of the contents of files, so less than without it.
        "bin_size",
        # The user who creates a record does not become its follower.
        "mail_create_nosubscribe",
    }
)
"""The context keys that real clients send and that open nothing."""

BIN_SIZE = re.compile(r"bin_size_\w+", re.ASCII)
"""As ``bin_size``, for one field."""


def is_harmless_context(key: str, value, uid: int) -> bool:
    """Tell whether a caller may send a context key without being granted it.

    :param value: what the caller sent with it
    :param uid: the calling user's id. Clients send back the whole answer of
        ``context_get``, where it stands as well; ``calendar``, for one, believes it
    """
    if key == "uid":
        return type(value) is int and value == uid
    return key in HARMLESS_CONTEXT or BIN_SIZE.fullmatch(key) is not None
