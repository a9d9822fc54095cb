# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which counter a database's permits are counted in: an administrator of the server says.

Relies on: ``odoo.tools.config``, which keeps options that it does not know.
"""

from functools import cache, partial

from odoo.tools import config

from . import postgres_counter
from .leases import Take
from .redis_counter import RedisCounter

REDIS_OPTION = "scoped_apikey_redis"
"""The option of Odoo's configuration that holds the URL of a Redis; none: PostgreSQL."""

IDENTITY = "database.uuid"
"""The system parameter that keeps counts apart from those of other databases."""

_redis = cache(RedisCounter)


def counter_of(env) -> Take:
    """Return what takes permits of an environment's database.

    :raise CounterUnreachable: the option is no URL of a Redis
    """
    dbname = env.cr.dbname
    if url := config.get(REDIS_OPTION):
        # Another database may have the same name: on another server, or later.
        uuid = env["ir.config_parameter"].sudo().get_param(IDENTITY)
        return partial(_redis(url).take, f"{uuid}:{dbname}")
    return partial(postgres_counter.take, dbname)
