# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the call log shows of arguments: bounded, without secrets, files, and strangers."""

import json
import time
import xmlrpc.client
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy.arguments import LIMIT, Names, Sent, is_secret_argument, show_arguments
from policy.catalogue import GENERIC_METHODS

KNOWN = {
    None: Names(
        secrets=frozenset({"password", "pin", "signup_token"}),
        binaries=frozenset({"image", "datas"}),
    ),
    "contact": Names(
        fields=frozenset(
            {"id", "name", "pin", "age", "image", "note", "parent", "lines", "users"}
        ),
        secrets=frozenset({"pin"}),
        binaries=frozenset({"image"}),
        comodels={"parent": "contact", "lines": "line", "users": "user"},
        to_many=frozenset({"lines", "users"}),
    ),
    "line": Names(
        fields=frozenset({"id", "name", "pin", "contact", "server"}),
        comodels={"contact": "contact", "server": "server"},
    ),
    "user": Names(
        fields=frozenset({"id", "login", "password"}),
        secrets=frozenset({"password"}),
    ),
    "server": Names(fields=frozenset({"id", "host"}), store=True),
}
REDACTED = "[redacted]"


def known(model):
    return KNOWN.get(model, KNOWN[None])


def show(method, ids=None, /, *, full, model="contact", context=None, **named):
    """Return what is shown, as a text."""
    sent = Sent(model, method, ids, tuple(named.items()), context or {})
    return show_arguments(sent, full=full, known=known)


def shape(*args, **named):
    return json.loads(show(*args, full=False, **named))


def full(*args, **named):
    return json.loads(show(*args, full=True, **named))


def one_argument(value, *, full):
    return json.loads(show("do", full=full, x=value))["x"]


# -- shape


def test_shape_of_values():
    for value, shown in (
        ("Ada", "text(3)"),
        ("", "text(0)"),
        (5, "number"),
        (0.5, "number"),
        (10**400, "number"),
        (float("nan"), "number"),
        (True, "boolean"),
        (None, "null"),
        (datetime(2026, 1, 1), "datetime"),
        (date(2026, 1, 1), "date"),
        (b"12345", "[binary, 5 bytes]"),
        (xmlrpc.client.Binary(b"123"), "[binary, 3 bytes]"),
        (object(), "[object]"),
        ([], []),
        ({}, {}),
        (["Ada"], ["text(3)"]),
        (["Ada", "Grace", "Alan"], ["text", "3 items"]),
        (["Ada", 1, "x", 2], ["text", "number", "4 items"]),
        ({"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": "number"}]}}),
        ({"no name, but: a text": 1}, {"text(20)": "number"}),
        ({"a b": 1, "c d": 2}, {"text(3)": "number", "text(3) (2)": "number"}),
        ({5: "x"}, {"[int]": "text(1)"}),
        ({"n" * 500: 1}, {"text(500)": REDACTED}),
    ):
        assert one_argument(value, full=False) == shown


def test_shape_of_a_list_of_values():
    people = [{"name": f"Number {number}", "age": number} for number in range(1000)]
    assert shape("create", vals_list=people) == {
        "vals_list": [{"name": "text", "age": "number"}, "1,000 items"]
    }
    mixed = [{"name": "x"}, {"age": 1}, {"name": "yy"}]
    assert shape("create", vals_list=mixed) == {
        "vals_list": [{"name": "text"}, {"age": "number"}, "3 items"]
    }


def test_shape_of_a_search():
    assert shape(
        "search_read",
        domain=[
            "|",
            "!",
            ("parent.name", "not ilike", "Ada"),
            ["lines", "any", [["id", "in", [1, 2]], ["server", "=", 5]]],
            ["id", "=", 7],
            ["parent.id", "in", [8, "x"]],
            ["age", ">", 30],
            ["note", "says", "x"],
            ["my own words", "=", 1],
            "text",
            [1, "=", 1],
        ],
        fields=["name", "parent", "not a name"],
        order="name desc NULLS last, id",
        limit=80,
    ) == {
        "domain": [
            "|",
            "!",
            ["parent.name", "not ilike", "text(3)"],
            ["lines", "any", [["id", "in", [1, 2]], ["server", "=", "number"]]],
            ["id", "=", 7],
            ["parent.id", "in", ["number", "text", "2 items"]],
            ["age", ">", "number"],
            ["note", "text(4)", "text(1)"],
            ["text(12)", "=", "number"],
            "text(4)",
            ["number", "text", "3 items"],
        ],
        "fields": ["name", "parent", "text(10)"],
        "order": "name desc NULLS last, id",
        "limit": "number",
    }


