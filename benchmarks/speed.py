# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What does the addon cost a call, all in all?

``make bench-speed`` lets clients call an Odoo as it is, one with the addon and one with
OCA's ``auditlog`` in turn: on copies of the same data, on one PostgreSQL server that waits
for the disk. Its parts, of which ``PARTS=single,crowd`` chooses some:

- ``single``: one client; how long a call takes
- ``crowd``: 16 clients, and two workers; how many calls a second are served
- ``scale``: whether the addon takes longer, or more memory, with very many keys and scopes
"""

import platform
from importlib.metadata import version

from lab.console import say
from lab.embedded import PACKAGE
from lab.errors import LabError

from . import crowd, scale, single
from .footprint import processor
from .log import flush

SIZE = 300
"""Calls of each kind."""
PARTS = {"single": single.measure, "crowd": crowd.measure, "scale": scale.measure}
# What a figure has to be, by its part, door and kind of call. Ratios to stock; for the
# scale to a small database.
AT_MOST = {
    ("single", "json2", "search_read"): 0.70,
    ("single", "json2", "write"): 0.80,
    ("single", "jsonrpc", "search_read"): 1.05,
    ("single", "xmlrpc", "search_read"): 1.05,
    ("single", "jsonrpc", "write"): 1.03,
    ("single", "xmlrpc", "write"): 1.03,
    **{("scale", *call): 1.05 for call in scale.CALLS},
    ("scale", "memory, MB"): 20.0,
}
AT_LEAST = {
    ("crowd", "json2", "search_read"): 1.5,
    ("crowd", "json2", "write"): 1.2,
    ("crowd", "jsonrpc", "search_read"): 0.95,
    ("crowd", "xmlrpc", "search_read"): 0.95,
    ("crowd", "jsonrpc", "write"): 0.97,
    ("crowd", "xmlrpc", "write"): 0.97,
}


def run(lab, size: int, parts=tuple(PARTS)) -> bool:
    """Measure, and print tables.

    :param lab: an opened ``Lab``
    :param size: calls of each kind by one client; the other parts take as much longer
    :param parts: those of ``PARTS`` to measure
    :return: whether all targets are met
    :raise LabError: the set-up cannot go on, or there is no such part
    """
    if unknown := set(parts) - set(PARTS):
        raise LabError(f"No part is called {', '.join(unknown)}: {', '.join(PARTS)}.")
    server = version(PACKAGE.replace("_", "-"))
    say(f"\nPython {platform.python_version()}, {processor()}, PostgreSQL {server}")
    say(f"A flush of the disk: {flush():.2f} ms (median)")
    figures = {}
    for part in parts:
        figures |= PARTS[part](lab, size)
    return _judge(figures)


def _judge(figures) -> bool:
    """Print each figure that has a target beside it. :return: whether all are met"""
    say("\n| target | measured | asked | |")
    say("| --- | ---: | ---: | --- |")
    good = True
    for name, figure in figures.items():
        if name in AT_MOST:
            met, asked = figure <= AT_MOST[name], f"at most {AT_MOST[name]:.2f}"
        elif name in AT_LEAST:
            met, asked = figure >= AT_LEAST[name], f"at least {AT_LEAST[name]:.2f}"
        else:
            continue
        good &= met
        say(f"| {' '.join(name)} | {figure:.2f} | {asked} | {'yes' if met else 'NO'} |")
    say("\nAs it should be." if good else "\nNOT AS IT SHOULD BE.")
    return good
