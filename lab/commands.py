# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The commands that run inside the virtual environment."""

import importlib
import subprocess
import sys
from contextlib import ExitStack

import pytest

from . import demo as show
from .config import SERVER_WIDE, write_config
from .console import say, step
from .home import REPO, folder
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


def fuzz(calls: int, seed: int, jobs: int) -> int:
    """Look for a way around a scope, and go on where an earlier run of the seed stopped.

    :param calls: how many of each seed
    :param seed: the first one; each job has its own
    :param jobs: how many run at a time
    :return: an exit status: 0 when nothing was found
    :raise LabError: the set-up cannot go on
    """
    with opened() as lab, ExitStack() as stack:
        processes = []
        for number in range(seed, seed + jobs):
            database = stack.enter_context(lab.database())
            state = folder("fuzz") / f"seed-{number}.json"
            processes.append(
                start_fuzz(lab, database, calls, number, f"--state={state}")
            )
        return max(process.wait() for process in processes)


def start_fuzz(lab, database: str, calls: int, seed: int, *arguments, **options):
    """Start the fuzz on a database that may be changed for good.

    :param arguments: more of its command line
    :param options: of ``subprocess.Popen``
    :return: the process
    """
    config = _config(lab, database, f"fuzz-{database}")
    command = [sys.executable, "-m", "fuzz", f"--config={config}"]
    command += [f"--database={database}", f"--calls={calls}", f"--seed={seed}"]
    return subprocess.Popen([*command, *arguments], cwd=REPO, **options)


def crash(kills: int, seed: int) -> int:
    """Kill what serves calls, again and again, and look whether the log tells the truth.

    :param kills: how many times
    :param seed: of what is killed, and when
    :return: an exit status: 0 when it does
    :raise LabError: the set-up cannot go on, or what was killed does not come back
    """
    with opened() as lab:
        report = importlib.import_module("crash.run").run(lab, kills, seed)
    return 1 if report.exceptions else 0


def test(arguments: list) -> int:
    """Run pytest, once for all tests, so that its closing line counts them all.

    Odoo's own test classes run in this process, on a copy of the template with the addon.

    :param arguments: for pytest
    :return: pytest's exit status
    :raise LabError: the set-up cannot go on
    """
    with opened() as lab, lab.database() as database:
        config = _config(lab, database, f"test-{database}")
        return pytest.main([f"--odoo-config={config}", "--odoo-http", *arguments])


def bench(name: str, size: int | None = None, parts: str | None = None) -> int:
    """Run a benchmark.

    :param name: of a module of ``benchmarks/``, whose ``run`` takes the lab and the size
    :param size: rows or seconds, as the module has it; none: its ``SIZE``
    :param parts: the names of those to run, with commas, of a module that has ``PARTS``;
        none: all
    :return: an exit status: 0 when all is as it should be
    :raise LabError: the set-up cannot go on
    """
    module = importlib.import_module(f"benchmarks.{name}")
    chosen = {"parts": parts.split(",")} if parts else {}
    with opened() as lab:
        return 0 if module.run(lab, size or module.SIZE, **chosen) else 1


def _config(lab, database: str, run: str, **options):
    """Write the configuration of an Odoo that runs in this process. :return: its path"""
    return write_config(
        lab.odoo,
        folder("run", run),
        db_name=database,
        server_wide_modules=SERVER_WIDE,
        max_cron_threads=0,
        **options,
    )
