# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Values of a caller, made fit for the call log: small, without secrets and files."""

import re
import xmlrpc.client
from collections.abc import Callable, Mapping
from datetime import date, datetime

from .names import LONGEST_NAME, NAME, Names, is_secret_argument
from .texts import (
    LIMIT,
    LONGEST_TEXT,
    REDACTED,
    holds_key,
    show_file,
    show_file_text,
    show_text,
)

MORE = "…"
MOST_VALUES = 5_000
MOST_CHARACTERS = 50_000
MOST_COLUMNS = 500
DEEPEST = 20
LISTED_IDS = 100
LIKE_ITEMS = 100  # items of a list that are looked at for its shape
KINDS = 10  # shapes that are shown of one list

POLARITY = ("&", "|", "!")
_COMPARING = ("=", "!=", "<>", "==", ">", ">=", "<", "<=", "=?")
_MATCHING = (
    "like", "ilike", "=like", "=ilike", "in", "any", "any!", "child_of", "parent_of",
)  # fmt: skip
OPERATORS = frozenset(
    (*_COMPARING, *_MATCHING, *(f"not {operator}" for operator in _MATCHING))
)
_SORTED_BY = re.compile(
    r"\s*(\S+)((\s+(asc|desc))?(\s+nulls\s+(first|last))?)\s*", re.I
)
_SEPARATOR = re.compile(r"[./:()]")
_FILES = frozenset({"attachments", "file_content"})
"""Arguments that hold files, and that are no fields anywhere."""


