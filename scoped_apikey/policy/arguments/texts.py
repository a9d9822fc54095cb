# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts of a caller, as the call log shows them: no files, no keys, not too long."""

import re

LIMIT = 4000
"""Characters that a row keeps of arguments, with the notice that they are cut."""
LONGEST_TEXT = 500
REDACTED = "[redacted]"
_LOOKED_AT = 4096
_FILE = 512  # characters of base64 alphabet that are taken for a file
_BASE64 = r"[A-Za-z0-9+/=_\r\n-]"
_ALL_BASE64 = re.compile(rf"{_BASE64}{{{_FILE},}}")
_DATA_URI = re.compile(r"\s*data:[^\s,]{0,100},", re.IGNORECASE)
_FILES_WITHIN = re.compile(
    rf"data:[^\s,]{{0,100}};base64,[A-Za-z0-9+/=%]*|{_BASE64}{{{_FILE},}}",
    re.IGNORECASE,
)
_KEYS_WITHIN = re.compile(r"[0-9a-f]{40,}")  # as Odoo makes API keys
_TELLS_SECRET = re.compile(
    r"""(pass(word|wd|phrase)?|pwd|secret|token|api[ _-]?key|credentials?|authorization)
        \w{0,20}(\\?["']\s{0,5}[:=,>] | \s{0,5}[:=>])  # whatever is said of it
    | bearer\s+\S{8}
    | ://[^/\s:@]{1,100}:[^/\s@]{1,100}@  # an address that holds a password
    """,
    re.IGNORECASE | re.VERBOSE,
)


def show_text(text: str) -> str:
    """Return a text as far as it may be kept.

    An API key is left out wherever it stands, the presented one too; so is a text that says
    what a password is, which JSON in a text does.
    """
    if len(text) >= _FILE and _ALL_BASE64.fullmatch(text, 0, _LOOKED_AT):
        return show_file(_decoded_size(text))
    head = text[: LONGEST_TEXT + _FILE]
    if _DATA_URI.match(head):
        return show_file(_decoded_size(text))
    if _TELLS_SECRET.search(head):
        return REDACTED
    head = _FILES_WITHIN.sub("[binary]", _KEYS_WITHIN.sub(REDACTED, head))
    if len(text) <= LONGEST_TEXT:
        return head
    return f"{head[:LONGEST_TEXT]}… ({len(text):,} characters)"


def show_file(size: int) -> str:
    return f"[binary, {size:,} bytes]"


def show_file_text(text: str) -> str:
    """Return what is kept of a text that holds a file, whatever it looks like."""
    return show_file(_decoded_size(text))


def holds_key(text: str) -> bool:
    """Tell whether a short text holds what looks like an API key of Odoo's."""
    return _KEYS_WITHIN.search(text) is not None


def _decoded_size(text):
    """Return how many bytes a text in base64 stands for, nearly so if it has line breaks."""
    start = (
        text.find(",", 0, 128) + 1 if text[:16].lstrip()[:5].lower() == "data:" else 0
    )
    padding = text.count("=", max(start, len(text) - 4))
    return max(0, (len(text) - start) * 3 // 4 - padding)
