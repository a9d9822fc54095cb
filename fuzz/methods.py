# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls of methods that read and write whatever their arguments name.

Those that serve the web client belong to every model; the others only look like business
methods. Each list is of (model, method, ids, arguments), for a model and by chance.
"""

from .pieces import domain_of, specification_of, values_of

MAIL = "From: a@example.com\nTo: b@example.com\nSubject: x\nMessage-Id: <x@x>\n\nx"
PARTNER = 3  # of a demo user


def web_client_calls(draft) -> list[tuple]:
    """Make calls of the methods that serve the web client.

    :param draft: its call says which model they are of
    """
    rng, metadata, model = draft.rng, draft.metadata, draft.call.model
    ids = draft.some_ids(metadata.ids(model))
    specification = specification_of(draft, model)
    filled = metadata.filled(model, "many2one")
    stored = [name for name in filled if metadata.field(model, name).store]
    relation = rng.choice(stored) if stored else None
    group = relation or "id"
    planted = metadata.planted_fields(model) or ["display_name"]
    guessed = rng.choice(planted)
    token = metadata.token(model, guessed, rng.choice(metadata.ids(model)))
    found = [
        ("onchange", [], {"values": {}, "field_names": [], "fields_spec": specification}),
        ("copy_data", ids, {}),
        ("get_views", None, {"views": [[False, "form"]]}),
        ("get_view", None, {"view_type": "form"}),
        ("get_view", None, {"view_id": rng.choice(metadata.ids("ir.ui.view"))}),
        ("get_formview_action", ids[:1], {}),
        ("get_property_definition", None, {"full_name": _property(draft, model)}),
        ("web_read_group", None, {
            "domain": [], "groupby": [group], "auto_unfold": True,
            "unfold_read_specification": specification,
        }),
        ("formatted_read_grouping_sets", None, {
            "domain": [], "grouping_sets": [[guessed], []],
            "aggregates": [f"{rng.choice(planted)}:array_agg"],
        }),
        ("read_progress_bar", None, {
            "domain": [], "group_by": group,
            "progress_bar": {"field": guessed, "colors": {str(token): "success"}},
        }),
        ("web_name_search", None, {"name": "", "specification": specification}),
        ("web_resequence", ids, {
            "specification": specification,
            "field_name": rng.choice(metadata.fields(model, "integer", stored=True)),
        }),
        ("web_save_multi", ids[:1], {
            "vals_list": [values_of(draft, model, 0)], "specification": specification,
        }),
    ]  # fmt: skip
    if relation:
        found += _calls_with_relation(draft, relation, specification)
    calls = [(model, *call) for call in found]
    return [*calls, *_translation_calls(draft), _reference_call(draft)]


def _calls_with_relation(draft, relation, specification):
    rng, metadata, model = draft.rng, draft.metadata, draft.call.model
    target = metadata.comodel(model, relation)
    text = rng.choice(metadata.planted_fields(target) or ["id"])
    value = draft.value(model, relation)
    return [
        ("search_panel_select_range", None, {
            "field_name": relation, "comodel_domain": domain_of(draft, target),
            "search_domain": domain_of(draft, model), "enable_counters": True,
        }),
        ("search_panel_select_multi_range", None, {
            "field_name": relation, "comodel_domain": domain_of(draft, target),
            "group_by": text, "group_domain": {"x": domain_of(draft, model)},
            "enable_counters": rng.random() < 0.5, "expand": True,
        }),
        ("web_read_group", None, {
            "domain": [], "groupby": [relation],
            "groupby_read_specification": {relation: specification_of(draft, target)},
        }),
        ("onchange", [], {
            "values": {relation: value}, "field_names": [relation],
            "fields_spec": specification,
        }),
    ]  # fmt: skip


def _property(draft, model):
    names = draft.metadata.fields(model, "properties") or ["properties"]
    return f"{draft.rng.choice(names)}.aa"


def _translation_calls(draft):
    """Read and write a translated field, of this model or of one that has some."""
    metadata, model = draft.metadata, draft.call.model
    names = metadata.translated(model)
    if not names:
        model = "product.template"
        names = metadata.translated(model)
    name = draft.rng.choice(names)
    ids = draft.some_ids(metadata.ids(model))[:1]
    changed = {"en_US": draft.value(model, name)}
    written = {"field_name": name, "translations": changed}
    return [
        (model, "get_field_translations", ids, {"field_name": name}),
        (model, "update_field_translations", ids, written),
    ]


def _reference_call(draft):
    """Show what a reference leads to that is only claimed: ``ir.attachment`` allows it."""
    target = draft.rng.choice(draft.metadata.preferred)
    values = {
        "res_model": target,
        "res_id": draft.rng.choice(draft.metadata.ids(target)),
    }
    shown = {"res_id": {"fields": specification_of(draft, target, 1)}}
    arguments = {"values": values, "field_names": [], "fields_spec": shown}
    return "ir.attachment", "onchange", [], arguments


def message_calls(draft) -> list[tuple]:
    """Make calls that mail what they are given, to whom and as whom they are told."""
    model = draft.call.model
    if not hasattr(draft.metadata.env[model], "message_post"):
        model = "res.partner"
    ids = draft.some_ids(draft.metadata.ids(model))[:1]
    attachments = draft.metadata.ids("ir.attachment")[:1]
    arguments = [
        {"body": "x", "attachment_ids": attachments},
        {"body": "x", "outgoing_email_to": "a@example.com"},
        {"body": "x", "author_id": PARTNER, "partner_ids": [PARTNER]},
    ]
    return [(model, "message_post", ids, each) for each in arguments]


def disguised_calls(draft) -> list[tuple]:
    """Make calls of business methods that are generic in disguise."""
    metadata, rng = draft.metadata, draft.rng
    [(model, _post, ids, _arguments), *_others] = message_calls(draft)
    target = rng.choice(metadata.preferred)
    id_ = rng.choice(metadata.ids(target))
    partners = [PARTNER]
    template = rng.choice(metadata.ids("mail.template"))
    return [
        ("crm.lead", "message_post_with_source", metadata.ids("crm.lead")[:1],
         {"source_ref": "crm.mail_template_demo_crm_lead"}),
        (model, "message_notify", ids, {"body": "x", "partner_ids": partners}),
        (model, "message_subscribe", ids, {"partner_ids": partners}),
        (model, "message_process", None, {"model": "crm.lead", "message": MAIL}),
        (model, "message_get_followers", ids[:1], {}),
        ("ir.default", "set", None,
         {"model_name": model, "field_name": "name", "value": "x"}),
        ("ir.config_parameter", "get_param", None, {"key": "database.secret"}),
        ("ir.config_parameter", "set_param", None, {"key": "x.y", "value": "x"}),
        ("ir.model", "display_name_for", None, {"models": metadata.preferred}),
        ("ir.http", "session_info", None, {}),
        ("spreadsheet.mixin", "get_display_names_for_spreadsheet", None,
         {"args": [{"model": target, "id": id_}]}),
        ("mail.template", "send_mail", [template], {"res_id": id_}),
        ("mail.activity", "get_activity_data", None,
         {"res_model": target, "domain": domain_of(draft, target)}),
        ("res.partner", "get_mention_suggestions", None, {"search": ""}),
    ]  # fmt: skip
