# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A real Odoo 19 on this machine: what ``make demo`` and ``make test`` stand on.

One file for each thing it needs, each usable by itself:

- ``venv``       the virtual environment (standard library only, as is ``__main__``)
- ``source``     where Odoo comes from; ``debian`` and ``apt`` unpack Debian's package
- ``postgres``   the PostgreSQL server; ``embedded`` one of our own, ``durable`` one to be killed
- ``databases``  template databases, and copies of them
- ``server``     a running Odoo
- ``clients``    what calls it: XML-RPC, JSON-RPC, JSON-2

Everything it makes is below one folder, ``home.HOME``, and ``make clean`` removes it.
"""
