# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is compared: Odoo as it is, with the addon, and with OCA's ``auditlog``."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from lab import auditlog
from lab.cases import Case, Rule
from lab.durable import durable_copy
from lab.postgres import connect
from lab.stage import LOGIN, Stage
from lab.web import WebSession

from . import calls

NAME = "A shop"
STOCK, OURS, AUDITLOG = "stock", "with the addon", "auditlog"
RATE_LIMIT = 1_000_000  # calls a minute
# What an integration of a shop may be granted; the rule of the measured calls comes last.
OTHER_RULES = (
    Rule("res.country", "r"),
    Rule("res.currency", "r", fields=("name", "symbol", "rounding")),
    Rule("res.company", "r", fields=("name", "currency_id", "partner_id")),
    Rule("res.partner.category", "r"),
    Rule("res.users", "r", fields=("name", "login", "partner_id")),
    Rule("uom.uom", "r"),
    Rule("product.category", "r"),
    Rule("product.template", "r", domain="[('sale_ok', '=', True)]"),
    Rule("product.product", "r", domain="[('sale_ok', '=', True)]"),
    Rule("product.pricelist", "r"),
    Rule("crm.team", "r", fields=("name", "company_id")),
    Rule("crm.stage", "r"),
    Rule("crm.lead", "rwc", domain="[('type', '=', 'opportunity')]"),
    Rule("sale.order", "rwc", "action_confirm, message_post(body)"),
    Rule("sale.order.line", "rwc", fields=("order_id", "product_id", "name")),
    Rule("account.tax", "r"),
    Rule("account.move", "r", domain="[('move_type', '=', 'out_invoice')]"),
    Rule("project.project", "r", fields=("name", "partner_id")),
    Rule("project.task", "rwc", domain="[('priority', '=', '1')]"),
)
RULES = (*OTHER_RULES, Rule(calls.MODEL, "rwc"))
NETWORKS = "203.0.113.0/24\n198.51.100.7\n10.0.0.0/8\n2001:db8::/32\n127.0.0.0/8"
EVERY_HOUR = tuple((str(day), 0.0, 24.0) for day in range(7))


@dataclass
class Side:
    """An Odoo to be measured.

    :param name: what it is called in a table
    :param database: what it serves
    :param issue: takes a ``Stage``, returns the secret of a key of its user
    :param options: of ``lab.server``
    :ivar partners: ids of records that calls read and write to
    :ivar made: how many calls were made
    """

    name: str
    database: str
    issue: Callable[[Stage], str]
    options: dict = field(default_factory=dict)
    server: object = None
    clients: dict = field(default_factory=dict)
    partners: list = field(default_factory=list)
    made: int = 0

    def prepare(self, server, partners: int = 1):
        """Have a key issued, clients that have it, and records."""
        stage = Stage(server, self.database)
        secret = self.issue(stage)
        self.server = server
        self.clients = calls.clients(
            server.url, self.database, LOGIN, stage.uid, secret
        )
        vals_list = [{"name": f"Client {number}"} for number in range(partners)]
        self.partners = stage.admin.call(calls.MODEL, "create", vals_list)

    def call(self, door: str, kind: str, text: str):
        """Make a call. :raise AssertionError: it failed"""
        answer = calls.call(self.clients[door], kind, self.partners[0], text)
        if not answer.ok:
            raise AssertionError(f"{self.name}, {door} {kind}: {answer.message}")
        self.made += 1

    def check_rows(self, postgres):
        """Hold the addon to what it costs: each call has its row in the call log.

        :raise AssertionError: some have none
        """
        with connect(self.database, **postgres.address) as cursor:
            cursor.execute(
                "SELECT count(*) FROM apikey_call WHERE apikey_name = %s", [NAME]
            )
            [rows] = cursor.fetchone()
        if rows != self.made:
            raise AssertionError(f"{self.made} calls left {rows} rows.")


@contextmanager
def three_sides(lab) -> Iterator[tuple]:
    """Have all that is compared, on one PostgreSQL that waits for the disk.

    :return: the sides, and the ``Embedded``
    """
    with (
        auditlog.installed(lab) as audited,
        lab.database(lab.templates.plain()) as plain,
        lab.database() as full,
        durable_copy(plain, full, audited) as postgres,
    ):
        options = {"server_wide": False}
        addons = auditlog.addons(lab.odoo)
        sides = (
            Side(STOCK, plain, issue_unlimited, options),
            Side(OURS, full, issue_scoped),
            Side(AUDITLOG, audited, _issue_audited, {**options, "options": addons}),
        )
        yield sides, postgres


@contextmanager
def serving(lab, sides, postgres, partners=1, **options) -> Iterator:
    """Start a server for each side, and have it prepared.

    :param postgres: the ``Embedded`` that they run on
    :param options: more of ``lab.server``
    """
    variables = postgres.variables
    with ExitStack() as stack:
        for side in sides:
            started = {**side.options, **options, "environment": variables}
            server = stack.enter_context(lab.server(side.database, **started))
            side.prepare(server, partners)
        yield


def scope_values(stage, rules=RULES) -> dict:
    """Return what a scope is created with that has every kind of limit."""
    case = Case(0, NAME, rules, (), networks=NETWORKS, windows=EVERY_HOUR)
    return {**stage.scope_values(case), "rate_limit": RATE_LIMIT}


def issue_scoped(stage, rules=RULES) -> str:
    """Issue a key with such a scope."""
    values = scope_values(stage, rules)
    [scope] = stage.admin.call("apikey.scope", "create", [values])
    return stage.issue_key(NAME, scope)


def issue_unlimited(stage) -> str:
    """Issue a key as its user does without the addon."""
    stage.admin.call("res.users", "write", [stage.uid], {"password": LOGIN})
    user = WebSession(stage.url, stage.database, LOGIN, LOGIN)
    wizard = "res.users.apikeys.description"
    made = user.call(wizard, "create", [{"name": NAME, "duration": "1"}])
    return user.press(wizard, "make_key", made)["context"]["default_key"]


def _issue_audited(stage) -> str:
    """Have what is read, written and created of the measured model audited, too."""
    model = stage.admin.find("ir.model", ["model", "=", calls.MODEL])
    values = {"name": "Partners", "model_id": model}
    values |= dict.fromkeys(("log_read", "log_write", "log_create"), True)
    rule = stage.admin.call("auditlog.rule", "create", [values])
    stage.admin.call("auditlog.rule", "set_to_confirmed", rule)
    return issue_unlimited(stage)
