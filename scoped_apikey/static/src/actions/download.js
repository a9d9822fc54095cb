// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import { registry } from "@web/core/registry";

/**
 * Fetch a file, and close the dialog. The browser writes it to disk as it comes, however
 * large; it opens no window that could be blocked, and leaves no page where it is refused.
 */
function download(env, action) {
    const link = document.createElement("a");
    link.href = action.params.url;
    link.download = "";
    document.body.append(link);
    link.click();
    link.remove();
    return { type: "ir.actions.act_window_close" };
}

registry.category("actions").add("scoped_apikey_download", download);
