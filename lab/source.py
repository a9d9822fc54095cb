# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where Odoo comes from."""

import importlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .console import run, say
from .errors import LabError
from .home import HOME, REPO, folder
from .lock import exclusive
from .venv import BASE_PYTHON, IMPORTABLE

SERIES = "19.0"
REPOSITORY = "https://github.com/odoo/odoo"
CLONE = HOME / "odoo" / "clone"


@dataclass(frozen=True)
class Odoo:
    """An Odoo to run.

    :param root: the folder that holds the package ``odoo``
    """

    root: Path

    @property
    def release(self) -> Path:
        return self.root / "odoo" / "release.py"

    @property
    def version(self) -> str:
        """As ``19.0.0``. :raise LabError: there is no Odoo here"""
        names = {}
        try:
            exec(self.release.read_text(), names)
            return ".".join(str(part) for part in names["version_info"][:3])
        except (OSError, KeyError) as error:
            raise LabError(f"There is no Odoo in {self.root}.") from error

    @property
    def fingerprint(self) -> str:
        """Differs when the sources differ, as far as a glance can tell."""
        git = ["git", "-C", str(self.root), "rev-parse", "HEAD"]
        head = ""
        if (self.root / ".git").exists():
            head = subprocess.run(git, capture_output=True, text=True).stdout
        return f"{self.root} {self.version} {self.release.stat().st_mtime_ns} {head}"

    @property
    def addons_path(self) -> list:
        """The folders with addons, this repository last."""
        folders = [self.root / "odoo" / "addons", self.root / "addons", REPO]
        return [path for path in folders if path.is_dir()]

    def select(self) -> "Odoo":
        """Make this the ``odoo`` that the virtual environment imports.

        By a link, so that what else lies beside the package is not importable too.

        :raise LabError: it is of another series
        """
        if not self.version.startswith(f"{SERIES}."):
            raise LabError(
                f"{self.root} holds Odoo {self.version}, and {SERIES} is needed."
            )
        link = folder(IMPORTABLE.name) / "odoo"
        if not link.exists() or link.resolve() != (self.root / "odoo").resolve():
            fresh = link.with_name(f"odoo.{os.getpid()}")
            fresh.symlink_to(self.root / "odoo")
            fresh.replace(link)
            importlib.invalidate_caches()
        return self


def find() -> Odoo:
    """The Odoo to use: named by ``ODOO_PATH``, importable, Debian's, or cloned.

    :raise LabError: none is to be had, with what was tried
    """
    with exclusive(HOME / "odoo.lock"):
        if named := os.environ.get("ODOO_PATH"):
            try:
                return Odoo(Path(named).resolve()).select()
            except LabError as error:
                raise LabError(
                    f"ODOO_PATH is {named}: {error} It must name the folder that holds the package `odoo`."
                ) from error
        ways = [_importable, _debian, _clone]
        if CLONE.exists():
            ways.remove(_debian)  # it was not to be had
        tried = []
        for way in ways:
            try:
                return way().select()
            except LabError as error:
                tried.append(str(error))
        raise LabError(
            "\n".join([*tried, "No Odoo 19: set ODOO_PATH to a folder that has it."])
        )


def _importable() -> Odoo:
    python = os.environ.get(BASE_PYTHON, sys.executable)
    code = "import odoo.release, pathlib; print(pathlib.Path(odoo.release.__file__).parents[1])"
    answer = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, cwd="/"
    )
    if answer.returncode:
        raise LabError(f"{python} cannot import odoo.")
    return Odoo(Path(answer.stdout.strip()))


def _debian() -> Odoo:
    major = SERIES.partition(".")[0]
    return Odoo(debian.odoo(folder("odoo") / "debian", f"odoo-{major}"))


def _clone() -> Odoo:
    if not CLONE.exists():
        say("Odoo comes from its public repository")
        unfinished = folder("odoo") / "clone.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ["--progress", "--depth=1", f"--branch={SERIES}"]
        run(
            f"Cloning {REPOSITORY}",
            ["git", "clone", *options, REPOSITORY, unfinished],
            folder("log") / "clone.log",
            fix="Check that git is installed and can reach it.",
        )
        unfinished.rename(CLONE)
    return Odoo(CLONE)
