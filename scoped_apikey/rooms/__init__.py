# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The four rooms a call walks through, once, in one direction.

identify -> decide -> run -> record. The seams lead a call in; nobody needs to read a
second room to change the first.
"""
