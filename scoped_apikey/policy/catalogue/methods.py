# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which methods are generic, which serve the web client, which are dangerous?"""

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

WEB_CLIENT_METHODS = frozenset(
    {
        "check_access_rule",
        "check_field_access_rights",
        "copy_data",
        "copy_translations",
        "formatted_read_grouping_sets",
        "get_base_url",
        "get_empty_list_help",
        "get_field_translations",
        "get_formview_action",
        "get_formview_id",
        "get_import_templates",
        "get_property_definition",
        "get_view",
        "get_views",
        "is_transient",
        "mail_allowed_qweb_expressions",
        "mail_get_partner_fields",
        "mro",  # of every class: Odoo does not keep it from being called
        "onchange",
        "read_progress_bar",
        "search_panel_select_multi_range",
        "search_panel_select_range",
        "toggle_active",
        "update_field_translations",
        "view_header_get",
        "web_name_search",
        "web_override_translations",
        "web_read_group",
        "web_resequence",
        "web_save_multi",
    }
)
"""The other public methods that every model has, with base, web, mail and what they bring
along: refused. One that a later release adds is refused as well, and on no list, so that
somebody looks at it.
"""

UNGRANTABLE_METHODS = frozenset(
    {
        # They log in, and with another address of the server rewrite its own.
        "res.users.authenticate",
        "res.users.auth_oauth",
        "res.users.signup",
        # They make credentials, change them, or remove what protects them.
        "api_key_wizard",
        "change_password",
        "change_password_button",
        "preference_change_password",
        "reset_password",
        "action_reset_password",
        "action_change_password_wizard",
        "action_create_passkey",
        "action_totp_enable_wizard",
        "action_totp_disable",
        "action_totp_invite",
        "get_totp_invite_url",
        "revoke_all_devices",
        "action_revoke_all_devices",
        "res.users.web_create_users",
        "payment.provider.action_reset_credentials",
        # Whoever has what they make signs up, or in, as the contact.
        "signup_prepare",
        "signup_cancel",
        "signup_get_auth_param",
        "action_signup_prepare",
        "portal.wizard.user.action_grant_access",
        "portal.wizard.user.action_revoke_access",
        "portal.wizard.user.action_invite_again",
        # They install modules, or switch settings on that do.
        "res.config.action_next",
        "res.config.execute",
        "res.config.next",
        "res.config.start",
        "res.config.settings.execute",
        "res.config.settings.set_values",
        "install_l10n_modules",
        "install_lang",
        "button_immediate_install",
        "ir.demo.install_demo",
        # They run what the caller wrote.
        "execute_code",
        "import_module",
        "render_template",
    }
)
"""Methods that no rule can grant, not even by name, and observing does not let through:
they make credentials, install modules, or run the caller's code. With its model, and so
for whatever inherits from it, where the bare name would hit innocents. Keys, scopes, logs
and what runs code are out of reach as models.
"""

HARMLESS_METHODS = frozenset({"res.users.context_get"})
"""Business methods that tell the caller only about themselves, and that clients call first."""

