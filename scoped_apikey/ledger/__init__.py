# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The logs as the database has them: partitions, triggers that refuse changes, and seals.

Plain Python and SQL that knows no Odoo, but for ``connections``, which borrows Odoo's pool:

- ``periods``      the weeks that a log is cut into
- ``tables``       makes the tables, and drops a week of one
- ``connections``  a small pool for what is written apart from a call
- ``snapshots``    which transactions a snapshot of PostgreSQL has seen
- ``chain``        what a seal is, and how it is told that one was altered
- ``sealer``       seals what was written since the last time
- ``verifier``     finds the first row, or seal, that is not as it was sealed
- ``timers``       sees to it that all this happens in time, off the path of a call
"""
