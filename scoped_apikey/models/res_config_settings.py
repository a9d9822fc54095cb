# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import str2bool

from ..policy.arguments import FULL, LOGGED, NOTHING, SHAPE
from .apikey_verification import ENDED

DEFAULT_RETENTION_DAYS = 365
PREFIX = "scoped_apikey."
ON_LOG_FAILURE = [
    ("refuse", "Refuse the call"),
    ("serve", "Serve it, unrecorded"),
]
LOGGED_ARGUMENTS = [
    (NOTHING, "Nothing"),
    (SHAPE, "The shape: field names and ids"),
    (FULL, "Everything, secrets redacted"),
]


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    apikey_require_scope = fields.Boolean(
        "Require a Scope", config_parameter="scoped_apikey.require_scope"
    )
    apikey_rpc_keys_only = fields.Boolean(
        "Only Keys for RPC", config_parameter="scoped_apikey.rpc_keys_only"
    )
    apikey_retention_days = fields.Integer("Keep the Call Log for")
    apikey_log_arguments = fields.Selection(
        LOGGED_ARGUMENTS,
        "Arguments in the Call Log",
        config_parameter="scoped_apikey.log_arguments",
        default="none",
    )

    apikey_on_log_failure = fields.Selection(
        ON_LOG_FAILURE,
        "Where a Call Cannot Be Recorded",
        config_parameter="scoped_apikey.on_log_failure",
        default="refuse",
    )
    apikey_read_rows = fields.Selection(
        [
            ("wait", "Wait for the disk, as writes do"),
            ("lazy", "Do not wait for the disk"),
        ],
        "Rows of Calls That Changed Nothing",
        config_parameter="scoped_apikey.read_rows",
        default="wait",
    )

    apikey_verification_id = fields.Many2one(
        "apikey.verification", "Last Verification", compute="_compute_apikey_ledger"
    )
    apikey_verified_at = fields.Datetime(related="apikey_verification_id.ended_at")
    apikey_verification_state = fields.Selection(related="apikey_verification_id.state")
    apikey_verification_finding = fields.Char(related="apikey_verification_id.finding")
    apikey_sealed_at = fields.Datetime("Last Seal", compute="_compute_apikey_ledger")
    apikey_seal_warning = fields.Char("Seals", compute="_compute_apikey_ledger")

    @api.depends("company_id")
    def _compute_apikey_ledger(self):
        """Say when the logs were last verified and sealed."""
        last = self.env["apikey.verification"].search(ENDED, limit=1)
        seal = self.env["apikey.seal"].search([], limit=1)
        warning = self.env["apikey.seal"].warning()
        for settings in self:
            settings.apikey_verification_id = last
            settings.apikey_sealed_at = seal.sealed_at
            settings.apikey_seal_warning = warning

    def action_apikey_verify(self):
        """Ask for a verification of the logs, and show how it goes."""
        return self.env["apikey.verification"].action_verify()

    @api.constrains("apikey_retention_days")
    def _check_apikey_retention_days(self):
        if any(settings.apikey_retention_days < 0 for settings in self):
            raise ValidationError(
                self.env._("The call log cannot be kept for a negative time.")
            )

    # An integer of 0 deletes its parameter, and the default would be back: so the
    # retention, where 0 says "for ever", is read and written here.

    @api.model
    def get_values(self):
        return {
            **super().get_values(),
            "apikey_retention_days": self._scoped_apikey_retention_days(),
        }

    def set_values(self):
        result = super().set_values()
        self.env["ir.config_parameter"].sudo().set_param(
            f"{PREFIX}retention_days", str(self.apikey_retention_days)
        )
        return result

    @api.model
    def _scoped_apikey_flag(self, name):
        """Return a switch of the addon.

        :param str name: ``require_scope`` or ``rpc_keys_only``
        """
        value = self.env["ir.config_parameter"].sudo().get_param(PREFIX + name)
        # What is not understood is the stricter of the two.
        return bool(value) and str2bool(value, default=True)

    @api.model
    def _scoped_apikey_choice(self, name, default):
        """Return a choice of the addon, as it is stored.

        :param str name: of the parameter, without its prefix
        :param str default: where nothing was chosen
        """
        return (
            self.env["ir.config_parameter"].sudo().get_param(PREFIX + name) or default
        )

    @api.model
    @tools.ormcache(cache="stable")
    def _scoped_apikey_row_choices(self) -> tuple[str, str]:
        """Return the choices ``on_log_failure`` and ``read_rows``: every call asks."""
        return (
            self._scoped_apikey_choice("on_log_failure", "refuse"),
            self._scoped_apikey_choice("read_rows", "wait"),
        )

    @api.model
    def _scoped_apikey_retention_days(self):
        """Return for how many days calls are kept; 0: for ever."""
        value = (
            self.env["ir.config_parameter"].sudo().get_param(f"{PREFIX}retention_days")
        )
        try:
            return max(0, int(value or DEFAULT_RETENTION_DAYS))
        except ValueError:
            return 0  # what is not understood deletes nothing

    @api.model
    @tools.ormcache(cache="stable")
    def _scoped_apikey_log_arguments(self) -> str:
        """Return what the call log keeps of arguments, where no scope says."""
        value = self._scoped_apikey_choice("log_arguments", NOTHING)
        return value if value in LOGGED else NOTHING
