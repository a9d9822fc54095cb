# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Prefork workers, as far as a counter is concerned: ``spenders.py URL SPACE WORKERS``.

The parent takes one permit, so that there is a connection to inherit, then forks workers
that take the same window and one of their own, in turn, until the shared one is spent.
Prints how many permits of the shared window each process was granted, a line each; the
parent first. A worker that was given another's answer ends with an error.
"""

import multiprocessing
import sys
from datetime import datetime

from lab.plain import load

load("limits")

from limits.redis_counter import RedisCounter  # noqa: E402

LIMIT = 1000
NEVER_SPENT = 10**9
WINDOW = datetime(2026, 1, 1), 60


def main(url: str, space: str, workers: int) -> None:
    counter = RedisCounter(url)
    print(counter.take(space, "shared", *WINDOW, LIMIT, 1).granted)
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(workers)

    def spend(number: int, answers) -> None:
        granted = own = 0
        barrier.wait()
        while taken := counter.take(space, "shared", *WINDOW, LIMIT, 3).granted:
            granted += taken
            own += number
            answer = counter.take(space, f"{number}", *WINDOW, NEVER_SPENT, number)
            assert answer == (number, own), (answer, number, own)
        answers.put(granted)

    answers = fork.SimpleQueue()
    processes = [
        fork.Process(target=spend, args=(number, answers))
        for number in range(4, 4 + workers)
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
