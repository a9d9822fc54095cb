# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is wrong with a scope's settings, in words, naming the line."""

from contextlib import contextmanager

from odoo.exceptions import ValidationError

from .policy.errors import LineError, SettingError


@contextmanager
def in_words(env):
    """Turn a SettingError into a ValidationError that an administrator understands."""
    try:
        yield
    except SettingError as error:
        sentence = _sentence(env, error)
        if isinstance(error, LineError):
            sentence = env._(
                "Line %(number)s, “%(line)s”: %(sentence)s",
                number=error.line_number,
                line=error.line,
                sentence=sentence,
            )
        raise ValidationError(sentence) from error


def _sentence(env, error):
    sentences = {
        "not_a_network": env._("this is neither a network nor an address."),
        "zone": env._("an address with a zone belongs to one machine only."),
        "bad_prefix": env._("what follows the slash is no length of a network."),
        "host_bits": env._(
            "this may mean the address or the network. Write one of them."
        ),
        "too_many": env._("these are too many networks."),
        "bad_day": env._("There is no such day of the week."),
        "bad_hour": env._("Hours are from 0:00 to 24:00."),
        "empty_window": env._(
            "Hours that begin and end at the same time are empty. A whole day is 0:00"
            " to 24:00."
        ),
        "unknown_tz": env._("There is no time zone “%s”.", error.value),
        "no_tzdata": env._(
            "This server knows no time zones. Install the package tzdata."
        ),
        "parentheses": env._("the parentheses do not match."),
        "not_a_method": env._("“%s” is no name of a method.", error.value),
        "not_an_argument": env._("“%s” is no name of an argument.", error.value),
        "private_method": env._(
            "“%s” is private: its name begins with an underscore.", error.value
        ),
        "not_a_context_key": env._("“%s” is no name of a context key.", error.value),
        "too_many_context_keys": env._("these are too many context keys."),
        "not_a_route": env._(
            "“%s” is no path of plain segments, such as /json/1: no wildcards, no"
            " escapes, no dots to begin with.",
            error.value,
        ),
        "route_by_rules": env._(
            "rules grant what “%s” does, so it cannot be named.", error.value
        ),
        "too_many_routes": env._("these are too many routes."),
        "repeated_method": env._("“%s” is there already.", error.value),
        "long_domain": env._("The domain “%s” is too long.", error.value),
        "not_a_domain": env._(
            "“%s” is no list of plain values: a rule's domain knows no names such as uid,"
            " and computes nothing.",
            error.value,
        ),
    }
    return sentences.get(error.problem, str(error))
