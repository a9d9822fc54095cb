// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import { registry } from "@web/core/registry";

/** Open a list by its address, and wait for it. */
function openList(path, title) {
    return [
        {
            content: `Leave for ${path}`,
            trigger: "body",
            run() {
                document.body.classList.add("o_scoped_apikey_leaving");
                window.location = `/odoo/${path}`;
            },
            expectUnloadPage: true,
        },
        {
            content: `${title} is open`,
            trigger: `body:not(.o_scoped_apikey_leaving) .o_control_panel:contains(${title})`,
        },
    ];
}

/** Check that a list or a form offers nothing that would change it. */
function nothingToChange(view) {
    return [
        {
            content: `The ${view} cannot be changed`,
            trigger: `.o_${view}_view:not(:has(.o_form_editable)):not(:has(.o_form_button_save:visible))`,
        },
        {
            content: "There is no button to create",
            trigger: "body:not(:has(.o_list_button_add, .o_form_button_create))",
        },
    ];
}

/** Fetch what a link downloads: the browser of the tests saves no file. */
let download;
function fetchDownload(ev) {
    if (ev.target.matches("a[download]")) {
        ev.preventDefault();
        download = fetch(ev.target.href);
    }
}

registry.category("web_tour.tours").add("scoped_apikey_admin", {
    steps: () => [
        // A scope with a rule and hours.
        ...openList("api-key-scopes", "API Key Scopes"),
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: ".o_field_widget[name=name] input", run: "edit Tour Scope" },
        {
            content: "It says that it grants nothing yet",
            trigger: ".o_field_widget[name=summary] li:contains(its keys can do nothing)",
        },
        {
            trigger: ".o_field_widget[name=rule_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: ".o_selected_row [name=model_id] input",
            run: "edit res.partner",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:has(a:text(Contact))",
            run: "click",
        },
        { trigger: ".o_selected_row [name=perm_read] input", run: "click" },
        {
            content: "The summary follows",
            trigger: ".o_field_widget[name=summary] li:contains(Contact: read)",
        },
        { trigger: ".nav-link[name=conditions]", run: "click" },
        {
            trigger: ".o_field_widget[name=window_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            content: "Office hours on Monday are offered",
            trigger: ".o_field_widget[name=summary] li:contains(Monday 08:00–18:00)",
        },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible" },
        { trigger: "button[name=action_observe]" },

        // A key for somebody else, with this scope.
        ...openList("api-keys", "API Keys"),
        { trigger: ".o_control_panel button:contains(New API Key)", run: "click" },
        {
            trigger: ".modal .o_field_widget[name=user_id] input",
            run: "edit Tour Bot",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Tour Bot)",
            run: "click",
        },
        {
            content: "A key for somebody else needs a scope",
            trigger: ".modal .o_field_widget[name=scope_id].o_required_modifier",
        },
        {
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Tour Key",
        },
        {
            trigger: ".modal .o_field_widget[name=scope_id] input",
            run: "edit Tour Scope",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Tour Scope)",
            run: "click",
        },
        {
            content: "What the key can do is there before it is made",
            trigger: ".modal .o_field_widget[name=scope_summary] li:contains(Contact: read)",
        },
        { trigger: ".modal button[name=make_key]", run: "click" },
        {
            trigger: ".modal .o_field_widget[name=password] input",
            run: "edit apikey_admin",
        },
        { trigger: ".modal button[name=run_check]", run: "click" },
        {
            content: "The secret can be copied, and nothing speaks of full access",
            trigger:
                ".modal:has(.o_field_widget[name=key] .o_clipboard_button, .o_field_widget[name=key] .o_btn_char_copy):not(:has(.alert-warning))",
        },
        { trigger: ".modal .o_field_widget[name=scope_name]:contains(Tour Scope)" },
        { trigger: ".modal footer button", run: "click" },

        // Suspended, after a question.
        { trigger: "body:not(:has(.modal))" },
        { trigger: ".o_data_row .o_data_cell:contains(Tour Key)", run: "click" },
        { trigger: ".o_form_view button[name=action_suspend]", run: "click" },
        { trigger: ".modal:contains(refused at once) .btn-primary", run: "click" },
        { trigger: ".o_form_view button[name=action_resume]" },
    ],
});