def test_names_are_kept():
    names = [
        "note:month",
        "total:sum(age)",
        "parent/name",
        ".id",
        "note.x_1",
        "__count",
    ]
    assert shape("read_group", groupby=names, fields=names) == {
        "groupby": names,
        "fields": names,
    }
    for order in ("my own words", "Ada", " Ada "):
        assert shape("search", order=order) == {"order": f"text({len(order)})"}
    assert shape("read", fields=["Ada", "nam"]) == {"fields": ["text(3)", "text(3)"]}
    assert full("read", fields=["Ada", "name"]) == {"fields": ["Ada", "name"]}
    specification = {
        "name": {},
        "lines": {
            "fields": {"name": {}, "contact": {"fields": {"pin": {}}}},
            "order": "name",
            "limit": 5,
            "context": {"default_name": "x", "default_pin": 5, "lang": "en_US"},
            "domain": [["name", "=", "x"]],
        },
    }
    shown = shape("web_read", [1], specification=specification)["specification"]
    assert shown["name"] == {}
    assert shown["lines"] == {
        "fields": {"name": {}, "contact": {"fields": {"pin": {}}}},
        "order": "name",
        "limit": "number",
        "context": {
            "default_name": "text(1)",
            "default_pin": "number",
            "lang": "text(5)",
        },
        "domain": [["name", "=", "text(1)"]],
    }


def test_ids_are_kept():
    assert shape("unlink", [1, 2])["ids"] == [1, 2]
    assert shape("unlink", 5)["ids"] == 5
    assert shape("unlink", list(range(1000)))["ids"] == [*range(100), "900 more"]
    assert shape("unlink", ["Ada", 1])["ids"] == ["text", "number", "2 items"]
    assert full("unlink", "Ada")["ids"] == "text(3)"
    commands = [
        [6, 0, [1, 2]],
        [4, 5],
        [0, 0, {"name": "x"}],
        [1, 3, {"pin": "x"}],
        [5],
    ]
    assert shape("write", vals={"lines": commands}) == {
        "vals": {
            "lines": [
                [6, 0, [1, 2]],
                [4, 5],
                [0, 0, {"name": "text"}],
                [1, 3, {"pin": "text"}],
                [5],
                "5 items",
            ]
        }
    }
    # what is no field, or no command, is not taken for one
    assert shape("do", x=[[4, 5000]])["x"] == [["number", "2 items"]]
    assert shape("write", vals={"lines": [[4, "Ada"], ["x"]]}) == {
        "vals": {"lines": [[4, "text"], ["text"], "2 items"]}
    }


def test_imports():
    rows = [["Ada", "1234", "aGVsbG8="]] * 3
    columns = ["name", "pin", "parent/image"]
    assert shape("load", fields=columns, data=rows) == {
        "fields": columns,
        "data": [["text", REDACTED, "[binary, 5 bytes]"], "3 items"],
    }
    assert (
        full("load", fields=["name"], data=rows)["data"]
        == [["Ada", REDACTED, REDACTED]] * 3
    )
    assert full("load", data=rows)["data"] == [["text", "3 items"], "3 items"]


# -- everything


def test_all_values():
    sent = {
        "vals_list": [
            {"name": "Ada", "age": 36, "note": None, "lines": [[4, 1], [0, 0, {}]]}
        ]
    }
    assert full("create", **sent) == sent
    sent = {"domain": [["name", "=", "Ada"]], "fields": ["name"], "limit": 5}
    assert full("search_read", **sent) == sent
    assert full("do", [5], x="é", context={"lang": "fr_FR"}) == {
        "ids": [5],
        "x": "é",
        "context": {"lang": "fr_FR"},
    }
    assert one_argument(datetime(2026, 1, 2), full=True) == "2026-01-02T00:00:00"
    assert show("do", full=True) is None


def test_order_is_that_of_the_caller():
    assert show("do", full=True, z=1, a={"z": 1, "b": 2}) == '{"z":1,"a":{"z":1,"b":2}}'


