# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo apikey_log``: verifies the logs from the command line, and begins a new chain."""

# Odoo loads this file as a part of its own package, and what a command says is printed.
# pylint: disable=odoo-addons-relative-import,print-used

import argparse
import sys

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config


class ApikeyLog(Command):
    """Verify the call log of scoped_apikey, and hold it against seals kept elsewhere"""

    name = "apikey_log"

    def run(self, cmdargs):
        parser = self.parser
        parser.add_argument("--config", "-c", help="Odoo's configuration file")
        parser.add_argument("--database", "-d", required=True)
        subcommands = parser.add_subparsers(dest="subcommand", required=True)
        verify = subcommands.add_parser(
            "verify", help="find the first row that was altered, inserted or is missing"
        )
        verify.add_argument(
            "--seals",
            action="append",
            default=[],
            type=argparse.FileType(encoding="utf-8"),
            help="a file of seals that was kept outside the database; may be repeated",
        )
        restart = subcommands.add_parser(
            "restart",
            help="begin a new chain, as after restoring a backup in its place",
        )
        restart.add_argument("--reason", required=True, help="goes into the seal")
        options = parser.parse_args(cmdargs)
        arguments = [f"--database={options.database}"]
        if options.config:
            arguments.append(f"--config={options.config}")
        config.parse_config([*arguments, "--no-http"], setup_logging=True)
        registry = Registry(options.database)
        if "apikey.seal" not in registry:
            sys.exit(f"scoped_apikey is not installed in {options.database}.")
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if options.subcommand == "verify":
                sys.exit(_verify(env, options.seals))
            sys.exit(_restart(env, options.reason))


def _verify(env, files):
    """:return: an exit status: 0 when all is as it was sealed"""
    from odoo.addons.scoped_apikey import sealing  # loaded with the registry

    verifications = env["apikey.verification"]
    report = sealing.verify(env.cr.dbname, [line for file in files for line in file])
    for finding in report.findings:
        print(verifications._in_words(finding))
    if report.problems > len(report.findings):
        print(f"... and {report.problems - len(report.findings):,} more.")
    for fact in verifications._facts(report):
        print(fact)
    print("ALTERED" if report.problems else "Unaltered")
    return 1 if report.problems else 0


def _restart(env, reason):
    from odoo.addons.scoped_apikey import sealing

    seals = sealing.seal(env.cr.dbname, reason)
    if not seals:
        print("Calls are being recorded just now: try again.")
        return 1
    print(env["apikey.verification"]._origin_in_words(seals[0]))
    return 0
