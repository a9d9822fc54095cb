# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A false refusal is a failure, too: a day's work of a client in sales, through scopes that
grant what it needs, is done to the end."""

import pytest

from lab.sales_day import DAY, MY_RECORDS, WHOLE_RECORDS

SCOPES = {"whole records": WHOLE_RECORDS, "my records": MY_RECORDS}


@pytest.mark.parametrize("door", ["json2", "xmlrpc"])
@pytest.mark.parametrize("scope", SCOPES)
def test_the_day_is_done(bench, scope, door):
    key = bench.scoped(*SCOPES[scope])
    steps = steps_at(door, limited=scope == "my records")
    with bench.logged() as rows:
        assert Client(bench, door, key).work(steps) == []
    assert {row.reason for row in rows if row.outcome != "allowed"} == set()
    assert len(rows) == len(steps)


@pytest.mark.parametrize("door", ["json2", "xmlrpc"])
def test_the_day_is_one_that_stock_odoo_allows(bench, door):
    """Otherwise it would say nothing about scopes."""
    assert Client(bench, door, bench.unscoped()).work(steps_at(door)) == []


def steps_at(door, limited=False):
    """The steps that a door can answer, for XML-RPC fails where there is no answer.

    :param limited: only those that a scope with limits can grant
    """
    return [
        step
        for step in DAY
        if (step.answers or door == "json2") and (step.limited or not limited)
    ]


class Client:
    """A client of one door, which remembers what it is told to."""

    def __init__(self, bench, door, caller):
        self.stage = bench.stage
        self.door = door
        self.client = bench.client(door, caller)
        self.kept = {}

    def work(self, steps):
        """Do the day's work.

        :return: what went wrong, as pairs of what was done and why
        """
        failures = []
        for step in steps:
            answer = self.do(step)
            if not answer.ok:
                failures.append((step.what, answer.message))
            elif not step.shows(answer.value):
                failures.append((step.what, f"the answer is {answer.value}"))
            elif step.keeps:
                self.kept[step.keeps] = step.takes(answer.value)
        return failures

    def do(self, step):
        kwargs, args = self.filled(step.kwargs), ()
        ids = None if step.ids is None else self.filled(step.ids)
        if self.door != "json2" and step.method == "create":
            args = (kwargs.pop("vals_list"),)  # Odoo's RPC takes it in no other way
        return self.client.call(step.model, step.method, ids, args, kwargs)

    def filled(self, value):
        """A value of a step, with what its placeholders stand for."""
        if isinstance(value, dict):
            return {name: self.filled(member) for name, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.filled(member) for member in value]
        if isinstance(value, str) and value.startswith("$"):
            name, _dot, index = value[1:].partition(".")
            kept = self.kept.get(name)
            return kept[int(index)] if index and kept else kept
        if isinstance(value, str) and value.startswith("@"):
            return self.stage.admin.ref(value[1:])
        return value
