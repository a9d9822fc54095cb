# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which fields and rows hold secrets, and which fields open a door?"""

import re

SECRET_FIELDS = re.compile(
    r"""(.*_)?(password|passwd|passphrase|pass|secret|token|otp)(_.*)?
    | (.*_)?(api_?keys?|(private|access|server)_keys?|credentials?|credential_.*)(_ids?)?
    | (ssl|smtp_ssl)_.* | .*_account_sid
    | passkey_.* | .*_passkey_.* | totp_.* | signup_.*
    | .*_key | .*_?hash_?(key|iv) | pin | .*_pin
    | (access|invitation|local|webhook|sharing|share|full|sfu_server)_url | .*_invite_url
    | (.*_)?link | videocall_location
    | webhook_.* | qrcode | keys | uuid
    """,
    re.VERBOSE,
)
"""Passwords, tokens, signup data and signed links: covered only by a rule that names them."""

SECRET_FIELDS_OF = frozenset(
    {
        "auth_totp.wizard.url",
        "discuss.channel.sfu_channel_uuid",
        "google.gmail.mixin.google_gmail_uri",
        "hr.employee.pin",
        "ir.attachment.store_fname",
        "mail.push.device.endpoint",
        "microsoft.outlook.mixin.microsoft_outlook_uri",
        "res.device.log.session_identifier",
        "res.device.session_identifier",
        "sms.account.code.verification_code",
        "sms.tracker.sms_uuid",
    }
)
"""Secrets that only their model tells apart from innocents of the same name."""

NOT_SECRET = frozenset(
    {
        "avatar_cache_key",
        "discount_allocation_key",
        "epd_key",
        "grouping_key",
        "public_key",
        "push_to_talk_key",
        "signup_type",
        "support_tokenization",
        "term_key",
        "token_inline_form_view_id",
        "totp_enabled",
        "webhook_field_ids",
    }
)
"""Field names that look like secrets and are none."""

SECRET_PARAMETERS = (
    "secret", "pass", "pwd", "kennwort", "contrase", "mdp", ".pin", "_pin",
    "token", "jwt", "bearer", "oauth", "session", "hmac", "salt", "seed",
    "private", "credential", "signing", "encrypt", "cert", "license", "licence",
    "apikey", "_key", "-key", ".key", "webhook", "uuid", "dsn", "account_sid",
    "enterprise_code", "scoped_apikey.",
)  # fmt: skip
"""A parameter whose key contains one of these, whatever the case, is a secret."""

DOOR_PARAMETERS = (
    "web.base.url",  # where links in mails lead, those that reset a password too
    "endpoint",  # a server that is sent the tokens of our accounts
    "base.template_portal_user_id",  # whose rights who signs up is given
    "auth_",
    "base.enable_programmatic_api_keys",
    "base.login_cooldown",
    "ir_attachment.location",
    "mail.catchall.domain",
    "mail.default.from",
    "report.url",  # a printing program goes there with a session
    "sfu_server",
    "sign.host",
    "speedscope_cdn",
    "web.json.enabled",
)
"""A parameter whose key contains one of these holds no secret, and opens a door to whoever
changes it: it is changed only by a rule that names it, as it is for secrets.
"""

BY_NAME_FIELDS = frozenset(
    {
        # Whoever sets them logs in as somebody else, or lets somebody in.
        "res.partner.signup_type",
        "res.users.active",
        "res.users.company_id",
        "res.users.company_ids",
        "res.users.email",
        "res.users.group_ids",
        "res.users.login",
        "res.users.notification_type",  # its setter changes groups
        "res.users.oauth_provider_id",
        "res.users.oauth_uid",
        "res.users.partner_id",
        "res.users.role",
        "res.users.share",
        # The other side of the same rights.
        "res.company.currency_id",
        "res.company.name",  # whoever makes one may act in it
        "res.company.parent_id",
        "res.company.user_ids",
        "res.groups.api_key_duration",
        "res.groups.implied_by_ids",
        "res.groups.implied_ids",
        "res.groups.menu_access",
        "res.groups.model_access",
        "res.groups.rule_groups",
        "res.groups.user_ids",
        "res.groups.view_access",
        "mail.thread.message_follower_ids",
        "mail.thread.message_partner_ids",
        "project.project.collaborator_ids",
        "project.project.privacy_visibility",
        # Scripts from our own address, other models' files, files for everybody.
        "ir.attachment.checksum",
        "ir.attachment.db_datas",
        "ir.attachment.file_size",
        "ir.attachment.index_content",
        "ir.attachment.mimetype",
        "ir.attachment.public",
        "ir.attachment.res_field",
        "ir.attachment.type",
        "ir.attachment.url",
        # Words in another's mouth, or out of it.
        "html.field.history.mixin.html_field_history",
        "account.move.sending_data",
        "mail.message.author_guest_id",
        "mail.message.author_id",
        "mail.message.email_from",
        "mail.message.reply_to",
    }
)
"""Fields that hold no secret, and whose setting grants rights or opens a door: only a rule
that names them lets them be set. Each with its model, and so for whatever inherits from it.
"""

