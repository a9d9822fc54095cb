# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sees to it that what a call leaves behind is done in time, off the path of the call.

A process that has written a row seals it half a minute later, whether or not anybody runs
the scheduled jobs. Where it ends before that, the job does it, or another process.
"""

import logging
import threading

_logger = logging.getLogger(__name__)
_due = set()


def soon(seconds, function, *arguments):
    """Run a function once, in a thread of its own, however often that is asked for.

    :param seconds: from the first time that it is asked for
    """
    task = (function, *arguments)
    if task in _due:
        return
    _due.add(task)
    timer = threading.Timer(seconds, _run, [task])
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:
        _due.discard(task)  # this process ends


def _run(task):
    _due.discard(task)
    function, *arguments = task
    try:
        function(*arguments)
    except Exception:
        _logger.exception("What a call left behind could not be done.")