DANGEROUS_METHODS = frozenset(
    {
        # The caller says on which model they act, or which records they search.
        "action_profitability_items",
        "activity_schedule",
        "activity_search",
        "create_document_from_attachment",
        "default_subtypes",
        "find_or_create_record",
        "get_activity_data",
        "get_display_names_for_spreadsheet",
        "get_properties_base_definition",
        "ir.filters.create_filter",
        "ir.filters.get_filters",
        "ir.model.access.check",
        "list_leaves",
        "mail.message.mark_all_as_read",
        "message_change_thread",
        "message_parse",
        "message_process",
        "message_route",
        "rating_get_grades",
        "rating_get_stats",
        "stage_find",
        # They write whatever values they are given.
        "action_add_from_catalog",
        "action_create_from_template",
        "create_unique",
        "create_template_from_project_undo_callback",
        "iap_enrich",
        "ir.mail_server.send_email",
        "lead_vals_from_response",
        "message_new",
        "message_update",
        "plan_task_in_calendar",
        "res.users.preference_save",
        "set_embedded_actions_setting",
        "set_res_users_settings",
        "template_to_project_confirmation_callback",
        # They import, merge, move or delete what is not theirs.
        "action_delete_duplicates",
        "action_merge",
        "action_unlink_all",
        "execute",
        "execute_import",
        "import_lang",
        "menu_create",
        "merge",
        "merge_opportunity",
        "parent_migration_process_cb",
        "reflect_code_prefix_change",
        "reload_template",
        "reset_template",
        "run",
        "save",
        "try_loading",
        # They read parameters, sessions, or what people are, past the rights to them.
        "get_attendee_detail",
        "get_avatar_card_data",
        "get_mention_suggestions",
        "get_mention_suggestions_from_channel",
        "html_field_history_get_comparison_at_revision",
        "html_field_history_get_content_at_revision",
        "html_field_history_get_unified_diff_at_revision",
        "iap.account.get",
        "iap.account.get_account_id",
        "iap.account.get_config_account_url",
        "iap.account.get_credits_url",
        "lazy_session_info",
        "message_get_followers",
        "get_frontend_session_info",
        "get_param",
        "get_values",
        "search_for_channel_invite",
        "session_info",
        "webclient_rendering_context",
        # They write parameters and settings.
        "action_setup_outgoing_mail_server",
        "set_param",
        "document_layout_save",
        "set_profiling",
        "unlink_default_parameters",
        # They send mail, text messages or letters, to whom and with what they are told.
        "action_open_composer",
        "action_schedule_message",
        "action_send_and_print",
        "action_send_mail",
        "action_send_mail_and_delete",
        "action_send_sms",
        "action_send_sms_mass_now",
        "action_sendmail",
        "activity_send_mail",
        "force_send",
        "invite_by_email",
        "message_mail_with_source",
        "message_notify",
        "message_post_with_source",
        "post_message",
        "process_email_queue",
        "rating_apply",
        "rating_send_request",
        "send_mail",
        "send_mail_batch",
        "snailmail_print",
        # They move money.
        "payment.transaction.action_capture",
        "payment.transaction.action_refund",
        "payment.transaction.action_void",
        "payment.capture.wizard.action_capture",
        "payment.refund.wizard.action_refund",
        # Signed links, followers and memberships: others may see what they could not.
        "action_customer_preview",
        "action_end_session",
        "action_get_share_url",
        "action_grant_access",
        "action_invite_again",
        "action_join_video_call",
        "action_open_session_manager",
        "action_preview_sale_order",
        "action_print_answers",
        "action_print_survey",
        "action_project_sharing_open_subtasks",
        "action_project_sharing_view_parent_task",
        "action_project_sharing_view_so",
        "action_quotation_send",
        "action_recovery_email_send",
        "action_revoke_access",
        "action_share",
        "action_share_record",
        "action_start_survey",
        "action_test_survey",
        "add_members",
        "edit_followers",
        "generate_access_token",
        "get_acknowledge_url",
        "get_confirm_url",
        "get_discuss_videocall_location",
        "get_portal_url",
        "get_print_url",
        "get_return_label",
        "get_start_short_url",
        "get_start_url",
        "get_update_url",
        "message_subscribe",
        "message_unsubscribe",
        "preview_invoice",
        "register_devices",
        "set_discuss_videocall_location",
    }
)
"""Business methods that are generic in disguise: they run, send or reach whatever they are
given. "Any method" never grants them, and a rule that names one warns of it. With its
model, and so for whatever inherits from it, where the bare name would hit innocents.
"""

SAFE_ARGUMENTS = {
    "message_post": frozenset(
        {
            "body",
            "body_is_html",  # sanitized as ever
            "message_type",
            "subject",
            "subtype_id",
            "subtype_xmlid",
        }
    )
}
"""For methods whose other arguments act as somebody else, or on anything: what the bare
name of the method grants. The rest is granted only by name, as ``message_post(body, ...)``.
"""

SAFE_VALUES = {"message_type": ("comment", "notification")}
"""Safe arguments that are safe with some values only: a message of type ``email`` looks as
if it had come in by mail, and others are bound to a text message or a letter.
"""

SAFE_MIXIN_METHODS = frozenset({"message_post"})
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

ARGUMENT_MODELS = {
    "attachment_id": "ir.attachment",
    "attachment_ids": "ir.attachment",
    "author_id": "res.partner",
    "partner_ids": "res.partner",
    "template_id": "mail.template",
}
"""Arguments that hold ids of another model, whatever the method, and by which its records
are sent, shown, or spoken for: they must be readable through the scope, even where a rule
names the argument.
"""


def is_dangerous_argument(method: str, name: str, value, *, known: bool = True) -> bool:
    """Tell whether a business method's argument is granted only by naming it.

    Values with an inner structure are commands, domains or values for other records.

    :param known: whether the method has a parameter of this name, and does not just pass
        on whatever it is given
    """
    if method in SAFE_ARGUMENTS:
        return name not in SAFE_ARGUMENTS[method] or (
            name in SAFE_VALUES and value not in SAFE_VALUES[name]
        )
    if not known or not _is_plain(value):
        return True
    return DANGEROUS_ARGUMENTS.fullmatch(name) is not None


def _is_plain(value) -> bool:
    if isinstance(value, (list, tuple)):
        return not any(isinstance(item, (list, tuple, dict)) for item in value)
    return not isinstance(value, dict)
