# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import format_duration

from .. import problems
from ..policy.windows import Window

DAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]


class ApikeyScopeWindow(models.Model):
    """Hours of the week in which the keys of a scope are accepted."""

    _name = "apikey.scope.window"
    _inherit = ["apikey.guarded"]
    _description = "API Key Scope Hours"
    _order = "dayofweek, hour_from, id"

    scope_id = fields.Many2one(
        "apikey.scope", required=True, index=True, ondelete="cascade"
    )
    dayofweek = fields.Selection(DAYS, "Day", required=True, default="0")
    hour_from = fields.Float("From", required=True, default=8.0, aggregator=None)
    hour_to = fields.Float(
        "To",
        required=True,
        default=18.0,
        aggregator=None,
        help="Not after the beginning: on the next day.",
    )

    @api.depends("dayofweek", "hour_from", "hour_to")
    def _compute_display_name(self):
        days = dict(self._fields["dayofweek"]._description_selection(self.env))
        for window in self:
            window.display_name = (
                f"{days.get(window.dayofweek, '')}"
                f" {format_duration(window.hour_from)}–{format_duration(window.hour_to)}"
            )

    def _in_words(self):
        """Yield the hours of several windows, the days with the same hours together."""
        days = dict(self._fields["dayofweek"]._description_selection(self.env))
        windows = self.sorted(lambda window: window.dayofweek or "")
        for (hour_from, hour_to), group in windows.grouped(
            lambda window: (window.hour_from, window.hour_to)
        ).items():
            names = ", ".join(days.get(window.dayofweek, "") for window in group)
            yield f"{names} {format_duration(hour_from)}–{format_duration(hour_to)}"

    @api.constrains("dayofweek", "hour_from", "hour_to")
    def _check_hours(self):
        for window in self:
            with problems.in_words(self.env):
                window._compile()

    def _compile(self):
        return Window(int(self.dayofweek), self.hour_from, self.hour_to)

    def _snapshot(self):
        return {
            "dayofweek": self.dayofweek,
            "hour_from": self.hour_from,
            "hour_to": self.hour_to,
        }

    @api.model_create_multi
    def create(self, vals_list):
        scopes = self.env["apikey.scope"].browse(
            vals["scope_id"] for vals in vals_list if vals.get("scope_id")
        )
        with scopes._edited():
            return super().create(vals_list)

    def write(self, vals):
        scopes = self.scope_id | self.scope_id.browse(vals.get("scope_id") or ())
        with scopes._edited():
            return super().write(vals)

    def unlink(self):
        with self.scope_id._edited():
            return super().unlink()
