# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
class LabError(Exception):
    """The set-up cannot go on: one sentence on what was tried, one on what to do."""
