# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The logs as files, in as much memory for ten million rows as for ten."""
