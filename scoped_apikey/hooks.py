# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from . import leaving
from .limits import postgres_counter

_logger = logging.getLogger(__name__)


def post_init_hook(env):
    """Recognise the keys of an earlier installation, whose scopes are gone."""
    if count := _count_scoped(env):
        _logger.warning("%s keys were scoped once; their scopes are gone.", count)


def uninstall_hook(env):
    """Leave unscoped keys as they were, and scoped ones opening nothing.

    A scoped key's stock scope is refused by every door of stock Odoo. The logs stay in the
    database, unless an administrator chose otherwise: evidence is not an addon's to delete.
    """
    _logger.warning("%s scoped keys open nothing from now on.", _count_scoped(env))
    postgres_counter.drop(env.cr)
    leaving.carry_out(env, *leaving.take_choice(env))


def _count_scoped(env) -> int:
    """Count the keys whose stock scope says that they are scoped, in SQL: at either hook
    the fields of the addon may be missing.
    """
    env.cr.execute(
        "SELECT count(*) FROM res_users_apikeys WHERE scope = 'scoped_apikey'"
    )
    [count] = env.cr.fetchone()
    return count
