# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is killed: Odoo with two workers, on a PostgreSQL server of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.cases import Case, Rule
from lab.durable import durable_copy
from lab.embedded import Embedded
from lab.home import REPO
from lab.postgres import connect
from lab.seals import verify
from lab.server import OdooServer
from lab.source import Odoo
from lab.stage import Stage

from .clients import Client

WORKERS = 2
CLIENTS = 8
# An addon for tests: it has a method that commits half-way.
PROBE = "scoped_apikey_probe"
PROBES = REPO / "tests" / "addons"
RULES = (
    Rule("res.partner", "rcw"),
    Rule("probe.note", methods="commit_half_way"),
)


@dataclass(frozen=True)
class World:
    """What is there to be killed, and who calls it."""

    postgres: Embedded
    odoo: OdooServer
    database: str
    clients: list
    source: Odoo

    def connect(self):
        """A cursor behind Odoo's back, in autocommit; a context manager."""
        return connect(self.database, **self.postgres.address)

    def verify(self):
        """Verify the seals of the log. :return: the ended process, and what it printed"""
        return verify(self.source, self.database, environment=self.postgres.variables)


@contextmanager
def opened(lab, seed: int) -> Iterator[World]:
    """Set it up, with clients that have a key each.

    :param lab: an opened ``Lab``
    :param seed: of what the clients call
    :raise LabError: the set-up cannot go on
    """
    addons = ",".join(map(str, [*lab.odoo.addons_path, PROBES]))
    with lab.database() as database, durable_copy(database) as postgres:
        odoo = lab.server(
            database,
            workers=WORKERS,
            arguments=(f"--addons-path={addons}", f"--init={PROBE}"),
            environment=postgres.variables,
        )
        with odoo:
            clients = _clients(Stage(odoo, database), seed)
            yield World(postgres, odoo, database, clients, lab.odoo)


def _clients(stage: Stage, seed: int) -> list:
    scope = stage.make_scope(Case(0, "Crash", RULES, ()))
    clients = []
    for number in range(CLIENTS):
        secret = stage.issue_key(f"Crash {number}", scope)
        doors = [
            stage.client_with(door, secret) for door in ("json2", "xmlrpc", "jsonrpc")
        ]
        clients.append(Client(number, seed, doors))
    return clients
