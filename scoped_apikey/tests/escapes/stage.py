# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is there to be reached: records, and the canary in what must stay hidden."""

from odoo.fields import Command

from ..common import make_user
from .model import CANARY, EMAIL, LOGIN, REF


def build(env) -> dict:
    """Create the records that escapes speak of. :return: their ids, by name"""
    hidden = env["res.partner"].create(
        {
            "name": "Hidden",
            "is_company": True,
            "email": EMAIL,
            "street": CANARY,
            "city": CANARY,
            "ref": str(REF),
            "vat": CANARY.upper(),
            "comment": CANARY,
            "image_1920": _image(),
        }
    )
    victim = make_user(env, LOGIN, "base.group_user")
    victim.write({"name": "Hidden", "partner_id": hidden.id, "login": LOGIN})
    hidden.write({"name": "Hidden", "email": EMAIL})
    seen = env["res.partner"].create(
        {
            "name": "Seen",
            "type": "other",
            "email": "seen@example.com",
            "parent_id": hidden.id,
            "user_id": victim.id,
        }
    )
    lead = env["crm.lead"].create({"name": "Lead", "user_id": victim.id})
    env.flush_all()
    # The customer's email and phone would be copied to the lead, and back.
    env.cr.execute(
        "UPDATE crm_lead SET partner_id = %s WHERE id = %s", [hidden.id, lead.id]
    )
    lead.invalidate_recordset()
    records = {
        "hidden": hidden,
        "victim": victim,
        "seen": seen,
        "spare": env["res.partner"].create({"name": "Spare"}),
        "lead": lead,
        **_sales(env, hidden, seen, victim),
        **_projects(env, hidden),
        **_secrets(env),
        "resource": env["resource.resource"].create({"name": "Hidden"}),
        "scope": env["apikey.scope"].create({"name": "Other", "tz": "UTC"}),
        "partners": env["ir.model"]._get("res.partner"),
        "journal": env["account.journal"].search([("type", "=", "sale")], limit=1),
        "orders": env["ir.model"]._get("sale.order"),
    }
    env.flush_all()
    ids = {name: record.id for name, record in records.items()}
    return ids | {"other company": records["other quotation"].company_id.id}


def _image():
    # The smallest GIF there is.
    return "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="


def _sales(env, hidden, seen, victim):
    product = env["product.product"].create({"name": "Product", "list_price": 1.0})
    line = {"product_id": product.id, "name": CANARY}
    order, other = env["sale.order"].create(
        [
            {
                "partner_id": seen.id,
                "access_token": f"{CANARY}-token",
                "order_line": [Command.create(line)],
            },
            {
                "partner_id": hidden.id,
                "client_order_ref": CANARY,
                "order_line": [Command.create(line)],
            },
        ]
    )
    env.flush_all()
    message = other.message_post(body=CANARY)
    order.message_post(body=CANARY)
    activities = (order + other).activity_schedule(
        "mail.mail_activity_data_todo", summary=CANARY, note=CANARY, user_id=victim.id
    )
    attachment = env["ir.attachment"].create(
        {
            "name": f"{CANARY}.txt",
            "raw": CANARY.encode(),
            "res_model": "sale.order",
            "res_id": other.id,
        }
    )
    return {
        "product": product,
        "order": order,
        "line": order.order_line,
        "hidden order": other,
        "hidden report": env["sale.report"].search(
            [("order_reference", "=", f"sale.order,{other.id}")], limit=1
        ),
        "other quotation": _of_other_company(env, seen),
        "hidden line": other.order_line,
        "message": message,
        "activity": activities[1],
        "attachment": attachment,
        "script": env["ir.attachment"].create(
            {
                "name": "web.js",
                "raw": b"1",
                "url": "/web/assets/1/web.js",
                "mimetype": "text/javascript",
                "public": True,
            }
        ),
        "tracking": env["mail.tracking.value"].create(
            {
                "field_id": env["ir.model.fields"]._get("sale.order", "state").id,
                "mail_message_id": message.id,
                "new_value_char": CANARY,
            }
        ),
        "follower": other.message_follower_ids[:1],
    }


def _of_other_company(env, seen):
    """Return an order of a company that its administrator may act in, too."""
    company = env["res.company"].create({"name": "Other"})
    env.ref("base.user_admin").company_ids += company
    return (
        env["sale.order"]
        .with_company(company)
        .create(
            {
                "partner_id": seen.id,
                "company_id": company.id,
                "client_order_ref": CANARY,
            }
        )
    )


def _projects(env, hidden):
    # So that nobody has the feature, nor the group that shows it.
    env["project.project"].with_context(active_test=False).search([]).write(
        {"allow_recurring_tasks": False}
    )
    project, other = env["project.project"].create(
        [{"name": "Project"}, {"name": "Hidden", "description": CANARY}]
    )
    task, hidden_task = env["project.task"].create(
        [
            {"name": "Task", "project_id": project.id, "partner_id": hidden.id},
            {"name": "Hidden", "project_id": other.id, "description": CANARY},
        ]
    )
    return {
        "project": project,
        "hidden project": other,
        "task": task,
        "hidden task": hidden_task,
    }


def _secrets(env):
    parameters = env["ir.config_parameter"]
    parameters.set_param("database.secret", f"{CANARY}-secret")
    template = env["mail.template"].create(
        {
            "name": "Template",
            "model_id": env["ir.model"]._get_id("sale.order"),
            "subject": CANARY,
        }
    )
    server = env["ir.mail_server"].create(
        {"name": "Mail", "smtp_host": "mail.example.com", "smtp_pass": CANARY}
    )
    view = env["ir.ui.view"].create(
        {
            "name": "Hidden",
            "model": "res.users",
            "arch": f"<form><field name='login' string='{CANARY}'/></form>",
        }
    )
    return {
        "parameter": parameters.create({"key": "a.secret", "value": CANARY}),
        "template": template,
        "mail server": server,
        "view": view,
    }
