# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The arguments of one call, as a text of the call log."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from ..catalogue import GENERIC_METHODS
from .names import NAME, Names, is_secret_argument
from .texts import LIMIT, REDACTED
from .values import Shower

NOTHING, SHAPE, FULL = "none", "shape", "full"
LOGGED = (NOTHING, SHAPE, FULL)
MOST_ARGUMENTS = 100
_DOMAINS = ("domain", "having")
_NAMES = (
    "fields", "groupby", "aggregates", "order", "orderby", "allfields", "fields_to_export",
)  # fmt: skip
_RECORDS = ("vals", "vals_list", "default")


@dataclass(frozen=True)
class Sent:
    """What a caller sent.

    :param ids: ``None`` where the method takes no records, or got none
    :param named: each argument in the order sent, by name; ``None`` where it has none
    """

    model: str
    method: str
    ids: object = None
    named: tuple[tuple[str | None, object], ...] = ()
    context: object = field(default_factory=dict)


def show_arguments(sent: Sent, *, full: bool, known: Callable[[str | None], Names]):
    """Write down what a caller sent.

    The secret that the call was made with is not in it: it comes in a header, or before the
    arguments of ``execute_kw``, and neither is a part of ``Sent``. What looks like a key of
    Odoo's is left out all the same, wherever it stands.

    :param full: whether values are kept, without secrets and files; otherwise the shape:
        names, operators, ids, and what the values are
    :param known: returns what is known of a model's names; for ``None``, of all models'
    :return: compact JSON in the order sent, of at most ``LIMIT`` characters; where more was
        sent it is cut, and ends by saying so. ``None`` where nothing was sent
    """
    shower = Shower(full, known)
    shown = {}
    if sent.ids is not None:
        shown["ids"] = shower.ids(sent.ids)
    show = _show_generic if sent.method in GENERIC_METHODS else _show_business
    for name, value in show(shower, sent, known(sent.model)):
        name = "…" if name is None else str(shower.name(name))
        shown[f"{name} ({len(shown) + 1})" if name in shown else name] = value
    if (more := len(sent.named) - MOST_ARGUMENTS) > 0:
        shown["…"] = f"{more:,} more"
    if sent.context:
        shown["context"] = shower.context(sent.context, sent.model)
    if not shown:
        return None
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    return _cut(text, shower.exhausted)


def _show_generic(shower, sent, names):
    """Show the arguments of a generic method, whose meaning is known."""
    parameters = GENERIC_METHODS[sent.method]
    named = sent.named[:MOST_ARGUMENTS]
    columns = dict(named).get("fields")
    for name, value in named:
        if name not in parameters:
            yield name, _show_unknown(shower, name, value, names)
        elif name in _DOMAINS:
            yield name, shower.domain(value, sent.model)
        elif name in _NAMES:
            yield name, shower.names(value, sent.model)
        elif name in _RECORDS:
            yield name, shower.fields(value, sent.model)
        elif name == "specification":
            yield name, shower.specification(value, sent.model)
        elif name == "data":
            yield name, shower.rows(value, columns, sent.model)
        else:
            yield name, REDACTED if names.store else shower.value(value)


def _show_business(shower, sent, names):
    """Show the arguments of a method that is known by the names of its parameters alone.

    One of them may say what another is: the field to set, the parameter to change.
    """
    named = sent.named[:MOST_ARGUMENTS]
    telling = next(
        (
            index
            for index, (_name, value) in enumerate(named)
            if isinstance(value, str)
            and NAME.fullmatch(value)
            and (value in shower.secrets_anywhere or is_secret_argument(value))
        ),
        None,
    )
    for index, (name, value) in enumerate(named):
        if telling not in (None, index):
            yield name, REDACTED
        else:
            yield name, _show_unknown(shower, name, value, names)


def _show_unknown(shower, name, value, names):
    if names.store:
        return REDACTED
    if name is None:
        return shower.shape(value)
    if is_secret_argument(name) or name in shower.secrets_anywhere:
        return REDACTED
    return shower.value(value, file=shower.is_file(name, Names()))


def _cut(text, exhausted):
    if len(text) <= LIMIT and not exhausted:
        return text
    more = "more than " if exhausted else ""
    notice = f"… cut: {more}{len(text):,} characters in all"
    return text[: LIMIT - len(notice)] + notice
