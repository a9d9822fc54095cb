# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Removes all that the lab made. Standard library only, as what it removes may be broken."""

import shutil
import subprocess

from .console import step
from .errors import LabError
from .home import HOME, REPO
from .lock import Shared


def clean() -> int:
    """Remove the lab's home, and before that what it has elsewhere, see ``release``.

    :return: an exit status
    :raise LabError: another run is using it
    """
    if not HOME.exists():
        return 0
    users = Shared(HOME / "postgres.users")
    if not users.is_last():
        raise LabError(f"Another run is using {HOME}: stop it first.")
    with step(f"Removing {HOME}"):
        # Any virtual environment will do, be it of another Python, or out of date.
        for python in HOME.glob("venv-*/bin/python"):
            release = [str(python), "-m", "lab.release"]
            if subprocess.run(release, cwd=REPO).returncode == 0:
                break
        shutil.rmtree(HOME)
    users.release()
    return 0
