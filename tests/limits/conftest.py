# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What of the package ``limits`` is plain Python is tested without Odoo.

This folder has no ``__init__.py``: pytest would take it for the package ``limits``.
"""

from lab.plain import load

load("limits")
