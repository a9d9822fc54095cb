# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The fuzz (see ``fuzz/``): nothing leaks, and what would leak is found."""

import json
from collections import defaultdict

import pytest

CALLS, JOBS = 20_000, 2
OVER_THE_WIRE = 800
WITHOUT_WALLS = 4_500

# What stock Odoo lets a caller reach beyond the method it names, by the way it is reached,
# and by which of its variants where one stands for nothing but itself.
SEEN = {
    "a path in a domain",
    "any in a domain",
    "a text on a many2one",
    "a hierarchy operator",
    "a search by display name",
    "an ungranted field in a domain",
    "sorting by a many2one",
    "sorting by an ungranted field",
    "sorting groups: formatted_read_group",
    "sorting groups: read_group",
    "an ungranted field read",
    "a secret read",
    "a nested specification",
    "a reference in a specification",
    "an export path",
    "a path to group by",
    "an ungranted field to group by",
    "an aggregate",
    "having",
    "a web_save that goes on",
    "names that tell more",
    "another model: preferred",
    "a store of secrets",
    "a method for the web client: copy_data",
    "a method for the web client: formatted_read_grouping_sets",
    "a method for the web client: get_field_translations",
    "a method for the web client: onchange",
    "a method for the web client: web_name_search",
    "a method for the web client: web_read_group",
    "a business method: get_display_names_for_spreadsheet",
    "a business method: get_mention_suggestions",
    "a business method: get_param",
}
CHANGED = {
    "commands: create",
    "commands: delete",
    "commands: link",
    "commands: set",
    "commands: unlink",
    "commands: update",
    "an ungranted field written",
    "a related field written",
    "a hidden record set",
    "a reference or properties written",
    "a document of another: create mail.activity",
    "a document of another: write mail.activity",
    "another model: without tables",
    "a row outside",
    "an import path",
    "an import by id",
    "a default in the context",
    "a method for the web client: update_field_translations",
    "a method for the web client: web_resequence",
    "a method for the web client: web_save_multi",
    "a business method: message_notify",
    "a business method: message_post",
    "a business method: message_post_with_source",
    "a business method: message_process",
    "a business method: message_subscribe",
    "a business method: send_mail",
    "a business method: set",
    "a business method: set_param",
}


@pytest.fixture
def fuzz(lab, tmp_path):
    """``fuzz(database, calls, seed, *arguments)`` starts it; its report is ``report()``."""
    from lab.commands import start_fuzz

    class Started:
        def __init__(self, database, calls, seed, *arguments):
            self._output = tmp_path / f"{database}.txt"
            self._report = tmp_path / f"{database}.json"
            with self._output.open("w") as output:
                self._process = start_fuzz(
                    lab,
                    database,
                    calls,
                    seed,
                    f"--report={self._report}",
                    *arguments,
                    stdout=output,
                    stderr=output,
                )

        def report(self):
            """Wait for the end. :return: the report, and what was printed"""
            self._process.wait()
            printed = self._output.read_text()
            assert self._report.exists(), printed
            return json.loads(self._report.read_text()), printed

    return Started


def test_nothing_leaks(lab, fuzz):
    with lab.database() as one, lab.database() as two:
        jobs = [
            fuzz(database, CALLS // JOBS, seed)
            for seed, database in enumerate((one, two))
        ]
        reports = [job.report() for job in jobs]
    for report, printed in reports:
        assert not report["findings"], printed
        assert report["calls"] == CALLS // JOBS
        assert report["allowed"] > 0.25, printed


def test_nothing_leaks_over_the_wire(lab, server, database, fuzz):
    url = server(database).url
    report, printed = fuzz(database, OVER_THE_WIRE, 3, f"--url={url}").report()
    assert not report["findings"], printed
    assert report["allowed"] > 0.25, printed


def test_every_kind_of_leak_is_found(database, fuzz):
    """With the walls away; else what finds nothing might look at nothing."""
    walls = "--without=decision,second_wall"
    report, printed = fuzz(database, WITHOUT_WALLS, 4, walls, "--most=0").report()
    ways = _with_wholes(report["ways"])
    assert set(ways) >= SEEN, printed
    assert {name for name in ways if "changed" in ways[name]} >= CHANGED, printed


def test_the_oracle_knows_a_leak(database, fuzz):
    """Leaks that are made up are found, one by one, and what stock Odoo does is none."""
    report, printed = fuzz(database, 0, 0, "--made-up").report()
    assert report["made_up"] > 30
    assert not report["wrong"], printed


def _with_wholes(ways):
    """Return the kinds of what was found by each way, and by each variant of one."""
    found = defaultdict(set)
    for name, way in ways.items():
        found[name] |= set(way["kinds"])
        found[name.partition(":")[0]] |= set(way["kinds"])
    return found
