# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How many calls a scope's keys may make: in a minute, in a day, and at a time.

- ``limit``             a limit, and the window of time that a call is counted in
- ``counter``           what a counter of permits answers, which all workers share
- ``postgres_counter``  counts them in the database
- ``redis_counter``     counts them in Redis
- ``counters``          which of the two it is, for a database
- ``leases``            permits that a worker has taken ahead, and spends from memory
- ``slots``             how many calls of a key run at a time

All but ``counters`` knows no models.
"""
