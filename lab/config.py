# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's configuration file."""

from pathlib import Path

from .databases import FILESTORES
from .home import ADDON, folder
from .source import Odoo

SERVER_WIDE = f"base,rpc,web,{ADDON}"
# Each call over RPC warns that RPC is deprecated.
QUIET = ":INFO,odoo.addons.rpc.controllers:ERROR"


def write_config(odoo: Odoo, data: Path, **options) -> Path:
    """Write one in ``data``, which becomes Odoo's data folder, filestores excepted.

    :param options: more lines
    :return: its path
    """
    filestores = data / "filestore"
    if not filestores.is_symlink():
        filestores.symlink_to(folder(FILESTORES.name))
    options = {
        "addons_path": ",".join(map(str, odoo.addons_path)),
        "data_dir": data,
        "http_interface": "127.0.0.1",
        "log_handler": QUIET,
        **options,
    }
    lines = [f"{name} = {value}" for name, value in options.items()]
    path = data / "odoo.conf"
    path.write_text("\n".join(["[options]", *lines, ""]))
    return path
