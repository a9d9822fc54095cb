# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where things are."""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
ADDON = "scoped_apikey"
HOME = Path(os.environ.get("SCOPED_APIKEY_LAB") or REPO / ".lab").resolve()


def folder(*names: str) -> Path:
    """The folder of that name below the lab's home, made if need be."""
    path = HOME.joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path
