# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How long does it take to read what a call would touch, and to decide on it?

``make bench-footprint`` prints the medians in microseconds, beside what they should be at
most: what a call costs that has a scope, on top of what it costs without one.
"""

import platform
import statistics
import time
from dataclasses import dataclass, field

from lab.config import SERVER_WIDE, write_config
from lab.home import folder

READING, DECIDING = 500, 50
"""What each should take at most, in microseconds, for the first of the calls."""
SIZE = 500
"""Rounds, of which the median is taken."""
WARM_UP = 20
NAMES = ["name", "email", "phone", "street", "city", "zip", "country_id", "user_id"]
MODELS = (
    "account.move", "calendar.event", "crm.lead", "crm.stage", "crm.tag", "crm.team",
    "product.category", "product.pricelist", "product.product", "product.template",
    "project.milestone", "project.project", "project.tags", "project.task",
    "res.country", "res.currency", "res.partner", "sale.order", "sale.order.line",
    "utm.campaign",
)  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A call to measure.

    :param what: it is, in words
    """

    what: str
    model: str
    method: str
    ids: list | None = None
    kwargs: dict = field(default_factory=dict)


FIVE_TERMS = [
    "&",
    ["is_company", "=", True],
    "&",
    "|",
    ["country_id.code", "=", "BE"],
    ["child_ids", "any", [["email", "ilike", "example.com"]]],
    "&",
    ["write_date", ">", "2026-01-01 00:00:00"],
    ["name", "ilike", "a"],
]
CONTACT = {"name": "Ada", "email": "ada@example.com", "phone": "1", "country_id": 1}
NESTED = {
    "name": {},
    "partner_id": {"fields": {"display_name": {}, "email": {}}},
    "order_line": {
        "fields": {
            "name": {},
            "price_subtotal": {},
            "product_id": {"fields": {"display_name": {}}},
        }
    },
}
CALLS = (
    Call(
        "search_read, a domain of five terms",
        "res.partner",
        "search_read",
        None,
        {"domain": FIVE_TERMS, "fields": NAMES, "order": "name", "limit": 80},
    ),
    Call("read, eight fields", "res.partner", "read", [1], {"fields": NAMES}),
    Call("read, every field", "res.partner", "read", [1]),
    Call("create of 1", "res.partner", "create", None, {"vals_list": [CONTACT]}),
    Call(
        "create of 100", "res.partner", "create", None, {"vals_list": [CONTACT] * 100}
    ),
    Call("write", "res.partner", "write", [1], {"vals": CONTACT}),
    Call("web_read, nested", "sale.order", "web_read", [1], {"specification": NESTED}),
    Call(
        "read_group",
        "sale.order",
        "read_group",
        None,
        {
            "domain": [["state", "=", "sale"]],
            "fields": ["amount_total:sum"],
            "groupby": ["date_order:month", "state"],
        },
    ),
    Call("message_post", "res.partner", "message_post", [1], {"body": "Hello"}),
)


def run(lab, rounds: int) -> bool:
    """Measure, and print a table.

    :param lab: an opened ``Lab``
    :param rounds: of each call
    :return: whether all is as it should be
    """
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    with lab.database() as database, Registry(load(lab, database)).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        admin = env.ref("base.user_admin")
        policy = make_policy(env)
        rows = [
            (call, *measure(admin.with_user(admin).env, policy, call, rounds))
            for call in CALLS
        ]
        cr.rollback()
    return report(rows, rounds)


def load(lab, database: str) -> str:
    """Let this process be an Odoo that serves a database. :return: its name"""
    from odoo import tools

    config = write_config(
        lab.odoo,
        folder("run", f"bench-{database}"),
        db_name=database,
        server_wide_modules=SERVER_WIDE,
        log_level="warn",
    )
    tools.config.parse_config(["-c", str(config)], setup_logging=True)
    return database


def make_policy(env):
    """Compile a scope of one rule a model."""
    from odoo.fields import Command

    rules = [
        {
            "model_id": env["ir.model"]._get_id(model),
            "perm_read": True,
            "perm_write": True,
            "perm_create": True,
            "methods": "message_post(body)" if model == "res.partner" else "",
        }
        for model in MODELS
    ]
    scope = env["apikey.scope"].create(
        {"name": "Benchmark", "rule_ids": [Command.create(rule) for rule in rules]}
    )
    return scope._compile()


def measure(env, policy, call, rounds):
    """Return the medians of reading a call's footprint, and of deciding on it."""
    from odoo.addons.scoped_apikey.footprint import read_footprint
    from odoo.addons.scoped_apikey.footprint.arguments import Arguments
    from odoo.addons.scoped_apikey.policy.decide import decide

    arguments = Arguments(call.model, call.method, call.ids, (), call.kwargs)
    decision = decide(policy, read_footprint(env, arguments))
    if decision.refusal:
        raise ValueError(f"{call.what} is refused: {decision.refusal}")
    footprint = read_footprint(env, arguments)
    reading = median(lambda: read_footprint(env, arguments), rounds)
    return reading, median(lambda: decide(policy, footprint), rounds)


def median(function, rounds) -> float:
    """Return how long a function takes, in microseconds."""
    for _round in range(WARM_UP):
        function()
    times = []
    for _round in range(rounds):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


def report(rows, rounds) -> bool:
    """Print what was measured, and on what. :return: whether it is as it should be"""
    print(f"Python {platform.python_version()}, {processor()}")
    print(
        f"Medians of {rounds} in microseconds, under a policy of {len(MODELS)} rules.\n"
    )
    print(f"| {'call':36} | {'reading':>8} | {'deciding':>8} |")
    print(f"| {'-' * 36} | {'-' * 7}: | {'-' * 7}: |")
    for call, reading, deciding in rows:
        print(f"| {call.what:36} | {reading:8.0f} | {deciding:8.0f} |")
    _call, reading, deciding = rows[0]
    print(f"\nThe first should take at most {READING} and {DECIDING}: ", end="")
    good = reading <= READING and deciding <= DECIDING
    print("it does." if good else "IT DOES NOT.")
    return good


def processor() -> str:
    """Name the processor, as far as the system tells."""
    try:
        with open("/proc/cpuinfo") as lines:
            names = [line.partition(":")[2] for line in lines if "model name" in line]
            return (
                f"{names[0].strip()}, {len(names)} cores"
                if names
                else platform.machine()
            )
    except OSError:
        return platform.processor() or platform.machine()
