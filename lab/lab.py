# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""All of it, put together."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from . import databases, source
from .home import folder
from .postgres import serving
from .server import OdooServer
from .source import Odoo
from .templates import Templates

RUNS_KEPT = 24 * 3600  # seconds that a server's log and data are kept


class Lab:
    """An Odoo, databases to run it on, and servers."""

    def __init__(self, odoo: Odoo):
        self.odoo = odoo
        self.templates = Templates(odoo)

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """The name of a copy of a template, for as long as this lasts.

        :param template: its name; none: the one with the addon
        """
        name = databases.copy(template or self.templates.full())
        try:
            yield name
        finally:
            databases.drop(name)

    def server(self, *names: str, **options) -> OdooServer:
        """An Odoo to start. ``OdooServer`` says which options there are."""
        return OdooServer(self.odoo, *names, **options)


@contextmanager
def opened() -> Iterator[Lab]:
    """The lab, with PostgreSQL running. :raise LabError: the set-up cannot go on"""
    odoo = source.find()
    with serving():
        databases.drop_abandoned()
        _remove_old_runs()
        yield Lab(odoo)


def _remove_old_runs() -> None:
    for run in folder("run").iterdir():
        if time.time() - run.stat().st_mtime > RUNS_KEPT:
            shutil.rmtree(run, ignore_errors=True)
