# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A worker whose calls hold slots: ``holders.py DATABASE``.

Reads, line by line, ``take KEY LIMIT``, after which it holds a slot more, or ``free``, after
which it holds none. Answers each with how many it holds.
"""

import sys
from contextlib import ExitStack

from lab.plain import load_parts

load_parts("parts")

from parts.limits.slots import slots_of  # noqa: E402


def main(database: str) -> None:
    held, count = ExitStack(), 0
    for line in sys.stdin:
        command, *numbers = line.split()
        if command == "take":
            count += held.enter_context(slots_of(database).held(*map(int, numbers)))
        else:
            held.close()
            count = 0
        print(count, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
