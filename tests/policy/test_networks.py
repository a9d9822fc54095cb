# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import contextlib
import copy
import pickle
import time
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from policy.errors import SHOWN, LineError
from policy.networks import MAX_NETWORKS, Networks

OFFICE = "203.0.113.0/24"


@pytest.mark.parametrize(
    ("text", "address", "inside"),
    [
        (OFFICE, "203.0.113.0", True),
        (OFFICE, "203.0.113.255", True),
        (OFFICE, "203.0.112.255", False),
        (OFFICE, "203.0.114.0", False),
        ("203.0.113.5", "203.0.113.5", True),
        ("203.0.113.5", "203.0.113.6", False),
        ("203.0.113.5/32", "203.0.113.5", True),
        ("2001:db8::/32", "2001:db8:ffff::1", True),
        ("2001:db8::/32", "2001:db9::", False),
        ("2001:DB8::1", "2001:0db8:0000::0001", True),
        ("2001:db8::1", "2001:db8::2", False),
        # An IPv4-mapped address is the IPv4 address in it, on either side.
        (OFFICE, "::ffff:203.0.113.5", True),
        (OFFICE, "::FFFF:cb00:7105", True),
        (OFFICE, "::ffff:203.0.114.5", False),
        ("::ffff:203.0.113.0/120", "203.0.113.5", True),
        ("::ffff:203.0.113.0/120", "::ffff:203.0.113.5", True),
        ("::ffff:203.0.113.0/120", "203.0.114.5", False),
        ("::ffff:203.0.113.5", "203.0.113.5", True),
        ("::ffff:0:0/96", "198.51.100.1", True),
        ("::ffff:0:0/96", "2001:db8::1", False),
        ("::/0", "2001:db8::1", True),
        ("::/0", "198.51.100.1", False),
        ("::/0", "::ffff:198.51.100.1", False),
        # Looks alike, but is another kind of address.
        (OFFICE, "::203.0.113.5", False),
        (OFFICE, "64:ff9b::203.0.113.5", False),
        # All of IPv4 is still a limit.
        ("0.0.0.0/0", "198.51.100.1", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("0.0.0.0/0", None, False),
        ("0.0.0.0/0", "", False),
        # The zone of an address is ignored.
        ("fe80::/10", "fe80::1%eth0", True),
        ("fe80::1", "fe80::1%eth0", True),
        ("fe80::1", "fe80::2%eth0", False),
        # Any of several lines will do.
        (f"{OFFICE}\n2001:db8::/32", "203.0.113.5", True),
        (f"{OFFICE}\n2001:db8::/32", "2001:db8::1", True),
        (f"{OFFICE}\n2001:db8::/32", "198.51.100.1", False),
        (f"\r\n \t\r\n  {OFFICE}\t \r\n\n", "203.0.113.5", True),
        (f"\u00a0{OFFICE}\u00a0", "203.0.113.5", True),
    ],
)
def test_contains(text, address, inside):
    assert Networks.parse(text).contains(address) is inside


NO_ADDRESS = [
    None,
    "",
    "localhost",
    "203.0.113",
    "203.0.113.005",
    " 203.0.113.5",
    "203.0.113.5\n",
    "203.0.113.5:8069",
    "203.0.113.5, 203.0.113.5",
    "203.0.113.5\0",
    "[::1]",
    "\ud800",
    # What ip_address() takes for an address, too:
    False,
    0,
    3405803781,
    b"\xcb\x00\x71\x05",
]


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_no_address_is_in_no_network(address):
    assert not Networks.parse("0.0.0.0/0\n::/0").contains(address)


@pytest.mark.parametrize("address", [*NO_ADDRESS, "203.0.113.5", "::1"])
def test_no_limit_accepts_anything(address):
    assert Networks.parse("").contains(address)


@pytest.mark.parametrize(
    ("text", "limits"),
    [("", False), (" \n\t\r\n\n", False), (OFFICE, True), ("0.0.0.0/0\n::/0", True)],
)
def test_is_true_when_it_limits(text, limits):
    assert bool(Networks.parse(text)) is limits


def test_is_a_value():
    networks = Networks.parse(f"{OFFICE}\n::1\n{OFFICE}\n::ffff:203.0.113.0/120")
    assert networks == Networks.parse(f"{OFFICE}\n\n::1")
    assert hash(networks) == hash(Networks.parse(f"{OFFICE}\n::1"))
    assert len(networks.networks) == 2, "repeated networks count once"
    with pytest.raises(AttributeError):
        networks.networks = ()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1.2.3", "not_a_network"),
        ("1.2.3/24", "not_a_network"),
        ("010.0.0.1", "not_a_network"),
        ("010.0.0.0/8", "not_a_network"),
        ("256.0.0.1", "not_a_network"),
        ("0x7f.0.0.1", "not_a_network"),
        ("2130706433", "not_a_network"),
        ("١.١.١.١", "not_a_network"),
        ("2001:db8:::1", "not_a_network"),
        ("[::1]", "not_a_network"),
        ("localhost", "not_a_network"),
        ("*", "not_a_network"),
        ("/24", "not_a_network"),
        ("# the office", "not_a_network"),
        ("203.0.113.0/24, 198.51.100.1", "bad_prefix"),
        ("203.0.113.0/24 # the office", "bad_prefix"),
        ("203.0.113.5, 198.51.100.1", "not_a_network"),
        ("203.0.113.5-203.0.113.9", "not_a_network"),
        ("203.0.113.5\0", "not_a_network"),
        ("203.0.113.5\x0b198.51.100.1", "not_a_network"),
        ("203.0.113.5\r198.51.100.1", "not_a_network"),
        ("203.0.113.0 /24", "not_a_network"),
        ("\ud800", "not_a_network"),
        ("203.0.113.0/", "bad_prefix"),
        ("203.0.113.0/33", "bad_prefix"),
        ("2001:db8::/129", "bad_prefix"),
        ("203.0.113.0/-1", "bad_prefix"),
        ("203.0.113.0/+24", "bad_prefix"),
        ("203.0.113.0/024", "bad_prefix"),
        ("203.0.113.0/2_4", "bad_prefix"),
        ("203.0.113.0/٢٤", "bad_prefix"),
        ("203.0.113.0/24/24", "bad_prefix"),
        ("203.0.113.0/ 24", "bad_prefix"),
        ("203.0.113.0/255.255.255.0", "bad_prefix"),
        ("203.0.113.0/0.0.0.255", "bad_prefix"),
        ("203.0.113.0/" + "9" * 5000, "bad_prefix"),
        ("203.0.113.5/24", "host_bits"),
        ("203.0.113.5/0", "host_bits"),
        ("2001:db8::1/32", "host_bits"),
        ("::ffff:203.0.113.5/120", "host_bits"),
        ("::ffff:0:0/95", "host_bits"),
        ("fe80::1%eth0", "zone"),
        ("fe80::%eth0/64", "zone"),
        ("::ffff:203.0.113.5%eth0", "zone"),
    ],
)
def test_refuses(line, problem):
    text = f"{OFFICE}\r\n\r\n {line} \nalso bad"
    with pytest.raises(LineError) as caught:
        Networks.parse(text)
    error = caught.value
    assert (error.problem, error.line_number) == (problem, 3)
    assert isinstance(error, ValueError)
    assert len(error.line) <= SHOWN
    assert error.line.isprintable(), "NUL bytes and their like are not passed on"
    if line.isprintable() and len(line) <= SHOWN:
        assert error.line == line
        assert error.value in line
    assert f"line 3: {problem}" in str(error)


