# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The table of escapes in the docs: written by the tests, and compared with what they saw.

``make escapes`` writes it anew.
"""

import os
import re
from pathlib import Path

FILE = Path(__file__).parents[2] / "docs" / "escapes.md"
WRITE = "SCOPED_APIKEY_WRITE_ESCAPES"
"""Where this variable is set, the table is written, not compared."""
HEAD = (
    "| Tried | Call | It would reach | What stops it |",
    "| --- | --- | --- | --- |",
)


def check(case, title, test, rows):
    """Compare a section with what was seen, or write it.

    :param case: the test case that says if they differ
    :param str title: of the section
    :param str test: the name of the test that saw it
    :param rows: of cells
    """
    section = render(title, test, rows)
    text = FILE.read_text()
    if os.environ.get(WRITE):
        FILE.write_text(replace(text, title, section))
    else:
        case.assertEqual(
            find(text, title), section, f"{FILE.name} is out of date: make escapes"
        )


def render(title, test, rows) -> str:
    """Return a section in Markdown."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(
        [f"## {title}", "", f"{len(rows)} escapes, run by `{test}`.", "", *HEAD, *lines]
    )


def find(text, title) -> str:
    """Return a section as it stands in the file; empty, where there is none."""
    match = re.search(rf"^## {re.escape(title)}\n.*?(?=\n+(## |\Z))", text, re.M | re.S)
    return match[0] if match else ""


def replace(text, title, section) -> str:
    """Return the file's text with a section in place of that of its title."""
    old = find(text, title)
    return text.replace(old, section) if old else f"{text.rstrip()}\n\n{section}\n"


def _cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")
