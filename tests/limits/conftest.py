# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What of the package ``limits`` is plain Python is tested without Odoo.

What reaches PostgreSQL does so by Odoo's connections, and is ``parts.limits``. This folder
has no ``__init__.py``: pytest would take it for the package ``limits``.
"""

import pytest

from lab import databases
from lab.plain import load, load_parts

load("limits")
load_parts("parts")


@pytest.fixture(scope="module")
def plain_database(lab):
    """The name of a database that has nothing of Odoo's, for all tests of a file."""
    name = databases.create()
    yield name
    databases.drop(name)
