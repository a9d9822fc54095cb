# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The table of escapes in the docs: written by the tests, and compared with what they saw.

``make escapes`` writes it anew.
"""

import os
import re
from html import unescape
from pathlib import Path
from textwrap import shorten

FILE = Path(__file__).parents[2] / "docs" / "escapes.md"
WRITE = "SCOPED_APIKEY_WRITE_ESCAPES"
"""Where this variable is set, the table is written, not compared."""
LONGEST = 250
WHO = re.compile(r'^Key "n8n" \(scope "[^"]*"\) may not call \S+: ')
IDS = re.compile(r"(the records|no company) [\d, ]+")
PAGE = re.compile(r"<html.*<p>(.*)</p>", re.S)
RECORD_RULES = "Odoo's record rules, and what the scope adds to them."
NARROWED = "It is answered, and the answer holds nothing of it."
HEAD = (
    "| Tried | Call | It would reach | What stops it |",
    "| --- | --- | --- | --- |",
)


def check(case, title, test, rows):
    """Compare a section with what was seen, or write it.

    :param case: the test case that says if they differ
    :param str title: of the section, whose heading is in the file
    :param str test: the name of the test that saw it
    :param rows: of cells
    """
    section = render(title, test, rows)
    text = FILE.read_text()
    old = find(text, title)
    if os.environ.get(WRITE):
        FILE.write_text(text.replace(old, section))
    else:
        case.assertEqual(old, section, f"{FILE.name} is out of date: make escapes")


def render(title, test, rows) -> str:
    """Return a section in Markdown."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    about = f"{len(rows)} escapes, tried by `{test}`."
    return "\n".join([f"## {title}", "", about, "", *HEAD, *lines])


def find(text, title) -> str:
    """Return a section as it stands in the file.

    :raise ValueError: it has no such heading
    """
    match = re.search(rf"^## {re.escape(title)}\n.*?(?=\n+(## |\Z))", text, re.M | re.S)
    if not match:
        raise ValueError(f"{FILE.name} has no section {title}")
    return match[0]


def titles() -> list:
    """Return the titles of the sections in the file."""
    return re.findall(r"^## (.*)$", FILE.read_text(), re.M)


def reason(text) -> str:
    """Return what stopped a call, without what is the same for all or new in each run.

    :param str text: what the caller was told, perhaps as a page
    """
    if PAGE.search(text):
        text = unescape(PAGE.search(text)[1])
    text = text.partition("\n")[0]
    if text.startswith("Uh-oh!"):
        return RECORD_RULES
    text = IDS.sub(r"\1 ", WHO.sub("", text))
    return shorten(text, LONGEST, placeholder=" …")


def _cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")
