# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The databases that all others are copied from.

*Plain* has demo data and all but the addon; *full* is a copy of it with the addon. Each is
made once. Its name says what it was made from: when that changes, so does the name, and
another one is made.
"""

import hashlib
import os
import re
import sys
from pathlib import Path

from . import databases
from .config import write_config
from .console import run, say, step
from .errors import LabError
from .home import ADDON, HOME, REPO, folder
from .lock import exclusive
from .postgres import connect
from .source import Odoo
from .venv import REQUIREMENTS

MODULES = ["base", "web", "rpc", "mail", "crm", "sale_management", "project"]
RECIPE = "1"  # to be raised when they are to be made in another way
# Folders of the addon that no database depends on, caches among them.
IGNORED = re.compile(r"tests|readme|__pycache__|\..*").fullmatch
# The first page of each copy would make these bundles, if they were not there.
PREGENERATE = "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()"
LAUNCHER = Path(__file__).parent / "bin" / "odoo"
LOG = HOME / "log" / "templates.log"
LOCK = HOME / "templates.lock"


class Templates:
    """Makes them, where they are missing, with that Odoo.

    Its methods raise ``LabError`` when a module does not install.
    """

    def __init__(self, odoo: Odoo):
        self._odoo = odoo

    def plain(self) -> str:
        """The name of the one without the addon."""
        with exclusive(LOCK):
            return self._plain()

    def full(self) -> str:
        """The name of the one with the addon."""
        with exclusive(LOCK):
            plain = self._plain()
            name = databases.template_name(
                "full", _digest(plain, *_contents(REPO / ADDON))
            )
            if not databases.exists(name):
                self._make_full(name, plain)
            return name

    def _plain(self) -> str:
        # The server too: filestores of two servers are not to be mixed up.
        server = [os.environ.get(name, "") for name in ("PGHOST", "PGPORT")]
        odoo = [self._odoo.fingerprint, REQUIREMENTS.read_text(), *MODULES]
        origin = [RECIPE, *server, *odoo]
        name = databases.template_name("plain", _digest(*origin))
        if not databases.exists(name):
            self._make_plain(name)
        return name

    def _make_plain(self, name: str) -> None:
        say("A database with demo data, made once and kept:")
        unfinished = databases.unfinished_name("plain")
        databases.drop(unfinished)
        self._install(unfinished, MODULES)
        databases.freeze(unfinished, name)

    def _make_full(self, name: str, plain: str) -> None:
        unfinished = databases.unfinished_name("full")
        databases.drop(unfinished)
        with step(f"Copying it for {ADDON}"):
            databases.copy(plain, unfinished)
        self._install(unfinished, [ADDON])
        databases.freeze(unfinished, name)

    def _install(self, database: str, modules: list) -> None:
        wanted = ",".join(modules)
        self._run(
            f"Installing {wanted}",
            [
                "server",
                f"--database={database}",
                f"--init={wanted}",
                "--with-demo",
                "--stop-after-init",
            ],
        )
        # Odoo ends well even when it could not.
        with connect(database) as cursor:
            cursor.execute(
                "SELECT name FROM ir_module_module WHERE state = 'installed'"
            )
            missing = set(modules) - {name for (name,) in cursor.fetchall()}
        if missing:
            raise LabError(
                f"Odoo did not install {', '.join(sorted(missing))}, {LOG} says why."
            )
        script = folder("templates") / "pregenerate.py"
        script.write_text(PREGENERATE)
        with script.open() as stdin:
            self._run(
                "Bundling the web client",
                ["shell", f"--database={database}"],
                stdin=stdin,
            )

    def _run(self, what: str, arguments: list, **options) -> None:
        subcommand, *rest = arguments
        config = write_config(self._odoo, folder("templates"))
        command = [
            sys.executable,
            LAUNCHER,
            subcommand,
            f"--config={config}",
            "--no-http",
            "--max-cron-threads=0",
        ]
        run(what, [*command, *rest], LOG, **options)


def _contents(root: Path) -> list:
    """A line for each file that a database may depend on: its name, and a digest."""
    return [
        f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(root.rglob("*"))
        if path.is_file() and not any(map(IGNORED, path.relative_to(root).parts))
    ]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
