# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import keyword
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from policy.errors import SHOWN, LineError
from policy.methods import MethodGrant, parse_methods, render_methods


def grant(name, *arguments):
    return MethodGrant(name, frozenset(arguments))


POST = grant("message_post", "body", "subtype_xmlid")
WON = MethodGrant("action_set_won", None)


@pytest.mark.parametrize(
    ("text", "grants"),
    [
        ("", ()),
        (" \n\t\r\n", ()),
        (",,\n,", ()),
        ("action_set_won", (WON,)),
        ("action_set_won()", (grant("action_set_won"),)),
        ("action_set_won( )", (grant("action_set_won"),)),
        ("message_post(body, subtype_xmlid), action_set_won", (POST, WON)),
        ("message_post(body,subtype_xmlid),action_set_won", (POST, WON)),
        ("message_post(subtype_xmlid, body)\r\naction_set_won\r\n", (POST, WON)),
        ("  message_post ( body , subtype_xmlid ) ,\n\n action_set_won,", (POST, WON)),
        ("action_set_won\nmessage_post(body, subtype_xmlid, body)", (WON, POST)),
        ("f(a),g\n,h()", (grant("f", "a"), MethodGrant("g"), grant("h"))),
        ("a1(_b)", (grant("a1", "_b"),)),
        # Names that mean something elsewhere are not judged here.
        ("write, match, print", tuple(map(MethodGrant, ["write", "match", "print"]))),
    ],
)
def test_parse(text, grants):
    assert parse_methods(text) == grants


@pytest.mark.parametrize(
    ("line", "value", "problem"),
    [
        ("f(a", "f(a", "parentheses"),
        ("f a)", "f a)", "parentheses"),
        ("f)", "f)", "parentheses"),
        ("f(a))", "f(a))", "parentheses"),
        ("g, f(a(b))", "f(a(b))", "parentheses"),
        ("f((a))", "f((a))", "parentheses"),
        ("f(a)(b)", "f(a)(b)", "parentheses"),
        ("f(a) g", "f(a) g", "parentheses"),
        ("(", "(", "parentheses"),
        ("f(,", "f(,", "parentheses"),
        ("()", "", "not_a_method"),
        ("(a)", "", "not_a_method"),
        ("g, ré", "ré", "not_a_method"),
        ("action set won", "action set won", "not_a_method"),
        ("action-set-won", "action-set-won", "not_a_method"),
        ("crm.lead.action_set_won", "crm.lead.action_set_won", "not_a_method"),
        ("g; f", "g; f", "not_a_method"),
        ("1f", "1f", "not_a_method"),
        ("*", "*", "not_a_method"),
        ("import", "import", "not_a_method"),
        ("None", "None", "not_a_method"),
        ("f\0", "f\N{REPLACEMENT CHARACTER}", "not_a_method"),
        ("f\x0bg", "f\N{REPLACEMENT CHARACTER}g", "not_a_method"),
        ("f\rg", "f\N{REPLACEMENT CHARACTER}g", "not_a_method"),
        ("# f", "# f", "not_a_method"),
        ("_f", "_f", "private_method"),
        ("__init__(a)", "__init__", "private_method"),
        ("_", "_", "private_method"),
        ("f(a,)", "", "not_an_argument"),
        ("f(,)", "", "not_an_argument"),
        ("f(a,,b)", "", "not_an_argument"),
        ("f(a b)", "a b", "not_an_argument"),
        ("f(a=1)", "a=1", "not_an_argument"),
        ("f(*args)", "*args", "not_an_argument"),
        ("f(a, lambda)", "lambda", "not_an_argument"),
        ("f(é)", "é", "not_an_argument"),
        ("f(1)", "1", "not_an_argument"),
        ("before", "before", "repeated_method"),
        ("before()", "before", "repeated_method"),
        ("f, f(a)", "f", "repeated_method"),
    ],
)
def test_refuses(line, value, problem):
    with pytest.raises(LineError) as caught:
        parse_methods(f"before(a), other\r\n\r\n  {line} \r\nalso bad")
    error = caught.value
    assert (error.problem, error.line_number) == (problem, 3)
    assert error.value == value
    assert error.line == re.sub(r"[\0\x0b\r]", "\N{REPLACEMENT CHARACTER}", line)


