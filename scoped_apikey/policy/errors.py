# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is wrong with a scope's settings, for a caller that words it itself.

Nothing here is a sentence for people: ``problem`` is a code, and the side that
knows the reader's language makes the sentence.
"""

SHOWN = 80  # characters: enough to recognize a line by


class SettingError(ValueError):
    """A setting of a scope that cannot be understood.

    :ivar problem: a short code, listed where the error is raised
    :ivar value: the text at fault, fit to be shown (see :func:`shown`)
    """

    def __init__(self, problem, value):
        self.problem = problem
        self.value = shown(value)
        super().__init__(problem, self.value)

    def __str__(self):
        return f"{self.problem}: {self.value!r}"


class LineError(SettingError):
    """A line, in a setting of several lines, that cannot be understood.

    :ivar problem: a short code, listed where the error is raised
    :ivar value: the part of the line that is at fault, fit to be shown
    :ivar line_number: counted from 1, blank lines included
    :ivar line: the line without surrounding blanks, fit to be shown
    """

    def __init__(self, problem, value, line_number, line):
        super().__init__(problem, value)
        self.line_number = line_number
        self.line = shown(line.strip())
        # All four, so that a copied or pickled error can be built again.
        self.args = (problem, self.value, line_number, self.line)

    def __str__(self):
        return f"line {self.line_number}: {super().__str__()}"


def shown(value):
    """Return ``value`` as text that is safe in a message, a log or a fault.

    It may be 5 MB long, or hold NUL bytes (no XML-RPC fault can carry those) and
    invisible characters (which should be seen, not guessed).
    """
    text = str(value)
    cut = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)