def test_long_texts_are_cut():
    shown = one_argument("word " * 1000, full=True)
    assert shown == ("word " * 100) + "… (5,000 characters)"
    assert one_argument("word " * 100, full=True) == "word " * 100


@pytest.mark.parametrize("is_full", [False, True])
def test_files(is_full):
    content = "aGVsbG8=" * 1000
    for value, size in (
        ({"image": "aGVsbG8="}, 5),
        ({"lines": [[0, 0, {"contact": 1, "datas": "aGVsbG8="}]]}, 5),
        ({"parent": {"image": b"12345"}}, 5),
    ):
        text = show("create", full=is_full, vals_list=[value])
        assert f"[binary, {size} bytes]" in text
        assert "aGVs" not in text
    assert "aGVs" not in show("search", full=is_full, domain=[["image", "=", "aGVs"]])
    text = show("do", full=is_full, attachments=[["a.txt", "short content"]])
    assert "content" not in text
    assert "aGVs" not in show("do", full=is_full, x=content)
    assert "aGVs" not in show("do", full=is_full, x=f"data:image/png;base64,{content}")


def test_files_in_texts():
    assert one_argument("aGVsbG8h" * 1000, full=True) == "[binary, 6,000 bytes]"
    assert (
        one_argument("data:image/png;base64,aGVsbG8=", full=True) == "[binary, 5 bytes]"
    )
    shown = one_argument('<img src="data:image/png;base64,aGVsbG8=">', full=True)
    assert shown == '<img src="[binary]">'
    shown = one_argument("My file: " + "aGVsbG8h" * 1000, full=True)
    assert shown.startswith("My file: [binary]")
    assert "aGVs" not in shown


# -- secrets


@pytest.mark.parametrize("is_full", [False, True])
def test_secrets_by_model(is_full):
    for value in (
        {"pin": "s3cret"},
        {"parent": 1, "users": [[0, 0, {"password": "s3cret"}]]},
        {"lines": [[1, 5, {"contact": {"pin": "s3cret"}}]]},
        {"password": "s3cret"},  # no field of the model
        {"note": {"accessToken": "s3cret"}},
        {"note": {"a": [{"password": ["s3cret"]}]}},
    ):
        text = show("create", full=is_full, vals_list=[value])
        assert REDACTED in text
        assert "s3cret" not in text
        assert "(6)" not in text, "nor how long it is"
    # the same name is no secret in another model
    assert "1234" in show(
        "create", full=True, model="line", vals_list=[{"pin": "1234"}]
    )


@pytest.mark.parametrize("is_full", [False, True])
def test_secrets_in_domains_and_contexts(is_full):
    for domain in (
        [["pin", "=", "s3cret"]],
        [["lines.contact.pin", "in", ["s3cret"]]],
        [["parent", "any", [["pin", "=", "s3cret"]]]],
        [["lines", "not any", [["server.host", "=", "s3cret"]]]],
        [["unknown.password", "=", "s3cret"]],
        [["a." * 100 + "b", "=", "s3cret"]],
    ):
        text = show("search", full=is_full, domain=domain)
        assert REDACTED in text
        assert "s3cret" not in text
    for context in (
        {"default_pin": "s3cret"},
        {"default_users": [[0, 0, {"password": "s3cret"}]]},
        {"api_key": "s3cret"},
        [["default_pin", "s3cret"]],
    ):
        text = show("create", full=is_full, context=context)
        assert REDACTED in text
        assert "s3cret" not in text


@pytest.mark.parametrize("is_full", [False, True])
def test_secrets_of_unknown_methods(is_full):
    for named in (
        {"password": "s3cret"},
        {"new_passwd": "s3cret"},
        {"apiKey": "s3cret"},
        {"key": "s3cret"},
        {"pin": "s3cret"},
        {"headers": {"Authorization": "s3cret", "X-Api-Key": "s3cret"}},
        {"domain": [["password", "=", "s3cret"]]},
        {"pairs": [["token", "s3cret"]]},
        {"field_name": "password", "value": "s3cret"},
        {"payload": '{"password": "s3cret"}'},
        {"payload": "<password>s3cret</password>"},
        {"url": "https://ada:s3cret@example.com/"},
        {"url": "https://example.com/?access_token=s3cret"},
        {"header": "Bearer s3cret-s3cret"},
    ):
        text = show("do", full=is_full, **named)
        assert "s3cret" not in text


