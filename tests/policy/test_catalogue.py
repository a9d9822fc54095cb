# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is known of Odoo's names."""

import itertools

import pytest
from policy import catalogue

PROTECTED = [
    "base.automation",
    "base.language.export",
    "base.module.uninstall",
    "base.partner.merge.automatic.wizard",
    "base_import.import",
    "bus.bus",
    "change.password.user",
    "change.password.wizard",
    "fetchmail.server",
    "iap.account",
    "ir.actions.act_window",
    "ir.actions.report",
    "ir.actions.server",
    "ir.attachment",
    "ir.config_parameter",
    "ir.cron",
    "ir.cron.trigger",
    "ir.default",
    "ir.filters",
    "ir.mail_server",
    "ir.model",
    "ir.model.access",
    "ir.model.data",
    "ir.model.fields",
    "ir.module.module",
    "ir.rule",
    "ir.sequence",
    "ir.ui.menu",
    "ir.ui.view",
    "mail.activity.type",
    "mail.alias",
    "mail.blacklist",
    "mail.followers",
    "mail.message",
    "mail.compose.message",
    "mail.gateway.allowed",
    "mail.guest",
    "mail.ice.server",
    "mail.mail",
    "mail.push.device",
    "mail.template",
    "mail.template.reset",
    "payment.provider",
    "payment.token",
    "res.config",
    "res.config.settings",
    "res.device",
    "res.groups",
    "res.groups.privilege",
    "res.users",
    "res.users.deletion",
    "res.users.log",
    "res.users.settings",
    "sms.composer",
    "sms.template",
    "portal.wizard",
    "portal.share",
]

ORDINARY = [
    "account.move",
    "calendar.event",
    "crm.lead",
    "crm.stage",
    "hr.employee",
    "note.note",
    "product.product",
    "product.template",
    "project.project",
    "project.task",
    "res.bank",
    "res.company",
    "res.country",
    "res.currency",
    "res.lang",
    "res.partner",
    "res.partner.bank",
    "res.partner.category",
    "sale.order",
    "sale.order.line",
    "stock.picking",
    "survey.survey",
]

OFF_LIMITS = [
    "apikey.call",
    "apikey.guarded",
    "apikey.history",
    "apikey.log",
    "apikey.scope",
    "apikey.scope.rule",
    "apikey.scope.window",
    "apikey.anything",
    "privacy.lookup.wizard.line",
    "auth_totp.device",
    "res.users.apikeys",
    "res.users.apikeys.description",
    "res.users.apikeys.show",
    "res.users.identitycheck",
]

SECRET = [
    "access_token",
    "access_url",
    "account_token",
    "api_key",
    "api_key_ids",
    "api_keys",
    "aws_secret_key",
    "client_secret",
    "credential",
    "credential_identifier",
    "credentials",
    "db_password",
    "full_url",
    "google_gmail_access_token",
    "google_gmail_refresh_token",
    "invitation_url",
    "local_url",
    "new_passwd",
    "new_password",
    "oauth_access_token",
    "otp",
    "passkey_id",
    "passphrase",
    "password",
    "password_hash",
    "pass",
    "private_key",
    "secret",
    "session_token",
    "sfu_server_url",
    "share_url",
    "sharing_url",
    "signup_expiration",
    "signup_token",
    "signup_url",
    "smtp_pass",
    "smtp_ssl_certificate",
    "smtp_ssl_private_key",
    "ssl_key",
    "stripe_secret_key",
    "token",
    "token_id",
    "totp_secret",
    "webhook_secret",
    "webhook_url",
    "x_api_key",
    "x_studio_password",
]

PLAIN = [
    "active",
    "amount_total",
    "api_key_duration",
    "barcode",
    "code",
    "comment",
    "company_id",
    "compass",
    "country_id",
    "create_date",
    "description",
    "display_name",
    "email",
    "id",
    "image_1920",
    "login",
    "name",
    "note",
    "passport_id",
    "passenger_count",
    "phone",
    "secretary_id",
    "signup_type",
    "state",
    "tokenization",
    "totp_enabled",
    "user_id",
    "value",
    "vat",
    "website",
]

