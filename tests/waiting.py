# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Waits for what comes by itself."""

import time

WITHIN = 60  # seconds


def until(reached):
    """Wait for something, and return it."""
    deadline = time.monotonic() + WITHIN
    while not (found := reached()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)
    return found
