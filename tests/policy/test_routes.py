# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy.errors import LineError
from policy.routes import MAX_ROUTES, SEGMENT, Routes

segments = st.lists(st.from_regex(SEGMENT, fullmatch=True), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("text", "path", "named"),
    [
        ("/json/1", "/json/1", True),
        ("/json/1", "/json/1/", True),
        ("/json/1/", "/json/1", True),
        ("/json/1", "/json/1/res.partner/7", True),
        ("/json/1", "/json/12", False),
        ("/json/1", "/json", False),
        ("/json/1", "/json/2/res.partner/read", False),
        ("/json/1", "/JSON/1", False),
        ("/json/1", "json/1", False),
        ("/json/1", "//json/1", False),
        ("/json/1", "/json//1", False),
        ("/json/1", "/json/1//x", False),
        ("/json/1", "/json/1/../../web", False),
        ("/json/1", "/json/1/.", False),
        ("/json/1", "/json/1/...", False),
        ("/json/1", "/json/1/..\\web", False),
        ("/json/1", "/x/../json/1", False),
        ("/json/1", "/json/1%2F", False),
        ("/json/1", "/en/json/1", False),
        ("/json/1", "", False),
        ("/json/1", None, False),
        ("/json/1", "/json/1/é n.pdf", True),
        ("/a\n\r\n  /b/c  \n", "/b/c/d", True),
        ("/a\n/b/c", "/b", False),
        ("", "/", False),
        ("", "/json/1", False),
    ],
)
def test_names(text, path, named):
    assert Routes.parse(text).names(path) is named


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("/", "not_a_route", 1),
        ("//", "not_a_route", 1),
        ("json/1", "not_a_route", 1),
        ("/ok\nhttps://example.com/json/1", "not_a_route", 2),
        ("/json/*", "not_a_route", 1),
        ("/json/<int:id>", "not_a_route", 1),
        ("/json//1", "not_a_route", 1),
        ("/json/../1", "not_a_route", 1),
        ("/json/.", "not_a_route", 1),
        ("/json/.hidden", "not_a_route", 1),
        ("/json/%31", "not_a_route", 1),
        ("/json/1?debug=1", "not_a_route", 1),
        ("/json/1#x", "not_a_route", 1),
        ("/json/1;x", "not_a_route", 1),
        ("/json 1", "not_a_route", 1),
        ("/json\\1", "not_a_route", 1),
        ("/jsön/1", "not_a_route", 1),
        ("/json/1, /b", "not_a_route", 1),
        ("/json/2", "route_by_rules", 1),
        ("/ok\n\n/json/2/res.partner", "route_by_rules", 3),
        ("/jsonrpc", "route_by_rules", 1),
        ("/xmlrpc/2/object", "route_by_rules", 1),
    ],
)
def test_not_understood(text, problem, line):
    with pytest.raises(LineError) as caught:
        Routes.parse(text)
    assert (caught.value.problem, caught.value.line_number) == (problem, line)


def test_too_many():
    lines = [f"/a/{number}" for number in range(MAX_ROUTES)]
    assert len(Routes.parse("\n".join([*lines, *lines])).prefixes) == MAX_ROUTES
    with pytest.raises(LineError) as caught:
        Routes.parse("\n".join([*lines, "/b"]))
    assert caught.value.problem == "too_many_routes"


def test_in_words():
    assert str(Routes.parse("/a/b/\n/c")) == "/a/b, /c"
    assert not Routes.parse("\n")


@given(segments, st.lists(st.text(min_size=1), max_size=3))
def test_what_begins_so_is_named(prefix, rest):
    routes = Routes((tuple(prefix),))
    path = "/" + "/".join([*prefix, *rest])
    plain = all(
        part.strip(". ") and "\\" not in part
        for text in rest
        for part in text.split("/")
    )
    if plain:
        assert routes.names(path)
    if set(prefix) != {"x"}:
        assert not routes.names("/x" + path)
    assert not routes.names("/" + "/".join(prefix)[:-1])


@given(st.text(), st.text())
def test_anything(text, path):
    try:
        routes = Routes.parse(text)
    except LineError:
        return
    assert not routes.names("/json/2/res.partner/read") or any(
        prefix == ("json",) for prefix in routes.prefixes
    )
    assert routes.names(path) in (True, False)
