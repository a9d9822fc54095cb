# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Verifies the seals of a call log, by the command that an administrator of the server has."""

import os
import subprocess
import sys

from .config import write_config
from .home import folder
from .source import Odoo
from .templates import LAUNCHER

TIMEOUT = 300  # seconds


def verify(
    odoo: Odoo, database: str, *files, environment: dict | None = None
) -> subprocess.CompletedProcess:
    """Run ``odoo apikey_log verify``.

    :param files: seals that were kept outside the database
    :param environment: variables besides those of this process, as those that libpq reads
    :return: its exit status, and what it printed
    """
    config = write_config(odoo, folder("run", f"verify-{database}"))
    addons = f"--addons-path={','.join(map(str, odoo.addons_path))}"
    command = [sys.executable, LAUNCHER, addons, "apikey_log", f"--config={config}"]
    command += [
        f"--database={database}",
        "verify",
        *(f"--seals={one}" for one in files),
    ]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        env={**os.environ, **(environment or {})},
    )
