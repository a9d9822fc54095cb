# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy.context_keys import MAX_KEYS, is_reaching, parse_context_keys
from policy.errors import LineError


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", set()),
        (" ,\n,, ", set()),
        ("tracking_disable", {"tracking_disable"}),
        ("a, b\r\nc,\n_d", {"a", "b", "c", "_d"}),
        ("a,a\na", {"a"}),
        ("default_name", {"default_name"}),
    ],
)
def test_parse(text, keys):
    assert parse_context_keys(text) == keys


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a b", 1),
        ("a\n\nb-c", 3),
        ("a.b", 1),
        ("default_*", 1),
        ("1a", 1),
        ("é", 1),
        ("a;b", 1),
        ("'a'", 1),
        ("a\0", 1),
        ("x" * 101, 1),
    ],
)
def test_not_understood(text, line):
    with pytest.raises(LineError) as caught:
        parse_context_keys(text)
    assert (caught.value.problem, caught.value.line_number) == (
        "not_a_context_key",
        line,
    )


def test_too_many():
    keys = [f"key_{number}" for number in range(MAX_KEYS)]
    assert len(parse_context_keys(",".join([*keys, *keys]))) == MAX_KEYS
    with pytest.raises(LineError) as caught:
        parse_context_keys("\n".join([*keys, "another"]))
    assert caught.value.problem == "too_many_context_keys"


@given(st.text())
def test_anything(text):
    try:
        keys = parse_context_keys(text)
    except LineError:
        return
    assert all(key.isidentifier() and key.isascii() for key in keys)


@pytest.mark.parametrize(
    "key",
    [
        "_force_unlink",
        "show_address",
        "show_vat",
        "active_model",
        "active_ids",
        "default_user_id",
        "name_create_enabled_fields",
        "tracking_disable",
        "mail_post_autofollow",
        "no_reset_password",
    ],
)
def test_reaching(key):
    assert is_reaching(key)


@pytest.mark.parametrize("key", ["lang", "website_id", "shipping_method", "x_source"])
def test_not_known_to_reach(key):
    assert not is_reaching(key)
