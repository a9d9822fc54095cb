# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paths through related records, and the names that records are found by."""

from .model_view import ModelView


def follow_path(view, links) -> ModelView:
    """Note that each of some links is read, and return the view of the model behind them.

    :param links: names of relational fields, each of the model that the one before leads to
    :raise Unreadable: one of them is none
    """
    for link in links:
        target = view.follow(link)
        view.read([link])
        view = target
        view.read()
    return view


def search_path(view, links) -> ModelView:
    """Do the same where records are searched, not read: some links pass record rules."""
    for link in links:
        target = follow_path(view, [link])
        target.read(unfiltered=view.field(link).bypass_search_access)
        view = target
    return view


def read_names_searched(view):
    """Note what searching records by a text reads: all that their name is searched in.

    Odoo searches the fields of ``_rec_names_search``, and related records by their own
    names.
    """
    view.read(["display_name"])
    for path in view.model._rec_names_search or [view.model._rec_name]:
        if not path:
            continue
        *links, name = path.split(".")
        last = search_path(view, links)
        last.read([name])
        if last.field(name).relational:
            related = last.follow(name)
            if related is not view:
                read_names_searched(related)
