# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's own code runs, and its row goes into the same transaction."""

from .decide import check_effects
from .limits import slot
from .record import record, recorded_before_commits


def serve(env, call, run):
    """Run a call that was let in, and record it as its last statement.

    :param env: the environment whose cursor the call's effects go through
    :param Call call: the call, identified and granted
    :param run: takes nothing, returns the answer
    :return: the answer
    :raise AccessError: as many calls of its key as may are running
    """
    call.running = True
    try:
        with slot(env, call), recorded_before_commits(env, call):
            call.ran = True
            result = run()
            env.cr.flush()
            call.note_result(result)
            check_effects(env, call)
            record(env, call)
        return result
    finally:
        call.running = False
