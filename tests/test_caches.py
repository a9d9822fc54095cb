# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""No cache keeps an answer that was narrowed for one call: against a server that never saw it.

What a key without a scope and a browser session of the same user are told by a process whose
very first call was made with a scoped key is what they are told by one that saw none.
"""

import json
from itertools import permutations

import pytest

from lab.cases import Rule
from lab.stage import LOGIN
from lab.web import WebSession

PASSWORD = "of the integration"
KEYED = (
    ("res.partner", "fields_get", {"attributes": ["type", "readonly"]}),
    ("res.partner", "search_read", {"domain": [], "limit": 5, "order": "id"}),
    ("crm.lead", "fields_get", {"attributes": ["type"]}),
    (
        "crm.lead",
        "formatted_read_group",
        {"domain": [], "groupby": ["name"], "aggregates": ["__count"]},
    ),
    ("crm.lead", "default_get", {"fields": ["company_id", "name"]}),
    ("res.company", "search_read", {"domain": [], "fields": ["name"]}),
)
BY_SESSION = (
    ("res.partner", "fields_get", [], {"attributes": ["type"]}),
    ("res.partner", "web_search_read", [[], {"name": {}}], {"limit": 9}),
    ("crm.lead", "get_views", [[[False, "form"], [False, "list"]]], {}),
    ("crm.lead", "default_get", [["company_id", "team_id"]], {}),
    ("res.users", "context_get", [], {}),
    ("res.company", "search_read", [[], ["name"]], {}),
    ("ir.ui.menu", "load_menus", [False], {}),
)


class Users:
    """The same user, three times, on one server."""

    def __init__(self, bench, scoped, unscoped, url, lead):
        self.bench, self.scoped, self.unscoped = bench, scoped, unscoped
        self.url, self.lead = url, lead

    def log_in(self):
        self.session = WebSession(self.url, self.bench.database, LOGIN, PASSWORD)

    def by_key(self, caller):
        answers = []
        for model, method, kwargs in KEYED:
            client = self.bench.client("json2", caller, url=self.url)
            answers.append(client.call(model, method, None, (), kwargs).raw)
        values = {"vals": {"phone": "1"}}
        self.bench.client("json2", caller, url=self.url).call(
            "crm.lead", "write", [self.lead], (), values
        )
        return json.dumps(answers, sort_keys=True)

    def by_session(self):
        return json.dumps(
            [
                self.session.call(model, method, *args, **kwargs)
                for model, method, args, kwargs in BY_SESSION
            ],
            sort_keys=True,
        )

    def tracked(self):
        """How many tracking values come of it when the session changes a tracked field."""
        count = "SELECT count(*) FROM mail_tracking_value"
        [before] = self.bench.sql(count)
        [lead] = self.session.call(
            "crm.lead", "read", [self.lead], ["expected_revenue"]
        )
        values = {"expected_revenue": lead["expected_revenue"] + 1}
        self.session.call("crm.lead", "write", [self.lead], values)
        [after] = self.bench.sql(count)
        return after.count - before.count


def issue_own(session):
    """Issue a key without a scope to oneself. :return: the secret"""
    wizard = "res.users.apikeys.description"
    ids = session.call(wizard, "create", [{"name": "whole", "duration": "30"}])
    return session.press(wizard, "make_key", ids)["context"]["default_key"]


@pytest.fixture(scope="module")
def callers(lab, module_server, make_bench):
    with lab.database() as name:
        server = module_server(name)
        bench = make_bench(server, name)
        admin, uid = bench.admin, bench.stage.uid
        [near] = admin.call("res.company", "create", [{"name": "Near"}])
        values = {"password": PASSWORD, "company_ids": [[4, near]]}
        admin.call("res.users", "write", [uid], values)
        scoped = bench.scoped(
            Rule("res.partner", "r", fields=("name", "email")),
            Rule("res.company", "r", fields=("name",)),
            Rule("crm.lead", "rwc", fields=("name", "phone", "company_id")),
        )
        scope = bench.scope_id(scoped)
        admin.call("apikey.scope", "write", [scope], {"company_ids": [[4, near]]})
        secret = issue_own(WebSession(server.url, name, LOGIN, PASSWORD))
        unscoped = type(scoped)(secret, LOGIN, uid, "whole", 0)
        [lead] = admin.call("crm.lead", "create", [{"name": "Tracked"}])
        server.stop()
        yield lambda url: Users(bench, scoped, unscoped, url, lead)


def test_after_a_start(callers, server):
    reference = server()
    never = callers(reference.url)
    never.log_in()
    unscoped, session = never.by_key(never.unscoped), never.by_session()
    assert never.tracked() == 1
    reference.stop()
    narrowed = None
    for first in ("scoped", "unscoped", "session"):
        started = server()
        users = callers(started.url)
        if first == "session":
            users.log_in()
        ask = {
            "scoped": lambda users=users: users.by_key(users.scoped),
            "unscoped": lambda users=users: users.by_key(users.unscoped),
            "session": lambda users=users: users.by_session(),
        }
        if first != "session":
            ask[first]()
            users.log_in()
        for order in permutations(ask):
            answers = {who: ask[who]() for who in order}
            assert answers["unscoped"] == unscoped, (first, order)
            assert answers["session"] == session, (first, order)
            narrowed = narrowed or answers["scoped"]
            assert answers["scoped"] == narrowed != unscoped, (first, order)
            assert users.tracked() == 1
        started.stop()
