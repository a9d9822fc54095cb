# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A unique token in every text of a database, by which a leak is recognised.

A token says which cell it is from, so nothing has to be remembered. It begins with a key
to sort by, made of the cell and a salt: with another salt, it is another text, compares
and sorts otherwise, and still names the same cell.
"""

import contextlib
import hashlib
import re
from typing import NamedTuple

from odoo.tools import SQL

TOKEN = re.compile(r"zq[0-9a-f]{4}x(\d+)x(\d+)x(\d+)qz", re.IGNORECASE)
HASH = re.compile(r"\$pbkdf2-sha512\$")
LONGEST = 32  # characters of a token
SALT, OTHER_SALT = "one", "two"

TEXTS = ("char", "text", "html")

UNTOUCHED_MODELS = {
    r"apikey\..*|res\.users\.apikeys|auth_totp\.device": "keys must open, scopes hold",
    r"ir\.(model|module)(\..*)?|ir\.ui\.(view|menu)(\..*)?": "Odoo is made of these",
    r"ir\.actions\.(?!server$).*|ir\.embedded\.actions": "definitions of screens",
    r"ir\.(cron|rule|default|filters|asset|sequence|exports)(\..*)?": "Odoo runs these",
    r"report\..*|account\.report.*|digest\..*": "formulas and layouts",
    r"res\.(lang|groups)(\..*)?": "looked up by what they hold",
    r"bus\.bus|ir\.(logging|profile)|html_editor\..*|base_import\..*": "nobody's data",
    r"decimal\.precision|web_tour\..*|onboarding\..*": "looked up by name",
}
UNTOUCHED_FIELDS = {
    r"(.*_)?(model|model_name|relation_field|resource)": "names a model or a field",
    r"(parent_)?path|store_fname|checksum|mimetype|res_field|.*_fs": "paths and files",
    r"lang|.*_lang|tz|.*currency.*|symbol|decimal_point|thousands_sep": "codes",
    r"code|code_store|code_prefix.*|account_prefix|sequence_.*|technical_name": "codes",
    r"(.*_)?domain|context|condition|json_value|sort|rrule|formula|alias_defaults": "run",
    r"alias_domain|bounce_alias|catchall_alias|default_from|alias_name": "looked up",
    r"combination_indices|matching_number|variable|parent_path|address_format": "keys",
    r".*_xmlid|.*_color|color|html_color|icon|.*_icon|image|type|signup_type": "values",
    r"invoice_edi_format_store|days_next_month|notification_parameters|state_.*": "values",
    r"embedded_actions_.*|web_icon|vat_label|paperformat|uuid|rainbow.*": "values",
}
UNTOUCHED_CELLS = {
    ("ir.config_parameter", "key"): "looked up by it",
    ("ir.attachment", "url"): "the web client's bundles are found by it",
    ("ir.attachment", "name"): "the web client's bundles are found by it",
    ("account.move", "name"): "numbers are drawn after the last one",
    ("account.payment", "name"): "numbers are drawn after the last one",
    ("res.partner", "vat"): "its country's rules are not for us",
}
SECRET_COLUMNS = (
    ("res_users", "password"),
    ("res_users", "totp_secret"),
)
"""Secrets in columns that no stored field of the ORM owns."""

SORTED_MODELS = ("crm.stage", "utm.stage", "sale.order.template")
"""Models whose records are sorted by a number, which is nobody's to know either. None that
records have several of, or of which the first one is a default: that is as on a screen."""


class Cell(NamedTuple):
    """Where a token is from: indexes into ``Columns``, and a row."""

    table: int
    column: int
    id: int


class Column(NamedTuple):
    """A column with texts.

    :param form: how a text is stored: ``text``, ``html``, or in a mapping, ``jsonb`` by
        language and ``company`` by company
    :param where: SQL, which of its rows hold tokens
    """

    model: str
    table: str
    name: str
    form: str
    where: str = "true"


def cells_in(text: str) -> set[Cell]:
    """Return the cells whose tokens are in a text."""
    if "zq" not in text and "ZQ" not in text and "Zq" not in text:
        return set()
    return {Cell(*map(int, groups)) for groups in TOKEN.findall(text)}


def unsalted(text: str) -> str:
    """Write each token without what the salt made of it."""
    return TOKEN.sub(lambda match: "<{}.{}.{}>".format(*match.groups()), text)


class Columns:
    """The columns that hold tokens, in an order that metadata alone determine.

    :param env: a superuser's environment
    :param callers: ids of users that call: they know who they are
    """

    def __init__(self, env, callers):
        self.env = env
        callers = env["res.users"].browse(callers)
        self._known = {
            "res.users": callers.ids,
            "res.partner": callers.partner_id.ids,
        }
        self.columns = list(self._find())
        self.tables = sorted({column.table for column in self.columns})
        self.sorted_tables = {
            env[name]._table: name
            for name in SORTED_MODELS
            if name in env and "sequence" in env[name]._fields
        }
        self._table_index = {name: i for i, name in enumerate(self.tables)}

    def describe(self, cell: Cell) -> str:
        column = self.columns[cell.column]
        return f"{column.model}({cell.id}).{column.name}"

    def of_table(self, table: str):
        return [
            (index, column)
            for index, column in enumerate(self.columns)
            if column.table == table
        ]

    def plant(self):
        """Put a token into every cell."""
        for table in self.tables:
            self._set(table, SALT, {})
        self._arrange(self.sorted_tables, reverse=False)

    def derive(self):
        """Compute anew what Odoo stores of the planted texts, as it would have done."""
        for model_name in sorted(self.env.registry):
            model = self.env[model_name].with_context(active_test=False)
            if model._abstract or model._transient or not model._auto:
                continue
            fields = [field for field in model._fields.values() if is_derived(field)]
            for field in fields:
                if field.type not in TEXTS or _matches(UNTOUCHED_MODELS, model_name):
                    continue
                with contextlib.suppress(Exception), self.env.cr.savepoint():
                    self.env.add_to_compute(field, model.search([]))
                    self.env.flush_all()

    def flip(self, inside, models):
        """Put other tokens into every cell but some, and reverse orders.

        :param inside: the cells to be left alone
        :param models: whose records keep their order
        """
        by_column = {}
        for cell in inside:
            by_column.setdefault(cell.column, []).append(cell.id)
        for table in self.tables:
            self._set(table, OTHER_SALT, by_column)
        outside = {
            table: model
            for table, model in self.sorted_tables.items()
            if model not in models
        }
        self._arrange(outside, reverse=True)

    def _arrange(self, tables, reverse):
        """Give the records of models that are sorted by a number another order.

        The first stays the first: a new record gets it, as on a screen, and what may be
        made may differ with it.
        """
        for table in tables:
            order = SQL("id %% 97")
            if reverse:
                order = SQL(
                    "CASE id WHEN (SELECT id FROM %s ORDER BY id %% 97, id LIMIT 1)"
                    " THEN 0 ELSE 97 - id %% 97 END",
                    SQL.identifier(table),
                )
            self.env.cr.execute(
                SQL("UPDATE %s SET sequence = %s", SQL.identifier(table), order)
            )

    def token(self, index: int, id_: int) -> str:
        """Return the token that is planted in a row's column."""
        mark = self._mark(index)
        key = hashlib.md5(f"{SALT}{mark}{id_}".encode()).hexdigest()[:4]
        return f"zq{key}{mark}{id_}qz"

    def _mark(self, index):
        return f"x{self._table_index[self.columns[index].table]}x{index}x"

    def _expression(self, index: int, salt: str) -> SQL:
        """Return the SQL of a column's token."""
        mark = self._mark(index)
        return SQL(
            "('zq' || substr(md5(%s || id), 1, 4) || %s || id || 'qz')",
            f"{salt}{mark}",
            mark,
        )

    def _set(self, table, salt, exceptions):
        assignments = []
        for index, column in self.of_table(table):
            name = SQL.identifier(column.name)
            token = self._expression(index, salt)
            if column.form == "html":
                token = SQL("'<p>' || %s || '</p>'", token)
            elif column.form == "jsonb":
                token = SQL("jsonb_build_object('en_US', %s)", token)
            elif column.form == "company":
                token = SQL("jsonb_build_object('1', %s)", token)
            kept = SQL(
                "NOT (%s) OR id = ANY(%s)",
                SQL(column.where),
                exceptions.get(index, []) + self._known.get(column.model, []),
            )
            assignments.append(
                SQL("%s = CASE WHEN %s THEN %s ELSE %s END", name, kept, name, token)
            )
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s",
                SQL.identifier(table),
                SQL(", ").join(assignments),
            )
        )

    def _find(self):
        self.env.cr.execute(
            "SELECT table_name, column_name, data_type, character_maximum_length"
            " FROM information_schema.columns WHERE table_schema = current_schema()"
        )
        existing = {(row[0], row[1]): row[2:] for row in self.env.cr.fetchall()}
        seen = set()
        for model_name in sorted(self.env.registry):
            model = self.env[model_name]
            if model._abstract or model._transient or not model._auto:
                continue
            if _matches(UNTOUCHED_MODELS, model_name):
                continue
            for name, field in sorted(model._fields.items()):
                found = existing.get((model._table, name))
                if found is None or (model._table, name) in seen:
                    continue
                form = self._form(model_name, field, *found)
                if form is None:
                    continue
                seen.add((model._table, name))
                where = "true"
                if model_name == "ir.config_parameter":
                    where = "key ~* '(secret|passw|token|uuid|_key|webhook)'"
                yield Column(model_name, model._table, name, form, where)
        for table, name in SECRET_COLUMNS:
            if (table, name) in existing and (table, name) not in seen:
                model_name = table.replace("_", ".")
                yield Column(model_name, table, name, "text")

    @staticmethod
    def _form(model_name, field, data_type, length):
        if field.type not in TEXTS or not field.store or is_derived(field):
            return None
        if _matches(UNTOUCHED_FIELDS, field.name):
            return None
        if (model_name, field.name) in UNTOUCHED_CELLS:
            return None
        if length is not None and length < LONGEST + len("<p></p>"):
            return None
        if data_type == "jsonb":
            return "company" if field.company_dependent else "jsonb"
        return "html" if field.type == "html" else "text"


def is_derived(field) -> bool:
    """Tell whether Odoo alone writes a stored field, from what others hold."""
    return bool(field.store and field.compute and field.readonly)


def _matches(patterns, name):
    return any(re.fullmatch(pattern, name) for pattern in patterns)