def test_refuses_more_than_can_be_looked_through():
    lines = [f"10.0.{i // 256}.{i % 256}\n" for i in range(MAX_NETWORKS)]
    assert len(Networks.parse("".join(lines)).networks) == MAX_NETWORKS
    with pytest.raises(LineError) as caught:
        Networks.parse("".join(lines) + "\n\n::1\n")
    assert caught.value.problem == "too_many"
    assert caught.value.line_number == MAX_NETWORKS + 3


def test_an_error_can_be_copied():
    with pytest.raises(LineError) as caught:
        Networks.parse("\n" + "x\0" * 10**6)
    error = caught.value
    assert len(repr(error)) < 4 * SHOWN
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert vars(twin) == vars(error)
        assert str(twin) == str(error)


@pytest.mark.parametrize(
    "text",
    ["1", "1.", "1:", "::", "\n", " ", "1.1.1.1\n", "/", "1.1.1.1/", "\0", "%", "::%"],
)
def test_huge_text_is_soon_done(text):
    text *= 1_000_000 // len(text)
    begin = time.perf_counter()
    with contextlib.suppress(LineError):
        Networks.parse(text)
    Networks.parse("::/0").contains(text)
    assert time.perf_counter() - begin < 5, "normally a tenth of a second"


# An address is (version, number), a network (version, first, last): the oracle knows
# no more of ipaddress than how numbers are written.


