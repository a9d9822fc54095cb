# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from ..policy.decide import Refusal
from ..policy.errors import shown


class Unreadable(Exception):
    """A call whose footprint cannot be read is refused.

    :param str code: ``unknown_field``, ``document_model``,
        ``web_client``, ``malformed`` (an argument is not understood) or ``unsupported``
        (it is understood, and this version cannot limit it)
    :param names: the arguments or fields it is about
    """

    def __init__(self, code, resource=None, names=()):
        super().__init__(code, names)
        self.refusal = Refusal(code, resource, names=tuple(map(shown, names)))


def malformed(name):
    """Return the error for an argument that is not of its expected form."""
    return Unreadable("malformed", names=(name,))


def unsupported(what):
    """Return the error for what a later version may limit, and this one refuses."""
    return Unreadable("unsupported", names=(what,))