def test_arguments_without_a_name_are_shown_by_their_shape():
    sent = Sent("contact", "do", None, ((None, "s3cret"), (None, 5)))
    shown = show_arguments(sent, full=True, known=known)
    assert json.loads(shown) == {"…": "text(6)", "… (2)": "number"}


@pytest.mark.parametrize("is_full", [False, True])
def test_stores_of_secrets(is_full):
    for method, named in (
        ("create", {"vals_list": [{"host": "s3cret", "id": 5}]}),
        ("search", {"domain": [["host", "=", "s3cret"]]}),
        ("name_search", {"name": "s3cret"}),
        ("set_param", {"what": "s3cret", "value": ["s3cret"]}),
        ("load", {"fields": ["host"], "data": [["s3cret"]]}),
    ):
        text = show(method, full=is_full, model="server", **named)
        assert REDACTED in text
        assert "s3cret" not in text
    assert "host" in show("search_read", full=is_full, model="server", fields=["host"])


@pytest.mark.parametrize("is_full", [False, True])
def test_keys_of_odoo(is_full):
    key = "0123456789abcdef0123456789abcdef01234567"
    for named in (
        {"x": key},
        {"x": f"it is {key}, is it not"},
        {"x": "word " * 98 + key},
        {"x": {f"a{key}": 1, f" {key}": 2}},
        {"domain": [[f"a{key}", "=", 1]]},
        {"fields": [f"a{key}"], "order": f"a{key}"},
    ):
        for method in ("do", "search_read"):
            text = show(method, full=is_full, **named)
            assert key[:10] not in text


def test_names_of_secrets():
    for name in (
        *(
            "password",
            "newPassword",
            "new_passwd",
            "pin",
            "otp",
            "secret",
            "client_secret",
        ),
        *(
            "api_key",
            "apiKey",
            "X-Api-Key",
            "key",
            "privateKey",
            "token",
            "jwt",
            "hmac",
        ),
        *(
            "masterKey",
            "userPin",
            "authorization",
            "auth",
            "webhook_url",
            "signature",
            "x" * 200,
        ),
    ):
        assert is_secret_argument(name), name
    for name in (
        *("name", "body", "partner_id", "vals", "domain", "lang", "x"),
        *("message_type", "subtype_xmlid", "author_id", "keyword", "monkey"),
    ):
        assert not is_secret_argument(name), name


# -- the limit


def test_the_cut_is_said():
    text = show("create", full=True, vals_list=[{"name": "x" * 99}] * 100)
    assert len(text) == LIMIT
    assert text.endswith("… cut: 11,115 characters in all")
    text = show("create", full=True, vals_list=[{"name": "x" * 99}] * 10_000)
    assert len(text) == LIMIT
    assert text.partition("… cut: ")[2].startswith("more than ")
    assert text.endswith(" characters in all")


def deep(make, value, depth=100_000):
    for _level in range(depth):
        value = make(value)
    return value


class Endless(dict):
    """A mapping that would be looked at for ever."""

    def items(self):
        number = 0
        while True:
            number += 1
            yield f"name_{number}", "x"


HUGE = {
    "text": "x y" * 30_000_000,
    "base64": "aGVs" * 25_000_000,
    "keys": "0123456789abcdef" * 5_000_000,
    "near secrets": "token" * 20_000_000,
    "list": [[{"name": "x"}]] * 1_000_000,
    "mapping": {f"name_{number}": "x" * 400 for number in range(300_000)},
    "long keys": {"x" * 1_000_000 + str(number): 1 for number in range(50)},
    "endless": Endless(),
    "deep lists": deep(lambda value: [value], "x"),
    "deep pairs": deep(lambda value: [value, value], "x"),
    "deep mappings": deep(lambda value: {"lines": value}, "x"),
    "deep commands": deep(lambda value: {"lines": [[0, 0, value]]}, {}),
    "deep domains": deep(lambda value: [["parent", "any", value]], []),
    "deep specifications": deep(lambda value: {"parent": {"fields": value}}, {}),
    "texts near secrets": [("token" * 200)[number:] for number in range(5000)],
    "number": 10**4000,
    "numbers": [10**70] * 100_000,
}


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("what", HUGE)
def test_huge_and_deep(what, is_full):
    value = HUGE[what]
    arguments = [("do", "x")]
    arguments += [("create", "vals_list"), ("search", "domain"), ("search", "order")]
    arguments += [("web_read", "specification"), ("read", "fields"), ("load", "data")]
    started = time.perf_counter()
    for method, name in arguments:
        text = show(method, value, full=is_full, context=value, **{name: value})
        assert len(text) <= LIMIT
    # Some milliseconds each; a machine may stall, but not to read 100 MB.
    assert time.perf_counter() - started < 2


