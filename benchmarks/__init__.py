# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How long things take: not tests, for a machine that is busy would fail them."""
