# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Kills what serves calls, again and again, and looks whether the call log tells the truth.

A call's effects and its row commit together or not at all: so it must be whatever is killed,
and whenever. What an answer has said is there afterwards, too. The system stays up
meanwhile: what a power cut does to a disk, this does not show.

- ``world``: Odoo with two workers, on a PostgreSQL server of its own that loses nothing
- ``clients``: call all the time, and remember what they were answered
- ``kills``: kills a process, and sees to it that all runs again
- ``evidence``: holds the log, the data and the answers against each other
- ``run``: drives all that, round by round, and counts
"""
