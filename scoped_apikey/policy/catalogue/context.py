# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which context keys may a caller send?"""

HARMLESS_CONTEXT = frozenset(
    {"lang", "tz", "allowed_company_ids", "active_test", "bin_size"}
)
"""The context keys that real clients send and that open nothing."""
