# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The networks that a scope accepts calls from."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from .errors import LineError

# Every call walks through the list, so it stays short.
MAX_NETWORKS = 1000

# int() would also take "+8", "1_6", "024" and digits of other scripts.
PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Networks:
    """The networks that a call may come from; none means anywhere.

    An IPv4-mapped IPv6 address (``::ffff:203.0.113.5``) is the IPv4 address in it,
    here and in what an administrator writes. So ``::ffff:0:0/96`` is ``0.0.0.0/0``,
    and a wider IPv6 network, ``::/0`` as well, holds no IPv4 address.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Networks":
        """Read one network or address a line; blank lines are skipped.

        There are no comments, and a network that is repeated counts once.

        :param text: such as ``"203.0.113.0/24\\n2001:db8::1"``; empty: anywhere
        :raise LineError: at the first line that is not understood. ``problem`` is
            ``not_a_network``;
            ``zone``: an IPv6 zone (``fe80::1%eth0``) names a network card of one
            machine, and a scope holds on every machine;
            ``bad_prefix``: what follows the slash is not a length that fits (a mask
            is refused too: ``0.0.0.255`` and ``255.255.255.0`` look alike);
            ``host_bits``: ``203.0.113.5/24`` may mean the address or the network;
            ``too_many``: this is network number ``MAX_NETWORKS + 1``
        """
        networks = []
        # Not splitlines(): it also splits where an editor shows no new line.
        for number, line in enumerate(text.split("\n"), 1):
            entry = line.strip()
            if not entry:
                continue
            if len(networks) == MAX_NETWORKS:
                raise LineError("too_many", entry, number, line)
            networks.append(_parse_line(entry, number))
        return cls(tuple(dict.fromkeys(networks)))

    def contains(self, address: str | None) -> bool:
        """Whether a call from ``address`` is accepted.

        :param address: the caller's address, if known. One that is missing or
            malformed is in no network, but is accepted where there is no limit.
            Its IPv6 zone is ignored: ``fe80::1%eth0`` is in ``fe80::/10``.
        """
        if not self.networks:
            return True
        # ip_address() would read False as 0.0.0.0, and four bytes as an address.
        if not isinstance(address, str):
            return False
        caller = _parse_caller(address)
        return caller is not None and any(
            caller in network for network in self.networks
        )

    def __bool__(self) -> bool:
        """Whether anything is limited."""
        return bool(self.networks)


@lru_cache(maxsize=1024)
def _parse_caller(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return _unmapped(ip_address(address))
    except ValueError:
        return None


def _parse_line(entry: str, number: int) -> IPv4Network | IPv6Network:
    written, slash, prefix = entry.partition("/")
    try:
        address = ip_address(written)
    except ValueError:
        raise LineError("not_a_network", entry, number, entry) from None
    if "%" in written:
        raise LineError("zone", written, number, entry)
    length = address.max_prefixlen
    if slash:
        if not PREFIX.fullmatch(prefix) or int(prefix) > length:
            raise LineError("bad_prefix", prefix, number, entry)
        length = int(prefix)
    try:
        network = ip_network((str(address), length))
    except ValueError:
        raise LineError("host_bits", entry, number, entry) from None
    if length >= 96 and _unmapped(address) is not address:
        return ip_network((str(_unmapped(address)), length - 96))
    return network


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address in an IPv4-mapped one, or else ``address``."""
    return getattr(address, "ipv4_mapped", None) or address
