# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The commands that run inside the virtual environment."""

import pytest

from . import demo as show
from .config import SERVER_WIDE, write_config
from .console import say, step
from .home import folder
from .lab import opened


def demo(once: bool, port: int) -> int:
    """Show the addon on a server of its own, and serve it, unless ``once``.

    :param port: where to listen; 0: any that is free
    :return: an exit status
    :raise LabError: the set-up cannot go on
    """
    with opened() as lab, lab.database() as database:
        server = lab.server(database, port=port, cron_threads=1)
        with step("Starting Odoo"):
            server.start()
        try:
            went_well = show.run(server, database)
            if once:
                return 0 if went_well else 1
            say(
                f"\n{server.url} is ready, log in as admin with the password admin. Ctrl-C stops it."
            )
            return server.wait()
        except KeyboardInterrupt:
            say("")
            return 0
        finally:
            server.stop()


def test(arguments: list) -> int:
    """Run pytest, once for all tests, so that its closing line counts them all.

    Odoo's own test classes run in this process, on a copy of the template with the addon.

    :param arguments: for pytest
    :return: pytest's exit status
    :raise LabError: the set-up cannot go on
    """
    with opened() as lab, lab.database() as database:
        config = write_config(
            lab.odoo,
            folder("run", f"test-{database}"),
            db_name=database,
            server_wide_modules=SERVER_WIDE,
            max_cron_threads=0,
        )
        return pytest.main([f"--odoo-config={config}", "--odoo-http", *arguments])
