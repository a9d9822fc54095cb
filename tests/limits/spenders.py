# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Prefork workers, as far as a counter is concerned: ``spenders.py URL SPACE WORKERS``.

The parent takes a permit, so that there is a connection to inherit, then forks workers that
together spend window after window, and in turn each one of its own. Prints how many permits
each was granted of the windows they share. One that is given another's answer fails.

Without a URL, permits are counted in the database whose name the space is; a parent of
workers has no connection to it then, as Odoo's has none.
"""

import multiprocessing
import os
import subprocess
import sys
from datetime import datetime, timedelta
from importlib import import_module

from lab.home import REPO
from lab.plain import load_parts

load_parts("parts")

# Near each other: counts of windows that are long over may be forgotten meanwhile.
WINDOWS = [datetime(2026, 1, 1) + timedelta(seconds=number) for number in range(100)]
LIMIT = 10
NEVER_SPENT = 10**9


def spend(counter, space: str, wanted: int) -> int:
    """Take what is left of each window, one window after the other.

    :param wanted: how much at a time
    :return: how much was granted
    """
    granted = 0
    for started in WINDOWS:
        for _time in range(LIMIT + 1):
            taken = counter.take(space, "shared", started, 60, LIMIT, wanted)
            granted += taken.granted
            if not taken.granted:
                break
    return granted


class Watched:
    """A counter that takes of a window of its own, too, and looks at the answers."""

    def __init__(self, counter, number: int):
        self._counter = counter
        self._number = number
        self._total = 0

    def take(self, space: str, *request):
        self._total += self._number
        window = f"{self._number}", WINDOWS[0], 60, NEVER_SPENT, self._number
        answer = self._counter.take(space, *window)
        assert answer == (self._number, self._total), (answer, self._total)
        return self._counter.take(space, *request)


def granted_to_workers(url: str, space: str, workers: int) -> list:
    """Run this file in a process of its own. :return: what each worker was granted"""
    done = subprocess.run(
        [sys.executable, __file__, url, space, f"{workers}"],
        env={**os.environ, "PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not done.returncode, done.stderr
    return [int(line) for line in done.stdout.split()]


def main(url: str, space: str, workers: int) -> None:
    if url:
        counter = import_module("parts.limits.redis_counter").RedisCounter(url)
        counter.take(space, "parent", WINDOWS[0], 60, 1, 1)
    else:
        counter = import_module("parts.limits.postgres_counter")
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(workers)
    answers = fork.SimpleQueue()

    def work(number: int) -> None:
        barrier.wait()
        answers.put(spend(Watched(counter, number), space, 3))

    processes = [
        fork.Process(target=work, args=(number,)) for number in range(4, 4 + workers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            sys.exit(process.exitcode)
        print(answers.get())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
