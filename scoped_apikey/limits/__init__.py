# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How many calls a scope's keys may make, in a minute and in a day.

- ``counter``        what a counter of permits answers
- ``redis_counter``  counts them in Redis
"""