def test_an_argument_list_ends_on_its_line():
    with pytest.raises(LineError) as caught:
        parse_methods("f(a,\nb)")
    assert (caught.value.problem, caught.value.line_number) == ("parentheses", 1)


def test_render():
    assert render_methods([POST, WON, grant("f")]) == (
        "message_post(body, subtype_xmlid)\naction_set_won\nf()"
    )
    assert render_methods([]) == ""


ASCII_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)
ARGUMENTS = ASCII_NAMES.filter(lambda name: not keyword.iskeyword(name))
METHODS = ARGUMENTS.filter(lambda name: name[0] != "_")
GRANTS = st.builds(
    MethodGrant, METHODS, st.one_of(st.none(), st.frozensets(ARGUMENTS, max_size=4))
)


@given(st.lists(GRANTS, unique_by=lambda grant: grant.name, max_size=5).map(tuple))
@example((grant("f"), MethodGrant("g")))
def test_what_is_rendered_parses_to_the_same(grants):
    assert parse_methods(render_methods(grants)) == grants
    assert parse_methods(", ".join(map(str, grants))) == grants


# The oracle is one expression for a whole text. It would take too long for a long
# text, says nothing about what is wrong, and knows no repeated method.
BLANK = r"[^\S\n]*"
NAME = r"(?!(?:{})\b)[A-Za-z]\w*".format("|".join(keyword.kwlist))
ARGUMENT = NAME.replace("[A-Za-z]", "[A-Za-z_]")
LIST = rf"\({BLANK}(?:{ARGUMENT}(?:{BLANK},{BLANK}{ARGUMENT})*)?{BLANK}\)"
ONE = rf"{NAME}(?:{BLANK}{LIST})?"
ALL = re.compile(rf"(?:\s|,)*(?:{ONE}{BLANK}(?:[,\n](?:\s|,)*|\Z))*", re.ASCII)
PIECES = st.sampled_from(
    ["f", "g", "aB_1", "_a", "if", "é", "1", " ", " ", ",", ",", "\n", "(", ")", "()"]
)


@given(st.one_of(st.lists(PIECES, max_size=14).map("".join), GRANTS.map(str)))
@example("f(a),g\n,h()")
@example("if_(if_)")
@example("f,g,f")
def test_accepts_what_the_expression_does(text):
    names = re.findall(r"\w+", re.sub(r"\([^)]*\)", "", text))
    valid = ALL.fullmatch(text) and len(names) == len(set(names))
    try:
        grants = parse_methods(text)
    except LineError:
        assert not valid
        return
    assert valid
    assert [grant.name for grant in grants] == names
    lists = re.findall(r"\w+\s*(\([^)]*\))?", text)
    assert [grant.arguments for grant in grants] == [
        frozenset(re.findall(r"\w+", written)) if written else None for written in lists
    ]


@given(st.one_of(st.text(), st.text(st.sampled_from("fg_(),\n\r\t \0é"))))
def test_any_text_is_read_or_refused(text):
    try:
        grants = parse_methods(text)
    except LineError as error:
        assert 1 <= error.line_number <= text.count("\n") + 1
        parse_methods("\n".join(text.split("\n")[: error.line_number - 1]))
    else:
        assert parse_methods(render_methods(grants)) == grants


@pytest.mark.parametrize(
    "text",
    ["f", "f ", " ", ",", "\n", "(", ")", "()", "f(", "f(a", "f(a)", "f(a) ", "a,", "_"]
    + ["f\0", "(,"],
)
@pytest.mark.parametrize("end", ["", "(", ")", " x"])
def test_huge_text_is_soon_done(text, end):
    text = text * (300_000 // len(text)) + end
    begin = time.perf_counter()
    try:
        parse_methods(text)
    except LineError as error:
        assert len(error.line) <= SHOWN
    assert time.perf_counter() - begin < 5, "normally a tenth of a second"


def test_huge_lists_are_read():
    text = ",".join(f"f{i}(a{i}, b)" for i in range(50_000))
    begin = time.perf_counter()
    assert len(parse_methods(text)) == 50_000
    assert time.perf_counter() - begin < 5
