# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``python3 -m fuzz``, inside the virtual environment: see ``--help``."""

import sys

from .command import main

sys.exit(main())
