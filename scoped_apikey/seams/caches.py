# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""No cache keeps an answer that was narrowed for one call.

Odoo caches by user what the ORM answered that user: tracked fields, menus, subtypes, record
rules. So what a cache is filled with is asked for without any wall, and without the domains
of any rule: the next caller may be somebody with another key, or a browser.

Relies on: ``odoo.tools.cache.ormcache.lookup``, a method that every cached method of every
model goes through, looked up at every call, which calls the method when it has no answer.
"""

from functools import wraps

from odoo.tools.cache import ormcache

from ..rooms.wall import lowered


def install():
    ormcache.lookup = _lookup(ormcache.lookup)


def _lookup(original):
    @wraps(original)
    def lookup(self, *args, **kwargs):
        return lowered(original, self, *args, **kwargs)

    return lookup
