# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every escape that was tried, as data: one file a kind."""

from .domains import DOMAINS
from .reading import READING

SECTIONS = (DOMAINS, READING)
