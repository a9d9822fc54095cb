# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is known of Odoo's names: which are generic, protected, secret, dangerous.

All lists are closed. A method that is on neither list of methods is denied, so that an
upgrade of Odoo fails closed.
"""

import re

GENERIC_METHODS = {
    "search": ("domain", "offset", "limit", "order"),
    "search_count": ("domain", "limit"),
    "search_read": ("domain", "fields", "offset", "limit", "order", "load"),
    "read": ("fields", "load"),
    "read_group": (
        "domain",
        "fields",
        "groupby",
        "offset",
        "limit",
        "orderby",
        "lazy",
    ),
    "formatted_read_group": (
        "domain",
        "groupby",
        "aggregates",
        "having",
        "offset",
        "limit",
        "order",
    ),
    "name_search": ("name", "domain", "operator", "limit"),
    "name_create": ("name",),
    "create": ("vals_list",),
    "write": ("vals",),
    "unlink": (),
    "copy": ("default",),
    "default_get": ("fields",),
    "fields_get": ("allfields", "attributes"),
    "has_access": ("operation",),
    "check_access_rights": ("operation", "raise_exception"),
    "export_data": ("fields_to_export",),
    "load": ("fields", "data"),
    "action_archive": (),
    "action_unarchive": (),
    "get_metadata": (),
    "get_external_id": (),
    "web_read": ("specification",),
    "web_search_read": (
        "domain",
        "specification",
        "offset",
        "limit",
        "order",
        "count_limit",
    ),
    "web_save": ("vals", "specification", "next_id"),
}
"""The generic ORM methods that API clients use, and their parameters in order."""

READING_METHODS = frozenset(GENERIC_METHODS) - {
    "name_create",
    "create",
    "write",
    "unlink",
    "copy",
    "load",
    "action_archive",
    "action_unarchive",
    "web_save",
}
"""The generic methods that change nothing."""

HARMLESS_CONTEXT = frozenset(
    {"lang", "tz", "allowed_company_ids", "active_test", "bin_size"}
)
"""The context keys that real clients send and that open nothing."""

OFF_LIMITS = re.compile(
    r"""apikey\..*
    | res\.users\.apikeys(\..*)?
    | auth[_.](totp|passkey)\..*
    | res\.users\.identitycheck
    """,
    re.VERBOSE,
)
"""Keys, second factors, scopes and logs: no scope reaches what scopes are made of."""

RUNS_CODE = re.compile(
    r"""ir\.(actions\..* | cron | model | model\.fields(\..*)? | ui\.view(\..*)?)
    | ir\.(rule | qweb.* | asset | embedded\.actions)
    | ir\.module\..* | base\.(module|automation|import)\..* | base\.automation
    | base_import\..* | digest\..*
    """,
    re.VERBOSE,
)
"""Odoo runs what these hold: whoever could write to them could free a key of its scope.
No scope grants more than reading them, and observing does not let more through.
"""

PROTECTED = re.compile(
    r"""ir\..*                     # code, rights, parameters, views, attachments
    | base\..* | base_import\..*   # modules, automations, imports, merges of partners
    | res\.(users|groups|config|device|role)(\..*)?
    | change\.password\..*
    | auth_.* | auth\..*
    | mail\..*                    # templates, aliases, followers, composers
    | fetchmail\..* | sms\..* | iap\..* | snailmail\..*
    | payment\.(provider|token|transaction|method)
    | certificate\..* | bus\..* | digest\..* | discuss\..*
    | cloud\.storage\..* | calendar\.provider\..*
    | project\.collaborator | .*\.activity\.report
    | spreadsheet\..* | privacy\..* | onboarding\..* | website(\..*)? | web_tour\..*
    | (.*\.)?(wizard|share)(\..*)? # assistants act for, and share with, anyone
    """,
    re.VERBOSE,
)
"""What runs code, grants rights or holds secrets: covered only by a rule that names it."""

RUNNING_MIXINS = frozenset({"mail.render.mixin", "ir.actions.actions"})
"""Odoo runs or renders what anything that inherits from these holds, too."""

PROTECTED_MIXINS = RUNNING_MIXINS | {"spreadsheet.mixin"}
"""Whatever inherits from these is protected."""

DOCUMENT_MODELS = frozenset(
    {
        "ir.attachment",
        "mail.activity",
        "mail.followers",
        "mail.mail",
        "mail.message",
        "mail.notification",
        "mail.scheduled.message",
        "mail.tracking.value",
        "product.document",
        "quotation.document",
        "rating.rating",
    }
)
"""Their rows belong to a document of any model, which no rule here can limit yet."""

SECRET_FIELDS = re.compile(
    r"""(.*_)?(password|passwd|passphrase|pass|secret|token|otp)(_.*)?
    | (.*_)?(api_?keys?|(private|access|server)_keys?|credentials?|credential_.*)(_ids?)?
    | (ssl|smtp_ssl)_.* | .*_account_sid
    | passkey_.* | .*_passkey_.* | totp_.* | signup_.*
    | (access|invitation|local|webhook|sharing|share|full|sfu_server)_url
    | (.*_)?link | videocall_location
    | webhook_.* | qrcode | keys | uuid
    """,
    re.VERBOSE,
)
"""Passwords, tokens, signup data and signed links: covered only by a rule that names them."""

NOT_SECRET = frozenset(
    {
        "signup_type",
        "support_tokenization",
        "token_inline_form_view_id",
        "totp_enabled",
        "webhook_field_ids",
    }
)
"""Field names that look like secrets and are none."""

SECRET_PARAMETERS = (
    "secret",
    "passw",
    "token",
    "private",
    "credential",
    "apikey",
    "_key",
    "-key",
    ".key",
    "webhook",
    "uuid",
    "account_sid",
    "scoped_apikey.",
)
"""A parameter whose key contains one of these, whatever the case, is a secret."""

DANGEROUS_METHODS = frozenset(
    {
        # Generic in disguise: the caller says on which model they act.
        "message_process",
        "get_mention_suggestions",
        "get_mention_suggestions_from_channel",
        "search_for_channel_invite",
        "get_attendee_detail",
        "im_search",
        "message_new",
        "message_update",
        "message_parse",
        "message_route",
        "message_change_thread",
        "message_mail_after_hook",
        "activity_schedule",
        "activity_search",
        "activity_send_mail",
        "find_or_create_record",
        "create_document_from_attachment",
        "action_create_from_template",
        "plan_task_in_calendar",
        "get_avatar_card_data",
        "rating_apply",
        "rating_send_request",
        "message_post_with_source",
        "message_mail_with_source",
        "message_notify",
        "message_log_batch",
        "execute",
        "execute_import",
        "execute_code",
        "display_name_for",
        "session_info",
        "get_param",
        "set_param",
        "set",
        "get",
        "send_mail",
        "send_mail_batch",
        "action_send_mail",
        "render_template",
        "run",
        "method_direct_trigger",
        "import_zipfile",
        "import_module",
        "save",
        "save_embedded_field",
        "save_oe_structure",
        "action_merge",
        "merge",
        # Rights, credentials, modules.
        "authenticate",
        "change_password",
        "preference_change_password",
        "reset_password",
        "action_reset_password",
        "signup",
        "signup_prepare",
        "signup_cancel",
        "signup_get_auth_param",
        "action_signup_prepare",
        "action_grant_access",
        "action_revoke_access",
        "action_invite_again",
        "install_l10n_modules",
        "install_lang",
        "api_key_wizard",
        "generate",
        "revoke",
        "remove",
        "make_key",
        "action_revoke_all_devices",
        "action_totp_disable",
        "button_install",
        "button_immediate_install",
        "button_immediate_upgrade",
        "button_immediate_uninstall",
        "button_uninstall",
        "button_upgrade",
        "module_uninstall",
        # Signed links and what makes them.
        "get_portal_url",
        "action_share",
        "get_base_url",
        "create_action",
        "message_subscribe",
        "message_unsubscribe",
    }
)
"""Business methods that act on whatever they are given, or run it: never granted yet."""

SAFE_ARGUMENTS = {
    "message_post": frozenset(
        {"body", "message_type", "subject", "subtype_id", "subtype_xmlid"}
    )
}
"""For methods whose other arguments act as somebody else, or on anything: what the bare
name of the method grants. The rest is granted only by name, as ``message_post(body, ...)``.
"""

SAFE_MIXIN_METHODS = frozenset({"message_post", "activity_feedback", "activity_unlink"})
"""What "any method" grants of the methods that models share through mixins."""

DANGEROUS_ARGUMENTS = re.compile(
    r"""(.*_)?(vals|values|vals_list|domain|model|context|ctx|template|callbacks?)
    | defaults? | (.*_)?(model_name|model_id|template_id|template_xmlid)
    | res_(model|id|ids)(_.*)? | attachments? | (.*_)?attachment_ids?
    | fields? | (.*_)?field_names? | code | expression | arch | method(_name)?
    | author_.* | email_(from|to|cc) | (.*_)?group_ids?
    """,
    re.VERBOSE,
)
"""Arguments by which a caller says on what a method acts, or as whom."""


def is_off_limits(model: str) -> bool:
    """Tell whether no rule may ever grant anything on a model."""
    return OFF_LIMITS.fullmatch(model) is not None


def is_protected_name(model: str) -> bool:
    """Tell whether a model is protected by its name alone."""
    return PROTECTED.fullmatch(model) is not None


def is_secret_field(name: str) -> bool:
    """Tell whether a field holds a password, a token, a signed link or the like."""
    return name not in NOT_SECRET and SECRET_FIELDS.fullmatch(name) is not None


def runs_code(model: str) -> bool:
    """Tell whether Odoo runs what a model holds, by its name alone."""
    return RUNS_CODE.fullmatch(model) is not None


def is_dangerous_argument(method: str, name: str, value, *, known: bool = True) -> bool:
    """Tell whether a business method's argument is granted only by naming it.

    Values with an inner structure are commands, domains or values for other records.

    :param known: whether the method has a parameter of this name, and does not just pass
        on whatever it is given
    """
    if method in SAFE_ARGUMENTS:
        return name not in SAFE_ARGUMENTS[method]
    if not known or not _is_plain(value):
        return True
    return DANGEROUS_ARGUMENTS.fullmatch(name) is not None


def _is_plain(value) -> bool:
    if isinstance(value, (list, tuple)):
        return not any(isinstance(item, (list, tuple, dict)) for item in value)
    return not isinstance(value, dict)


SECRET_STORES = re.compile(
    r"""apikey\..* | res\.users\.(apikeys(\..*)? | identitycheck | deletion)
    | auth[_.](totp|passkey)\..* | auth\.oauth\.provider | res\.company\.ldap
    | res\.device(\..*)? | change\.password\..*
    | ir\.(config_parameter | mail_server | logging) | res\.config(\..*)?
    | fetchmail\..* | mail\.ice\.server | iap\.account | sms\.account\..*
    | payment\.(provider|token) | certificate\..* | cloud\.storage\..*
    | calendar\.provider\..* | google\..* | microsoft\..*
    """,
    re.VERBOSE,
)
"""Models that hold the secrets of others. While a generic method runs, the ORM itself
refuses them outside sudo unless a rule names them, whatever made Odoo go there.
"""


def is_secret_store(model: str) -> bool:
    """Tell whether a model holds keys, devices, parameters, mail servers or the like."""
    return SECRET_STORES.fullmatch(model) is not None