DANGEROUS = [
    "action_merge",
    "execute",
    "execute_import",
    "get_portal_url",
    "action_preview_sale_order",
    "preview_invoice",
    "action_customer_preview",
    "merge",
    "message_mail_with_source",
    "message_notify",
    "message_post_with_source",
    "message_process",
    "message_subscribe",
    "run",
    "send_mail",
    "set_param",
]

UNGRANTABLE = [
    "action_reset_password",
    "api_key_wizard",
    "button_immediate_install",
    "change_password",
    "portal.wizard.user.action_grant_access",
    "preference_change_password",
    "render_template",
    "res.config.execute",
    "res.users.authenticate",
    "reset_password",
    "signup_get_auth_param",
]


@pytest.mark.parametrize("model", PROTECTED)
def test_protected(model):
    assert catalogue.is_protected_name(model)


@pytest.mark.parametrize("model", ORDINARY)
def test_ordinary(model):
    assert not catalogue.is_protected_name(model)
    assert not catalogue.is_off_limits(model)


@pytest.mark.parametrize("model", OFF_LIMITS)
def test_off_limits(model):
    assert catalogue.is_off_limits(model)


@pytest.mark.parametrize(
    "model",
    ["apikeys", "x.apikey.scope", "res.users", "res.users.apikeysx", "my_apikey.x"],
)
def test_what_only_looks_off_limits(model):
    assert not catalogue.is_off_limits(model)


@pytest.mark.parametrize("name", SECRET)
def test_secret(name):
    assert catalogue.is_secret_field(name)


@pytest.mark.parametrize("name", PLAIN)
def test_plain(name):
    assert not catalogue.is_secret_field(name)


@pytest.mark.parametrize("method", DANGEROUS)
def test_dangerous(method):
    assert method in catalogue.DANGEROUS_METHODS


@pytest.mark.parametrize("method", UNGRANTABLE)
def test_ungrantable(method):
    assert method in catalogue.UNGRANTABLE_METHODS


def test_lists_do_not_contradict_each_other():
    lists = [
        catalogue.DANGEROUS_METHODS,
        catalogue.UNGRANTABLE_METHODS,
        catalogue.WEB_CLIENT_METHODS,
        catalogue.GENERIC_METHODS,
    ]
    for one, other in itertools.combinations(map(set, lists), 2):
        assert not one & other
    for methods in lists[:2]:
        assert not methods & set(catalogue.SAFE_ARGUMENTS)
        assert not methods & catalogue.SAFE_MIXIN_METHODS
    assert not catalogue.SECRET_FIELDS_OF & catalogue.BY_NAME_FIELDS
    for name in catalogue.NOT_SECRET:
        assert not catalogue.is_secret_field(name)


def test_generic_methods_are_the_designs():
    assert set(catalogue.GENERIC_METHODS) == {
        "search",
        "search_count",
        "search_read",
        "read",
        "read_group",
        "formatted_read_group",
        "name_search",
        "name_create",
        "create",
        "write",
        "unlink",
        "copy",
        "default_get",
        "fields_get",
        "has_access",
        "check_access_rights",
        "export_data",
        "load",
        "action_archive",
        "action_unarchive",
        "get_metadata",
        "get_external_id",
        "web_read",
        "web_search_read",
        "web_save",
    }


@pytest.mark.parametrize(
    ("key", "value", "harmless"),
    [
        ("lang", "en_US", True),
        ("tz", "UTC", True),
        ("allowed_company_ids", [1], True),
        ("active_test", False, True),
        ("bin_size", True, True),
        ("bin_size_image_1920", True, True),
        ("mail_create_nosubscribe", True, True),
        ("uid", 7, True),
        ("uid", 1, False),
        ("uid", True, False),
        ("uid", "7", False),
        ("bin_size_", True, False),
        ("Lang", "en_US", False),
        ("lang ", "en_US", False),
        ("default_name", "x", False),
        ("tracking_disable", True, False),
        ("show_email", True, False),
        ("active_model", "res.users", False),
        ("force_company", 1, False),
    ],
)
def test_harmless_context(key, value, harmless):
    assert catalogue.is_harmless_context(key, value, uid=7) is harmless


@pytest.mark.parametrize(
    "key",
    [
        "database.secret",
        "database.uuid",
        "mail.web_push_vapid_private_key",
        "recaptcha_private_key",
        "scoped_apikey.require_scope",
        "sms.account_sid",
        "some.api_key",
        "unsplash.access_key",
        "auth_oauth.client_secret",
        "mail.twilio_account_token",
        "smtp.password",
    ],
)
def test_secret_parameters(key):
    assert catalogue.is_secret_parameter(key)


