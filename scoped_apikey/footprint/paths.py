# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paths through related records, and the names that records are found by."""

from ..policy.footprint import READ
from .model_view import TO_MANY, ModelView


def follow_path(view, links) -> ModelView:
    """Note that each of some links is read, and return the view of the model behind them.

    :param links: names of relational fields, each of the model that the one before leads to
    :raise Unreadable: one of them is none
    """
    for link in links:
        target = view.follow(link)
        view.reads([link])
        view = target
        view.reads()
    return view


def search_path(view, links) -> ModelView:
    """Do the same where records are searched, not read: some links pass record rules."""
    for link in links:
        target = follow_path(view, [link])
        target.reads(unfiltered=_passes_record_rules(view.field(link)))
        view = target
    return view


def _passes_record_rules(field) -> bool:
    """Tell whether Odoo searches behind a relational field as superuser, or may do so.

    Nobody knows how a search method of its own goes about it.
    """
    own_search = field.search and not field.store and not field.related
    return bool(field.bypass_search_access or own_search)


def read_listed_names(view, name):
    """Note that the records of a one2many or many2many are listed by their names.

    Names of related records are shown; those of protected models are data: what an activity
    is about.
    """
    view.reads([name])
    if view.field(name).type in TO_MANY and view.follow(name).resource.protected:
        view.follow(name).reads(["display_name"])


def read_names_searched(view):
    """Note what searching records by a text reads: all that their name is searched in.

    Odoo searches the fields of ``_rec_names_search``, and related records by their own
    names. A model may do so in its own way: unless that is known, it reads every field.
    """
    view.reads(["display_name"])
    for path in view.model._rec_names_search or [view.model._rec_name]:
        if path:
            _read_searched(view, path)
    base = view.env.registry["base"]
    if type(view.model)._search_display_name is base._search_display_name:
        return
    known = view.touched.catalogue._names_searched()
    if view.name not in known:
        view.touch(READ, set(view.model._fields) - view.by_name(READ))
    for path in known.get(view.name, ()):
        _read_searched(view, path)


def _read_searched(view, path):
    *links, name = path.split(".")
    last = search_path(view, links)
    last.reads([name])
    if last.field(name).relational:
        related = last.follow(name)
        if related is not view:
            read_names_searched(related)