class Shower:
    """Makes out of what a caller sent what the call log shows of it.

    Nothing of the size of what was sent is ever copied, and once ``exhausted`` the rest is
    left out.

    :param full: whether values are shown, or only what they are
    :param known: returns what is known of a model's names; for ``None``, or for a model that
        does not exist, what is known of all models together, its ``fields`` being empty
    """

    def __init__(self, full: bool, known: Callable[[str | None], Names]):
        self._full = full
        self._known = known
        self._anywhere = known(None)
        self._exact = True
        self._values = MOST_VALUES
        self._characters = MOST_CHARACTERS
        self._depth = 0

    @property
    def exhausted(self) -> bool:
        return self._values <= 0 or self._characters <= 0

    @property
    def secrets_anywhere(self) -> frozenset[str]:
        """The names of all fields that hold secrets."""
        return self._anywhere.secrets

    # ------------------------------------------------------------------
    # Names
    # ------------------------------------------------------------------

    def is_secret(self, name: str, names: Names) -> bool:
        """Tell whether the value under a name is a secret, in a model or anywhere."""
        if names.store:
            return True
        if name in names.fields:
            return name in names.secrets
        return name in self._anywhere.secrets or is_secret_argument(name)

    def is_file(self, name: str, names: Names) -> bool:
        known = names if name in names.fields else self._anywhere
        return name in known.binaries or name in _FILES

    def name(self, name):
        """Show what should be the name of a field, or a path; a caller may write anything."""
        if not isinstance(name, str) or not NAME.fullmatch(name):
            return self.value(name)
        self._spend(len(name))
        return REDACTED if holds_key(name) else name

    def names(self, value, model):
        """Show a list of field names, or one, or what records are sorted by.

        What names no field of the model is a text like any other.
        """
        fields = self._known(model).fields

        def show(name):
            return self.name(name) if _names_field(name, fields) else self.value(name)

        if isinstance(value, (list, tuple)):
            return self._all(value, show)
        if isinstance(value, str) and _sorts_by_fields(value, fields):
            self._spend(len(value))
            return REDACTED if holds_key(value) else value
        return self.value(value)

    def _follow(self, path, model):
        """Follow a path of fields.

        :return: whether a secret is on it, whether a file is at its end, the last name, and
            the model behind it
        """
        if len(path) > LONGEST_NAME:
            return True, False, "", None
        names, name, file = self._known(model), "", False
        for name in path.partition(":")[0].replace("/", ".").split("."):
            if self.is_secret(name, names):
                return True, False, name, None
            file = self.is_file(name, names)
            model = names.comodels.get(name)
            names = self._known(model)
        return False, file, name, model

    # ------------------------------------------------------------------
    # Values
    # ------------------------------------------------------------------

    def value(self, value, model=None, *, file=False):
        """Show anything.

        :param model: the model whose fields the keys of a mapping in it are
        :param file: whether texts in it are files
        """
        if self._depth >= DEEPEST:
            return MORE
        self._values -= 1
        if isinstance(value, Mapping):
            return self._deeper(self._mapping, value, model, file)
        if isinstance(value, (list, tuple)):
            return self._deeper(self._sequence, value, model, file)
        return self._plain(value, file)

    def shape(self, value):
        """Show what something is, whatever is shown of the rest."""
        full, self._full = self._full, False
        try:
            return self.value(value)
        finally:
            self._full = full

    def fields(self, value, model):
        """Show the values of a record, or of several."""
        if isinstance(value, Mapping):
            return self.value(value, model)
        if isinstance(value, (list, tuple)) and self._depth < DEEPEST:
            return self._deeper(
                self._each, value, lambda item: self.fields(item, model)
            )
        return self.shape(value)

    def field(self, name, value, model, *, file=False):
        """Show the value under a name of a model's."""
        names = self._known(model)
        if self.is_secret(name, names):
            return REDACTED
        if name in names.to_many and isinstance(value, (list, tuple)):
            comodel = names.comodels.get(name)
            return self._each(value, lambda command: self._command(command, comodel))
        # Only commands hold values of another model's; what else looks so is anybody's.
        return self.value(value, file=file or self.is_file(name, names))

    def ids(self, value):
        """Show ids of records; whatever is none is shown by what it is."""
        if _is_id(value):
            return value
        if not isinstance(value, (list, tuple)):
            return self.shape(value)
        if not all(map(_is_id, value[:LISTED_IDS])):
            return self.shape(value)
        self._values -= min(len(value), LISTED_IDS)
        more = len(value) - LISTED_IDS
        return [*value[:LISTED_IDS], *([f"{more:,} more"] if more > 0 else [])]

    def _plain(self, value, file):
        if isinstance(value, xmlrpc.client.Binary):
            value = value.data
        if isinstance(value, (bytes, bytearray, memoryview)):
            return show_file(len(value))
        if isinstance(value, str):
            return self._text(value, file)
        if value is None:
            return None if self._full else "null"
        if isinstance(value, bool):
            return value if self._full else "boolean"
        if isinstance(value, (int, float)):
            fits = isinstance(value, float) or value.bit_length() <= 256
            return value if self._full and fits else "number"
        if isinstance(value, (date, datetime)):
            return value.isoformat() if self._full else type(value).__name__
        return f"[{type(value).__name__}]"

    def _text(self, value, file):
        if file and value:
            return show_file_text(value)
        if self._full:
            # Past the limit only its length counts, for what is said of the cut.
            past = self._characters < MOST_CHARACTERS - LIMIT
            text = MORE * min(len(value), LONGEST_TEXT) if past else show_text(value)
            self._spend(len(text))
            return text
        return f"text({len(value)})" if self._exact else "text"

    def _mapping(self, mapping, model, file=False):
        shown = {}
        for name, value in mapping.items():
            if self._cut(shown):
                break
            if not isinstance(name, str):
                self._put(shown, f"[{type(name).__name__}]", self.value(value))
            else:
                value = self.field(name, value, model, file=file)
                self._put(shown, self._key(name), value)
        return shown

    def _sequence(self, items, model, file):
        if len(items) > 1 and self._names_secret(items[0], model):
            # A name and its value, or a term of a domain, where none was expected.
            return [self.name(items[0]), REDACTED]
        return self._each(items, lambda item: self.value(item, model, file=file))

    def _names_secret(self, name, model):
        if not isinstance(name, str) or not NAME.fullmatch(name):
            return False
        return self._follow(name, model)[0]

    def _all(self, items, show):
        shown = []
        for item in items:
            if self._cut(shown):
                break
            shown.append(show(item))
        return shown

    def _each(self, items, show):
        """Show the items of a list: each, or what kinds of items there are."""
        if self._full:
            return self._all(items, show)
        if len(items) < 2:
            return [show(item) for item in items]
        exact, self._exact = self._exact, False
        kinds = []
        try:
            for item in items[:LIKE_ITEMS]:
                if self._cut(kinds) or len(kinds) >= KINDS:
                    break
                kind = show(item)
                if kind not in kinds:
                    kinds.append(kind)
        finally:
            self._exact = exact
        return [*kinds, f"{len(items):,} items"]

    def _command(self, command, comodel):
        """Show a command on a one2many or many2many, or an id in its place."""
        if _is_id(command):
            return command
        if not isinstance(command, (list, tuple)) or not 1 <= len(command) <= 3:
            return self.value(command, comodel)
        if type(command[0]) is not int or not 0 <= command[0] <= 6:
            return self.value(command, comodel)
        self._values -= 1
        shown = [command[0], *map(self.ids, command[1:2])]
        for argument in command[2:]:
            if isinstance(argument, Mapping):
                shown.append(self.value(argument, comodel))
            else:
                shown.append(self.ids(argument))
        return shown

    # ------------------------------------------------------------------
    # Domains, specifications, contexts, rows
    # ------------------------------------------------------------------

    def domain(self, value, model):
        """Show a domain: fields and operators always."""
        if not isinstance(value, (list, tuple)) or self._depth >= DEEPEST:
            return self.shape(value)
        return self._deeper(self._all, value, lambda term: self._term(term, model))

    def _term(self, term, model):
        self._values -= 1
        if isinstance(term, str) and term in POLARITY:
            return term
        is_leaf = isinstance(term, (list, tuple)) and len(term) == 3
        if not is_leaf or not isinstance(term[0], str):
            return self.shape(term)
        path, operator, operand = term
        secret, file, last, comodel = self._follow(path, model)
        known = isinstance(operator, str) and operator.lower() in OPERATORS
        if secret:
            operand = REDACTED
        elif known and "any" in operator.lower():
            operand = self.domain(operand, comodel)
        elif last == "id" and not self._full:
            operand = self.ids(operand)
        else:
            operand = self.value(operand, file=file)
        return [self.name(path), operator if known else self.shape(operator), operand]

    def specification(self, value, model):
        """Show a nested read specification: by field, what is read of related records."""
        if not isinstance(value, Mapping) or self._depth >= DEEPEST:
            return self.shape(value)
        return self._deeper(self._specified, value, model)

    def _specified(self, specification, model):
        comodels, shown = self._known(model).comodels, {}
        for name, options in specification.items():
            if self._cut(shown):
                break
            comodel = comodels.get(name) if isinstance(name, str) else None
            self._put(shown, self._key(name), self._options(options, comodel))
        return shown

    def _options(self, options, model):
        if not isinstance(options, Mapping):
            return self.shape(options)
        shown = {}
        for name, value in options.items():
            if self._cut(shown):
                break
            if name == "fields":
                value = self.specification(value, model)
            elif name == "context":
                value = self.context(value, model)
            elif name == "domain":
                value = self.domain(value, model)
            elif name == "order":
                value = self.names(value, model)
            else:
                value = self.shape(value)
            self._put(shown, self._key(name), value)
        return shown

    def context(self, value, model):
        """Show a context: a mapping, or pairs. ``default_*`` is a value of the model's."""
        if isinstance(value, (list, tuple)):
            pairs = value
        elif isinstance(value, Mapping):
            pairs = value.items()
        else:
            return self.shape(value)
        shown = {}
        for pair in pairs:
            if self._cut(shown):
                break
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                return self.shape(value)
            name, item = pair
            if not isinstance(name, str):
                return self.shape(value)
            if name.startswith("default_"):
                item = self.field(name.removeprefix("default_"), item, model)
            elif self.is_secret(name, self._anywhere):
                item = REDACTED
            else:
                item = self.value(item)
            self._put(shown, self._key(name), item)
        return shown

    def rows(self, value, columns, model):
        """Show the rows of an import, by its columns."""
        listed = isinstance(columns, (list, tuple)) and len(columns) <= MOST_COLUMNS
        if not listed or not isinstance(value, (list, tuple)):
            return self.shape(value)
        about = [
            self._follow(column, model)[:2]
            if isinstance(column, str)
            else (True, False)
            for column in columns
        ]
        return self._each(value, lambda row: self._row(row, about))

    def _row(self, row, about):
        if not isinstance(row, (list, tuple)):
            return self.shape(row)
        shown = []
        for index, cell in enumerate(row):
            if self._cut(shown):
                break
            secret, file = about[index] if index < len(about) else (True, False)
            shown.append(REDACTED if secret else self.value(cell, file=file))
        return shown

    # ------------------------------------------------------------------
    # Within bounds
    # ------------------------------------------------------------------

    def _spend(self, characters):
        self._characters -= characters

    def _cut(self, shown) -> bool:
        """Tell whether the rest is left out, and say so in what is shown of a container."""
        self._values -= 1
        if not self.exhausted:
            return False
        if isinstance(shown, dict):
            shown[MORE] = MORE
        else:
            shown.append(MORE)
        return True

    def _deeper(self, show, *args):
        self._depth += 1
        try:
            return show(*args)
        finally:
            self._depth -= 1

    def _key(self, name):
        """Show a key of a mapping: a name, or whatever the caller made it."""
        if not isinstance(name, str):
            return f"[{type(name).__name__}]"
        if NAME.fullmatch(name):
            self._spend(len(name))
            return REDACTED if holds_key(name) else name
        if not self._full or len(name) > LONGEST_NAME:
            return f"text({len(name)})"
        text = show_text(name)
        self._spend(len(text))
        return text

    @staticmethod
    def _put(shown, key, value):
        """Add to a mapping, also where another key is shown in the same way."""
        if key in shown:
            key = f"{key} ({len(shown) + 1})"
        shown[key] = value


def _is_id(value) -> bool:
    return type(value) is int and value.bit_length() <= 64


def _names_field(name, fields) -> bool:
    """Tell whether a text names a field, as a path, an aggregate or the like may."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return False
    return name == "__count" or not fields.isdisjoint(_SEPARATOR.split(name))


def _sorts_by_fields(text, fields) -> bool:
    if len(text) > LONGEST_NAME * 4:
        return False
    terms = [_SORTED_BY.fullmatch(term) for term in text.split(",")]
    return all(term and _names_field(term[1], fields) for term in terms)
