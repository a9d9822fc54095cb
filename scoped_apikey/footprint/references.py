# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Fields whose model is data: set only where the model is known, and then checked."""

from ..policy.footprint import READ, WRITE
from .errors import malformed, unsupported


def read_reference(view, operation, field, value, values):
    """Note what setting a reference to a record of any model reaches.

    :param field: a ``reference``, or a ``many2one_reference``, whose model is another field
    :param values: all the values that are set along with it
    :raise Unreadable: which model it is about cannot be known, or there is no such model
    """
    if not value:
        return
    if field.type == "reference":
        model, id_ = _split(field, value)
    else:
        model, id_ = _model_of(view, field, values), value
    if type(id_) is not int or id_ <= 0:
        raise malformed(field.name)
    if model not in view.env:
        raise malformed(field.model_field or field.name)
    # Whoever adds to a document, an attachment for one, changes it.
    links = view.touched.catalogue._document_links()
    needed = WRITE if view.name in links else READ
    target = view.touched.view(model).access(needed, ids=[id_])
    view.touched.reach(view, operation, field.name, target)


def _split(field, value):
    if not isinstance(value, str):
        raise malformed(field.name)
    model, _comma, id_ = value.partition(",")
    return model, int(id_) if id_.isascii() and id_.isdigit() else id_


def _model_of(view, field, values):
    """Return the model that is set along with a many2one_reference.

    An activity takes the model's row instead of its name; both have to agree.
    """
    name, link = view.references.get(field.name, (None, None))
    models = set()
    if isinstance(values.get(name), str):
        models.add(values[name])
    if link and type(values.get(link)) is int:
        models.add(view.env["ir.model"].sudo().browse(values[link]).exists().model)
    if len(models) != 1:
        raise unsupported(f"setting {field.name} without one {name}")
    return models.pop()


def names_a_model(view, field) -> bool:
    """Tell whether a many2one says which model a reference is about."""
    return field.comodel_name == "ir.model" and any(
        link == field.name for _name, link in view.references.values()
    )


def check_models_set(view, values):
    """Refuse to turn a reference to another model, without saying which record is meant.

    :raise Unreadable: the model of a reference is changed, and not the reference
    """
    for reference, (name, link) in view.references.items():
        if reference not in values and not {name, link}.isdisjoint(values):
            raise unsupported(f"setting {name} without {reference}")