def test_many_arguments():
    text = show("do", full=True, **{f"name_{number}": 1 for number in range(100_000)})
    assert len(text) <= LIMIT
    assert '"…":"99,900 more"' in text


# -- anything

MARK = "s3cretmark"
NAMES = st.sampled_from(
    [
        "name",
        "note",
        "lines",
        "users",
        "parent",
        "image",
        "id",
        "x",
        "fields",
        "context",
    ]
)
SECRET_NAMES = st.sampled_from(["pin", "password", "signup_token", "apiKey", "auth"])
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(NAMES, st.sampled_from(["=", "in", "any"]), inner),
        st.tuples(st.integers(0, 7), st.integers(), inner),
        st.dictionaries(NAMES | st.text(), inner, max_size=4),
    ),
    max_leaves=20,
)
METHODS = st.sampled_from(["do", *GENERIC_METHODS])
ARGUMENTS = st.sampled_from(
    sorted(
        {name for names in GENERIC_METHODS.values() for name in names} | {"x", "values"}
    )
)
MODELS = st.sampled_from(["contact", "user", "server", "none such"])


LISTS_OF_NAMES = frozenset(
    {
        "fields",
        "allfields",
        "fields_to_export",
        "groupby",
        "aggregates",
        "order",
        "orderby",
    }
)


@st.composite
def calls(draw, values, without=frozenset()):
    """A call, any of whose parts is drawn from some values."""
    names = ARGUMENTS.filter(lambda name: name not in without)
    named = draw(st.dictionaries(names, values, max_size=3))
    return Sent(
        draw(MODELS),
        draw(METHODS),
        draw(st.none() | values),
        tuple(named.items()),
        draw(st.just({}) | values),
    )


@given(calls(VALUES), st.booleans())
def test_anything_is_shown_within_the_limit(sent, is_full):
    text = show_arguments(sent, full=is_full, known=known)
    assert text is None or len(text) <= LIMIT


def under(names, inner):
    """Anything with something planted under one of some names."""
    planted = st.one_of(
        st.builds(lambda name, value: {name: value}, names, inner),
        st.builds(lambda name, value: [name, "=", value], names, inner),
        st.builds(lambda name, value: {f"default_{name}": value}, names, inner),
        st.builds(
            lambda name, value: [[f"parent.{name}", "in", [value]]], names, inner
        ),
    )
    return st.recursive(
        planted,
        lambda deeper: st.one_of(
            st.lists(deeper, min_size=1, max_size=3),
            st.builds(lambda name, value: {name: value}, NAMES, deeper),
            st.builds(lambda name, value: [name, "any", value], NAMES, deeper),
            st.builds(
                lambda code, value: [[code, 0, value]], st.integers(0, 7), deeper
            ),
            st.builds(lambda name, value: {name: {"fields": value}}, NAMES, deeper),
            st.builds(lambda name, value: {name: {"context": value}}, NAMES, deeper),
        ),
        max_leaves=5,
    )


SECRETS = under(SECRET_NAMES, st.just(MARK) | st.just([MARK]))


@given(calls(SECRETS, LISTS_OF_NAMES), st.booleans())
def test_no_secret_is_shown(sent, is_full):
    assert MARK not in (show_arguments(sent, full=is_full, known=known) or "")


MARKED = st.text(max_size=10).map(lambda text: f"{text} {MARK} {text}")


@given(calls(VALUES | under(NAMES, MARKED) | MARKED | st.lists(MARKED)))
def test_the_shape_has_no_value(sent):
    assert MARK not in (show_arguments(sent, full=False, known=known) or "")
