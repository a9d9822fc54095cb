# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes what is plain Python in the addon importable without Odoo."""

import importlib.util
import sys
from types import ModuleType

from .home import ADDON, REPO


def load(name: str) -> None:
    """Make a package of the addon importable by itself, by its own name.

    ``import scoped_apikey.policy`` would import the addon, and so Odoo. The package is
    loaded from its folder instead: putting ``scoped_apikey/`` on ``sys.path`` would also
    make importable its ``models`` and ``tests``.
    """
    spec = importlib.util.spec_from_file_location(
        name, REPO / ADDON / name / "__init__.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def load_parts(name: str) -> None:
    """Make the packages of the addon importable below another name, without the addon.

    For what of them needs another one, or Odoo, but none of the addon's models and seams:
    those are put in place when the addon itself is imported.
    """
    module = ModuleType(name)
    module.__path__ = [str(REPO / ADDON)]
    sys.modules[name] = module