@pytest.mark.parametrize(
    "key",
    [
        "web.base.url",
        "base.login_cooldown_after",
        "crm.pls_fields",
        "mail.catchall.alias",
    ],
)
def test_plain_parameters(key):
    assert not catalogue.is_secret_parameter(key)


@pytest.mark.parametrize(
    "model",
    [
        "base.automation",
        "base.module.uninstall",
        "base_import.import",
        "ir.actions.act_window",
        "ir.actions.report",
        "ir.actions.server",
        "ir.cron",
        "ir.default",
        "ir.model",
        "ir.model.data",
        "ir.model.fields",
        "ir.model.fields.selection",
        "digest.tip",
        "ir.module.module",
        "ir.rule",
        "ir.ui.view",
    ],
)
def test_runs_code(model):
    assert catalogue.runs_code(model)
    assert catalogue.is_protected_name(model)


@pytest.mark.parametrize(
    "model", [*ORDINARY, "res.users", "ir.config_parameter", "ir.model.access"]
)
def test_runs_no_code(model):
    assert not catalogue.runs_code(model)


def test_what_reads_and_what_changes():
    changing = {"name_create", "create", "write", "unlink", "copy", "load", "web_save"}
    changing |= {"action_archive", "action_unarchive"}
    assert set(catalogue.GENERIC_METHODS) - changing == catalogue.READING_METHODS


@pytest.mark.parametrize(
    ("method", "name", "value", "dangerous"),
    [
        ("message_post", "body", "x", False),
        ("message_post", "subject", "x", False),
        ("message_post", "message_type", "comment", False),
        ("message_post", "message_type", "notification", False),
        ("message_post", "message_type", "email", True),
        ("message_post", "message_type", "snailmail", True),
        ("message_post", "message_type", ["comment"], True),
        ("message_post", "body_is_html", True, False),
        ("message_post", "subtype_xmlid", "mail.mt_note", False),
        ("message_post", "author_id", 1, True),
        ("message_post", "attachment_ids", [1], True),
        ("message_post", "attachments", [], True),
        ("message_post", "email_from", "x", True),
        ("message_post", "outgoing_email_to", "x", True),
        ("message_post", "partner_ids", [1], True),
        ("message_post", "invented", 1, True),
        ("action_confirm", "reason", "x", False),
        ("action_confirm", "ids", [1, 2], False),
        ("action_confirm", "options", {"a": 1}, True),
        ("action_confirm", "lines", [[0, 0, {}]], True),
        ("action_confirm", "lines", [{"a": 1}], True),
        ("action_confirm", "vals", None, True),
        ("action_confirm", "default_values", None, True),
        ("action_confirm", "domain", [], True),
        ("action_confirm", "search_domain", [], True),
        ("action_confirm", "res_model", "x", True),
        ("action_confirm", "template_id", 1, True),
        ("action_confirm", "email_to", "x", True),
        ("action_confirm", "attachment_id", 1, True),
        ("action_confirm", "group_id", 1, True),
        ("action_confirm", "model_year", 2026, False),
    ],
)
def test_dangerous_arguments(method, name, value, dangerous):
    assert catalogue.is_dangerous_argument(method, name, value) is dangerous


@pytest.mark.parametrize(
    "model",
    [
        "apikey.scope", "auth.passkey.key", "auth_totp.device", "fetchmail.server",
        "iap.account", "ir.config_parameter", "ir.mail_server", "payment.provider",
        "payment.token", "res.config.settings", "res.device", "res.device.log",
        "res.users.apikeys", "res.users.apikeys.show", "res.users.identitycheck",
        "certificate.key", "change.password.user", "mail.mail",
    ],
)  # fmt: skip
def test_stores_of_secrets(model):
    assert catalogue.is_secret_store(model)


@pytest.mark.parametrize(
    "model",
    [
        "res.users",
        "res.partner",
        "ir.attachment",
        "ir.model",
        "mail.message",
        "res.users.log",
    ],
)
def test_no_stores_of_secrets(model):
    assert not catalogue.is_secret_store(model)
