# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Kills a process with SIGKILL, and sees to it that all runs again.

Each takes the world and a ``random.Random``, and returns when what it killed is gone and
another stands in its place. Only processes of this world are killed.
"""

import contextlib
import time

import psutil
import psycopg2

from lab.errors import LabError

from .world import WORKERS

BACK_WITHIN = 60  # seconds
LOOK_EVERY = 0.02
BUSY = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend' AND state <> 'idle'
"""


def kill_worker(world, random) -> None:
    """An HTTP worker of Odoo, whose master starts another."""
    victim = random.choice(_workers(world))
    victim.kill()

    def replaced():
        workers = _workers(world)
        return victim not in workers and len(workers) == WORKERS

    until(replaced, "Odoo starts no other worker")


def kill_backend(world, random) -> None:
    """A process of PostgreSQL that is busy with a call: PostgreSQL ends all, and recovers."""
    others = []

    def hit():
        victims = _busy(world)
        if not victims:
            return False
        others[:] = _postgres(world)[1:]
        try:
            random.choice(victims).kill()
        except psutil.NoSuchProcess:  # its call was over, and so was its client
            return False
        return True

    until(hit, "no process of PostgreSQL is busy")
    until(lambda: all(map(_is_gone, others)), "PostgreSQL does not end its processes")
    until(lambda: _accepts(world), "PostgreSQL does not recover")


def kill_postmaster(world, _random) -> None:
    """The first process of PostgreSQL: the others notice, and end by themselves."""
    processes = _postgres(world)
    processes[0].kill()
    _start_again(world, processes)


def kill_postgres(world, _random) -> None:
    """Every process of PostgreSQL at once: what was in memory only is lost."""
    processes = _postgres(world)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _start_again(world, processes)


WORKER = "a worker"
KILLS = {
    WORKER: kill_worker,
    "a backend": kill_backend,
    "the postmaster": kill_postmaster,
    "all of PostgreSQL": kill_postgres,
}


def until(reached, problem: str) -> None:
    """Wait for something. :raise LabError: it does not come in time, and so is a problem"""
    deadline = time.monotonic() + BACK_WITHIN
    while not reached():
        if time.monotonic() > deadline:
            raise LabError(f"For {BACK_WITHIN} s, {problem}.")
        time.sleep(LOOK_EVERY)


def _workers(world) -> list:
    """The processes that serve calls; the evented server is none of them."""
    workers = []
    for child in psutil.Process(world.odoo.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if not _is_gone(child) and "gevent" not in child.cmdline():
                workers.append(child)
    return sorted(workers, key=lambda worker: worker.pid)


def _postgres(world) -> list:
    """The processes of the world's PostgreSQL, the first one first."""
    postmaster = psutil.Process(world.postgres.pid)
    return [postmaster, *postmaster.children()]


def _busy(world) -> list:
    """The processes of PostgreSQL that are at a call, be it between two statements."""
    with world.connect() as cursor:
        cursor.execute(BUSY)
        pids = {pid for (pid,) in cursor.fetchall()}
    return [process for process in _postgres(world) if process.pid in pids]


def _start_again(world, processes: list) -> None:
    until(lambda: all(map(_is_gone, processes)), "PostgreSQL does not go away")
    world.postgres.start_again()


def _is_gone(process) -> bool:
    """A process that nobody has waited for has ended all the same."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _accepts(world) -> bool:
    try:
        with world.connect():
            return True
    except psycopg2.OperationalError:
        return False
