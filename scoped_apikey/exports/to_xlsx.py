# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A log as an Excel workbook: written to disk a row at a time, and sent when it is whole."""

import tempfile
from contextlib import closing
from datetime import datetime

import xlsxwriter

SHEET_ROWS = 1_048_575  # besides the head
CELL_LIMIT = 32_767  # characters
CHUNK = 1 << 16


def write(columns, batches, cut):
    """Write a workbook.

    :param columns: those of ``columns_of``
    :param batches: an iterator of lists of rows, which is closed at the end
    :param str cut: what ends a text that is longer than Excel allows
    :return: a file without a name, at its beginning: gone from the disk once it is closed
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        with (
            closing(batches),
            tempfile.TemporaryDirectory() as folder,
            _workbook(file, folder) as workbook,
        ):
            # A text is never a formula here, nor a link: each cell says what it is.
            _Sheets(workbook, columns, cut).fill(batches)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def chunks(file):
    """Read a file, and close it: also when this is forgotten half-way, for a server may
    close nothing when its client is gone.

    :return: an iterator of bytes
    """
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def _workbook(file, folder):
    workbook = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder})
    workbook.use_zip64()
    return workbook


class _Sheets:
    """As many sheets as the rows need."""

    def __init__(self, workbook, columns, cut):
        self._workbook = workbook
        self._labels = [column.label for column in columns]
        self._cut = cut
        self._head = workbook.add_format({"bold": True})
        self._time = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._begin()

    def _begin(self):
        self._sheet = self._workbook.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(self._labels) - 1, 20)
        for index, label in enumerate(self._labels):
            self._sheet.write_string(0, index, label, self._head)
        self._row = 0

    def fill(self, batches):
        for batch in batches:
            for values in batch:
                if self._row == SHEET_ROWS:
                    self._begin()
                self._row += 1
                for index, value in enumerate(values):
                    self._write(index, value)

    def _write(self, index, value):
        sheet = self._sheet
        if value is None:
            return
        if isinstance(value, datetime):
            sheet.write_datetime(self._row, index, value, self._time)
        elif isinstance(value, bool):
            sheet.write_boolean(self._row, index, value)
        elif isinstance(value, (int, float)):
            sheet.write_number(self._row, index, value)
        else:
            text = str(value)
            if len(text) > CELL_LIMIT:
                text = text[: CELL_LIMIT - len(self._cut)] + self._cut
            sheet.write_string(self._row, index, text)
