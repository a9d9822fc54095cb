# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The domain of a rule: a literal, and which parameters it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy.errors import SettingError
from policy.records import MAX_LENGTH, MAX_TERMS, named_keys, parse_domain

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
terms = st.tuples(
    st.text(max_size=20), st.text(max_size=9), scalars | st.lists(scalars)
)
domains = st.lists(terms | st.sampled_from("&|!"), max_size=8)


@given(domains)
def test_what_is_written_is_read(domain):
    assert parse_domain(repr(domain)) == domain
    assert parse_domain(f"  {domain!r}\n") == domain


@pytest.mark.parametrize("text", ["", "  ", "\n", "[]", " [ ] "])
def test_empty(text):
    assert parse_domain(text) == []


@given(st.text(max_size=300))
def test_anything_else_is_said_to_be_none(text):
    try:
        assert isinstance(parse_domain(text), list)
    except SettingError as error:
        assert error.problem == "not_a_domain"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", "not_a_domain"),
        ("()", "not_a_domain"),
        ("{}", "not_a_domain"),
        ("'[]'", "not_a_domain"),
        ("[('user_id', '=', uid)]", "not_a_domain"),
        ("[('date', '>', context_today())]", "not_a_domain"),
        ("[('a', '=', 1)] + [('b', '=', 2)]", "not_a_domain"),
        ("[('a', '=', 1) for a in ()]", "not_a_domain"),
        ("[('a', '=', __import__('os'))]", "not_a_domain"),
        ("[", "not_a_domain"),
        ("\0", "not_a_domain"),
        ("[" * (MAX_LENGTH - 1), "not_a_domain"),
        ("[" + "-" * (MAX_LENGTH - 4) + "1]", "not_a_domain"),
        ("[" + " " * MAX_LENGTH + "]", "long_domain"),
        (repr(["|"] * (MAX_TERMS + 1)), "long_domain"),
    ],
)
def test_refused(text, problem):
    with pytest.raises(SettingError) as caught:
        parse_domain(text)
    assert caught.value.problem == problem


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("[('key', '=', 'a')]", {"a"}),
        ("[['key', '=', 'a']]", {"a"}),
        ("[('key', 'in', ['a', 'b'])]", {"a", "b"}),
        ("[('key', 'in', ('a', 'b'))]", {"a", "b"}),
        ("", set()),
        ("[('key', 'in', [])]", set()),
        ("[('key', '=like', 'a')]", set()),
        ("[('key', 'like', 'a')]", set()),
        ("[('key', '!=', 'a')]", set()),
        ("[('key', 'not in', ['a'])]", set()),
        ("[('value', '=', 'a')]", set()),
        ("[('key', '=', False)]", set()),
        ("[('key', 'in', ['a', False])]", set()),
        ("[('key', 'in', 'ab')]", set()),
        ("['!', ('key', '=', 'a')]", set()),
        ("['|', ('key', '=', 'a'), ('value', '=', 'b')]", set()),
        ("[('key', '=', 'a'), ('value', '=', 'b')]", set()),
    ],
)
def test_named_keys(text, keys):
    assert named_keys(text) == keys