def write_address(address, style):
    version, number = address
    if version == 6:
        text = str(IPv6Address(number))
    elif style == "mapped":
        text = f"::ffff:{IPv4Address(number)}"
    elif style == "hex":
        text = f"0:0:0:0:0:FFFF:{number >> 16:X}:{number & 0xFFFF:04x}"
    else:
        text = str(IPv4Address(number))
    return text


def canonical(version, number):
    if version == 6 and number >> 32 == 0xFFFF:
        return 4, number & 0xFFFFFFFF
    return version, number


@st.composite
def written_networks(draw):
    """(text, version, first, last); the addresses are those of that version only."""
    version = draw(st.sampled_from([4, 6]))
    bits = 32 if version == 4 else 128
    prefix = draw(st.integers(0, bits))
    size = 1 << (bits - prefix)
    first = draw(st.integers(0, (1 << prefix) - 1)) * size
    style = draw(st.sampled_from(["plain", "mapped", "hex"]))
    text = write_address((version, first), style)
    if size > 1 or draw(st.booleans()):
        longer = 96 if version == 4 and style != "plain" else 0
        text += f"/{prefix + longer}"
    if version == 6 and prefix >= 96 and first >> 32 == 0xFFFF:
        version, first = 4, first & 0xFFFFFFFF
    return text, version, first, first + size - 1


@st.composite
def networks_and_addresses(draw):
    networks = draw(st.lists(written_networks(), min_size=1, max_size=4))
    edges = [(4, 0), (6, 0xFFFF << 32), (6, (0xFFFF << 32) - 1), (6, 1 << 48)]
    for _text, version, first, last in networks:
        edges += [(version, n) for n in (first - 1, first, last, last + 1)]
    edges = [
        (version, n)
        for version, n in edges
        if 0 <= n < 1 << (32 if version == 4 else 128)
    ]
    anything = st.one_of(
        st.tuples(st.just(4), st.integers(0, (1 << 32) - 1)),
        st.tuples(st.just(6), st.integers(0, (1 << 128) - 1)),
    )
    return networks, edges + draw(st.lists(anything, max_size=3))


@given(networks_and_addresses(), st.sampled_from(["plain", "mapped", "hex"]))
def test_contains_what_the_numbers_say(case, style):
    written, addresses = case
    networks = Networks.parse("\n".join(text for text, *_ in written))
    for address in addresses:
        version, number = canonical(*address)
        expected = any(
            version == of and first <= number <= last for _, of, first, last in written
        )
        assert networks.contains(write_address(address, style)) is expected


@given(st.ip_addresses(), st.integers(0, 128), st.booleans())
@example(ip_address("::ffff:203.0.113.0"), 119, False)
@example(ip_address("::ffff:0:0"), 95, False)
def test_host_bits_are_refused(address, prefix, clear):
    host = 1 << max(0, address.max_prefixlen - prefix)
    if clear:
        address -= int(address) % host
    text = f"{address}/{prefix}"
    if prefix <= address.max_prefixlen and int(address) % host == 0:
        assert Networks.parse(text).contains(str(address))
        return
    with pytest.raises(LineError) as caught:
        Networks.parse(text)
    fits = prefix <= address.max_prefixlen
    assert caught.value.problem == ("host_bits" if fits else "bad_prefix")


NETWORK_TEXT = st.text(st.sampled_from("0125 .:/%fF\n\r\t\0-٢"), max_size=40)


@given(st.one_of(st.text(), NETWORK_TEXT, st.ip_addresses().map(str)))
def test_any_text_is_read_or_refused(text):
    try:
        networks = Networks.parse(text)
    except LineError as error:
        lines = text.split("\n")
        assert Networks.parse("\n".join(lines[: error.line_number - 1])) is not None
        with pytest.raises(LineError):
            Networks.parse(lines[error.line_number - 1])
        return
    assert bool(networks) is bool(text.strip())
    for line in text.split():
        assert networks.contains(line.partition("/")[0])


@given(st.one_of(st.text(), NETWORK_TEXT, st.none()))
def test_any_address_is_in_or_out(address):
    inside = Networks.parse("0.0.0.0/0\n::/0").contains(address)
    try:
        ip_address(address)
    except ValueError:
        assert not inside
    else:
        assert inside
