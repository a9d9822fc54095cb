# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``python3 -m fuzz``, inside the virtual environment: see ``--help``."""

import argparse
import logging
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m fuzz")
    parser.add_argument("--config", required=True, help="Odoo's configuration file")
    parser.add_argument("--database", required=True, help="a copy to be changed for good")
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="the first call's index")
    parser.add_argument("--only", type=int, help="make just the call of this index")
    parser.add_argument("--without", default="", help="walls to take away, by comma")
    parser.add_argument("--state", type=Path, help="where to remember how far it came")
    parser.add_argument("--most", type=int, default=40, help="leaks to print")
    options = parser.parse_args()
    from odoo.tools import config

    config.parse_config(["--config", options.config, "--log-level=critical"])
    logging.disable(logging.CRITICAL)  # thousands of refusals and errors are to come
    from .drive import drive

    return drive(options)


sys.exit(main())
