# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The package ``policy`` is tested without Odoo.

This folder has no ``__init__.py``: pytest would take it for the package ``policy``.
"""

from hypothesis import settings

from lab.plain import load

load("policy")

# A test machine that stalls for a moment is no error. What must be fast is measured
# where it matters, on inputs of megabytes.
settings.register_profile("policy", deadline=None)
settings.load_profile("policy")