registry.category("web_tour.tours").add("scoped_apikey_auditor", {
    steps: () => [
        ...openList("api-key-scopes", "API Key Scopes"),
        ...nothingToChange("list"),
        { trigger: ".o_data_row .o_data_cell:contains(Audited Scope)", run: "click" },
        {
            content: "Its fields and groups can be read",
            trigger: ".o_form_view .o_field_widget[name=field_ids] .o_tag:contains(Name)",
        },
        { trigger: "body:not(:has(button[name=action_observe]))" },
        ...nothingToChange("form"),

        ...openList("api-keys", "API Keys"),
        ...nothingToChange("list"),
        { trigger: ".o_data_row .o_data_cell:contains(Audited Key)", run: "click" },
        { trigger: ".o_form_view .o_field_widget[name=scope_summary] li:contains(Contact: read)" },
        {
            content: "A key of somebody else offers nothing but its calls",
            trigger: ".o_form_view:not(:has(.o_statusbar_buttons button))",
        },
        ...nothingToChange("form"),

        ...openList("api-call-log", "API Call Log"),
        ...nothingToChange("list"),
        {
            content: "There is nothing to do to a row but to read it",
            trigger:
                "body:not(:has(.o_list_record_selector, .o_cp_action_menus button)) .o_data_row",
        },
        { trigger: ".o_control_panel button:contains(Export…)", run: "click" },
        {
            content: "What the list shows will be exported",
            trigger: ".modal .o_field_widget[name=domain]:contains(today -7d)",
        },
        { trigger: ".modal .o_field_widget[name=row_count]:not(:contains(/^0?$/))" },
        {
            trigger: ".modal button[name=action_export]",
            run(helpers) {
                document.addEventListener("click", fetchDownload);
                return helpers.click();
            },
        },
        {
            content: "The file has the call",
            trigger: "body:not(:has(.modal))",
            async run() {
                document.removeEventListener("click", fetchDownload);
                const text = await (await download).text();
                if (!text.includes("Audited Key")) {
                    throw new Error(`Not the call: ${text}`);
                }
            },
        },
        { trigger: ".o_data_row .o_data_cell:contains(unlink)", run: "click" },
        { trigger: ".o_form_view .alert-danger:contains(A reason to read.)" },
        ...nothingToChange("form"),

        ...openList("api-key-history", "API Key History"),
        ...nothingToChange("list"),
        { trigger: ".o_data_row .o_data_cell:contains(Audited Key)", run: "click" },
        { trigger: ".o_form_view .o_field_widget[name=changes] td:contains(Audited Key)" },
        ...nothingToChange("form"),

        ...openList("api-key-addresses", "Addresses of API Keys"),
        ...nothingToChange("list"),
        {
            trigger: ".o_data_row:contains(Audited Key) button[name=action_calls]",
            run: "click",
        },
        { trigger: ".o_control_panel:contains(API Call Log)" },
        { trigger: ".o_data_row .o_data_cell:contains(unlink)" },

        ...openList("api-call-log-seals", "API Call Log Seals"),
        ...nothingToChange("list"),

        ...openList("api-call-log-verifications", "API Call Log Verifications"),
        ...nothingToChange("list"),
        {
            content: "Rows that wait for their seals are told of",
            trigger: ".o_list_view .alert-warning:contains(more than 10 minutes)",
        },
        { trigger: ".o_control_panel button:contains(Verify Now)", run: "click" },
        {
            content: "It waits for the scheduled job",
            trigger: ".o_form_view .alert-info:contains(A scheduled job)",
        },
        { trigger: ".o_form_view button[name=action_refresh]", run: "click" },
        ...nothingToChange("form"),
        { trigger: ".o_back_button, .breadcrumb-item a", run: "click" },
        {
            content: "The list has it",
            trigger: ".o_data_row .o_data_cell[name=state]:contains(Waiting)",
        },
    ],
});
