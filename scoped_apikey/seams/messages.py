# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an error of the database says: not the values of the row it failed on.

Relies on: ``_sql_error_to_message_generic(exc)``, which words the errors that no constraint
has a message for, in answers and in what ``load`` reports.
"""

from odoo import api, models

from .requests import guarded_call


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model
    def _sql_error_to_message_generic(self, exc):
        message = super()._sql_error_to_message_generic(exc)
        quoted = exc.diag.message_detail
        if quoted and quoted in message and guarded_call() is not None:
            return exc.diag.message_primary
        return message
