# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What of the package ``ledger`` is plain Python is tested without Odoo.

This folder has no ``__init__.py``: pytest would take it for the package ``ledger``.
"""

from lab.plain import load

load("ledger")
