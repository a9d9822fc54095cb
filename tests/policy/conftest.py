# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes the package ``policy`` importable without Odoo.

``import scoped_apikey.policy`` would import the addon, and so Odoo. The package is
loaded from its folder instead, by itself: putting ``scoped_apikey/`` on ``sys.path``
would also make importable its ``models`` and ``tests``.

This folder has no ``__init__.py``: pytest would take it for the package ``policy``.
"""

import importlib.util
import sys
from pathlib import Path

from hypothesis import settings

ADDON = Path(__file__).parents[2] / "scoped_apikey"


def load_policy():
    spec = importlib.util.spec_from_file_location(
        "policy", ADDON / "policy" / "__init__.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["policy"] = module
    spec.loader.exec_module(module)


load_policy()

# A test machine that stalls for a moment is no error. What must be fast is measured
# where it matters, on inputs of megabytes.
settings.register_profile("policy", deadline=None)
settings.load_profile("policy")