LOOKUP_FIELDS = frozenset(
    {
        "account.move.duplicated_ref_ids",
        "account.move.highest_name",
        "account.move.is_draft_duplicated_ref_ids",
        "account.move.line.cumulated_balance",  # sums what the call's domain finds
        "account.payment.duplicate_payment_ids",
        "analytic.mixin.distribution_analytic_account_ids",
        "calendar.event.unavailable_partner_ids",
        "crm.lead.commercial_partner_id",
        "crm.lead.duplicate_lead_count",
        "crm.lead.duplicate_lead_ids",
        "hr.applicant.application_count",
        "hr.expense.duplicate_expense_ids",
        "hr.expense.same_receipt_expense_ids",
        "mail.thread.blacklist.is_blacklisted",
        "mail.thread.phone.phone_blacklisted",
        "mail.thread.phone.phone_sanitized_blacklisted",
        "purchase.order.duplicated_order_ids",
        "res.partner.bank.duplicate_bank_partner_ids",
        "res.partner.same_company_registry_partner_id",
        "res.partner.same_vat_partner_id",
        "sale.order.duplicated_order_ids",
        "stock.quant.sn_duplicated",
    }
)
"""Fields that look for other records by what this one holds, hidden ones included: whoever
may write an email into a record could ask by them who has it. Only a rule that names them
lets them be read.
"""

RUN_FIELDS = re.compile(
    r"""(.*_)?(domain|filter)(_.*)? | (.*_)?(code|script|formula|expression|python|arch)(_.*)?
    """,
    re.VERBOSE,
)
"""Texts that Odoo runs, or searches by, when somebody else comes along."""

NAMES_SEARCHED = {
    "account.account": ("code", "description", "name"),
    "account.group": ("code_prefix_start", "name"),
    "product.product": ("barcode", "default_code", "name"),
    "product.template": (
        "product_variant_ids.barcode",
        "product_variant_ids.default_code",
        "product_variant_ids.name",
    ),
    "res.bank": ("bic",),
    "res.company": (),
    "res.country.state": ("country_id.code", "country_id.name"),
    "res.currency": (),
    "res.partner.category": ("parent_id",),
    "res.users": ("login",),
}
"""What models that search for names in their own way search besides
``_rec_names_search``, as paths.
"""


def is_run(field) -> bool:
    """Tell whether a field may hold a domain, or code, for others to run.

    Names and references are full of codes: of those, only long texts count.

    :param field: a field of Odoo's
    """
    if not field.store or field.type not in ("char", "text", "html"):
        return False
    if field.compute and field.readonly:
        return False
    match = RUN_FIELDS.fullmatch(field.name)
    return match is not None and (bool(match[2]) or field.type != "char")


def is_kept(field) -> bool:
    """Tell whether Odoo keeps a field itself: whoever set it would belie what it is made of.

    The address that mail is matched by, for one, is computed from the one that is shown.

    :param field: a field of Odoo's
    """
    return bool(field.store and field.compute and field.readonly and not field.inverse)


def is_secret_field(name: str) -> bool:
    """Tell whether a field holds a password, a token, a signed link or the like."""
    return name not in NOT_SECRET and SECRET_FIELDS.fullmatch(name) is not None


def is_door_parameter(key: str) -> bool:
    """Tell whether changing a system parameter of this key opens a door."""
    return any(part in key.lower() for part in DOOR_PARAMETERS)


def is_secret_parameter(key: str) -> bool:
    """Tell whether a system parameter of this key holds a secret."""
    return any(part in key.lower() for part in SECRET_PARAMETERS)
