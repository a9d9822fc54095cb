# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``python3 -m lab demo|test|bench|fuzz|crash|clean``, as the Makefile calls it. Standard library only."""

import argparse
import signal
import sys

from . import venv
from .errors import LabError


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m lab", description="A real Odoo 19 to show and to test."
    )
    subparsers = parser.add_subparsers(dest="command", required=True)
    demo = subparsers.add_parser("demo", help="set up, show, and serve until Ctrl-C")
    demo.add_argument("--once", action="store_true", help="do not serve")
    demo.add_argument(
        "--port", type=int, default=0, help="where to serve; a free port unless said"
    )
    subparsers.add_parser(
        "test",
        help="set up, and run every test; what follows is for pytest",
        add_help=False,
    )
    bench = subparsers.add_parser("bench", help="set up, and measure")
    names = ["speed", "rooms", "footprint", "concurrency", "log", "row", "export"]
    names += ["revocation", "limits"]
    bench.add_argument("name", choices=names, help="a module of benchmarks/")
    bench.add_argument(
        "--size", type=int, help="seconds, rows or tries, as the module has it"
    )
    bench.add_argument("--parts", help="names, with commas, where the module has parts")
    fuzz = subparsers.add_parser("fuzz", help="look for a way around a scope")
    fuzz.add_argument("--calls", type=int, default=20_000, help="of each seed")
    fuzz.add_argument("--seed", type=int, default=1, help="of the first job")
    fuzz.add_argument("--jobs", type=int, default=1, help="that run at a time")
    crash = subparsers.add_parser("crash", help="kill, and examine the call log")
    crash.add_argument("--kills", type=int, default=50, help="one after the other")
    crash.add_argument("--seed", type=int, default=1, help="of what, and when")
    subparsers.add_parser("clean", help="remove all that the set-up made")
    for_pytest = sys.argv[2:] if sys.argv[1:2] == ["test"] else []
    options = parser.parse_args(sys.argv[1:2] if for_pytest else None)
    # Ctrl-C ends it, also from a script's background, and so does a plain kill.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        if options.command == "clean":
            from .clean import clean

            return clean()
        venv.enter()
        from . import commands

        if options.command == "demo":
            return commands.demo(options.once, options.port)
        if options.command == "fuzz":
            return commands.fuzz(options.calls, options.seed, options.jobs)
        if options.command == "crash":
            return commands.crash(options.kills, options.seed)
        if options.command == "bench":
            return commands.bench(options.name, options.size, options.parts)
        return commands.test(for_pytest)
    except LabError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


sys.exit(main())
