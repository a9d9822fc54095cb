# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""OCA's ``auditlog``, to be compared with: an addon that others use for the like.

It comes from the package index into a folder of its own, so that no other server finds it.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

from .config import write_config
from .console import run
from .home import HOME, folder
from .lock import exclusive
from .source import SERIES, Odoo
from .templates import LAUNCHER

PACKAGE = f"odoo-addon-auditlog=={SERIES}.*"
TARGET = HOME / "auditlog"


def addons(odoo: Odoo) -> dict:
    """Return lines of a configuration with which an Odoo finds it.

    :raise LabError: it cannot be had
    """
    with exclusive(HOME / "auditlog.lock"):
        if not TARGET.exists():
            _fetch()
    paths = [*odoo.addons_path, TARGET / "odoo" / "addons"]
    return {"addons_path": ",".join(map(str, paths))}


def release() -> str:
    """Return the version of what ``addons`` has put there."""
    return next(distributions(path=[str(TARGET)])).version


@contextmanager
def installed(lab) -> Iterator[str]:
    """A database like all others, but with it in place of our addon.

    :param lab: an opened ``Lab``
    :return: its name
    :raise LabError: it cannot be had, or does not install
    """
    with lab.database(lab.templates.plain()) as database:
        data = folder("run", f"auditlog-{database}")
        config = write_config(lab.odoo, data, **addons(lab.odoo))
        options = ["--no-http", "--max-cron-threads=0", "--stop-after-init"]
        command = [sys.executable, LAUNCHER, "server", f"--config={config}", *options]
        command += [f"--database={database}", "--init=auditlog", "--with-demo"]
        run("Installing auditlog", command, data / "odoo.log")
        yield database


def _fetch() -> None:
    unfinished = Path(f"{TARGET}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    # Its requirement is Odoo itself, which no package index has.
    options = ["--disable-pip-version-check", "--no-deps", "--target", unfinished]
    run(
        f"Fetching {PACKAGE}",
        [sys.executable, "-m", "pip", "install", *options, PACKAGE],
        folder("log") / "auditlog.log",
        fix="See that pip can reach a package index, and run again.",
    )
    unfinished.rename(TARGET)
