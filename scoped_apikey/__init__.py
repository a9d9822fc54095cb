# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import controllers, models, seams, wizards
from .hooks import post_init_hook, uninstall_hook


def post_load():
    """Install the seams that no model can override; Odoo calls this once a process."""
    seams.install()
