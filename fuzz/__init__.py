# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Looks for a way around a scope: random calls, and an oracle that sees what comes of them.

- ``canaries``: a unique token in every text of a copy of a database
- ``changes``: triggers that note each row that changes, and what it was before
- ``scopes``: whose keys call
- ``inside``: what a scope grants, found by plain reading: all else is outside
- ``metadata``: names and ids to make calls of
- ``generate`` and ``nasty``: calls within a scope, and ways to lead them out of it
- ``pieces`` and ``methods``: what those ways are made of, and methods that they call
- ``entrance``: makes a call as a transport would, in this process
- ``sent`` and ``touched``: what the caller sent, and the rows that his call changed
- ``entailed``: what stock Odoo changes by itself when something granted changes
- ``oracle``: judges what came of a call
- ``made_up``: leaks that it must find, and effects that are none
- ``switches``: takes a wall away, to see that what leaks then is found
- ``run``: drives all that, remembers where it is, and counts
"""
