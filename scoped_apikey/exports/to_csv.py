# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A log as CSV: written while it is being sent."""

import codecs
import csv
import io
import logging
import re
from contextlib import closing

_logger = logging.getLogger(__name__)

# What a spreadsheet takes for the beginning of a formula, in wide letters too.
FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
NUMBER = re.compile(r"-\d+(\.\d+)?")


def chunks(columns, batches, failed):
    """Write a file: UTF-8 with a mark that says so, which spreadsheets go by.

    :param columns: those of ``columns_of``
    :param batches: an iterator of lists of rows, which is closed at the end
    :param str failed: what the last line says of a file that is cut short: a client may
        not notice otherwise
    :return: an iterator of bytes
    """
    with closing(batches):
        # The first rows before the first byte: what fails with them is an error page.
        batch = next(batches, [])
        yield codecs.BOM_UTF8 + _lines([[column.label for column in columns]])
        while batch:
            yield _lines(batch)
            try:
                batch = next(batches, [])
            except Exception:
                _logger.exception("An export was cut short.")
                yield _lines([[failed]])
                raise


def _lines(rows) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([harmless(value) for value in row] for row in rows)
    return buffer.getvalue().encode()


def harmless(value):
    """Put an apostrophe before a text that a spreadsheet would run; numbers stay."""
    if isinstance(value, str) and value[:1] in FORMULA and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value
