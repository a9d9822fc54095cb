# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Removes all that the lab made. Standard library only, as what it removes may be broken."""

import shutil
import subprocess

from . import venv
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
        if venv.is_complete():
            subprocess.run([venv.PYTHON, "-m", "lab.release"], cwd=REPO, check=False)
        shutil.rmtree(HOME)
    users.release()
    return 0
