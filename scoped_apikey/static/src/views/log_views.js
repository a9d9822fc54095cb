// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import { onWillStart } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { omit } from "@web/core/utils/objects";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { listView } from "@web/views/list/list_view";
import { ListController } from "@web/views/list/list_controller";

/**
 * The lists of what nobody changes. There is nothing to do to a row but to read it, so none
 * can be ticked. Odoo's own export, which keeps all rows in memory, is not offered:
 * the button Export has one that does not.
 */
class LogListController extends ListController {
    static defaultProps = { ...ListController.defaultProps, allowSelectors: false };

    getStaticActionMenuItems() {
        return omit(super.getStaticActionMenuItems(), "export");
    }
}

class LogKanbanController extends KanbanController {
    getStaticActionMenuItems() {
        return omit(super.getStaticActionMenuItems(), "export");
    }
}

registry.category("views").add("scoped_apikey_log_list", {
    ...listView,
    Controller: LogListController,
});
registry.category("views").add("scoped_apikey_log_kanban", {
    ...kanbanView,
    Controller: LogKanbanController,
});

/** Verifications, with a line above them that says when rows wait for their seals. */
const withSealWarning = (Controller) =>
    class extends Controller {
        setup() {
            super.setup();
            const orm = useService("orm");
            onWillStart(async () => {
                this.sealWarning = await orm.silent.call("apikey.seal", "warning", []);
            });
        }
    };

class VerificationListController extends withSealWarning(LogListController) {
    static template = "scoped_apikey.VerificationList";
}

class VerificationKanbanController extends withSealWarning(LogKanbanController) {
    static template = "scoped_apikey.VerificationKanban";
}

registry.category("views").add("scoped_apikey_verification_list", {
    ...listView,
    Controller: VerificationListController,
});
registry.category("views").add("scoped_apikey_verification_kanban", {
    ...kanbanView,
    Controller: VerificationKanbanController,
});
