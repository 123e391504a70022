"""`captures.interfaces`: reading what the systems say, and choosing what to record."""

from __future__ import annotations

import json
import sys
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures import interfaces
from captures.interfaces import (
    Interface,
    choose_interfaces,
    interface_to,
    list_interfaces,
    parse_dumpcap_list,
    parse_ifconfig,
    parse_ip_addr,
    routes_text,
)

_FACES = (
    Interface("lo", True, True, ("127.0.0.1", "::1")),
    Interface("eth0", True, False, ("192.0.2.2",)),
    Interface("tun0", True, False, ("10.8.0.2",)),
    Interface("docker0", True, False, ("172.17.0.1",)),
    Interface("wlan0", False, False),
)
_MACOS = """lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tether 00:00:5e:00:53:01
\tinet 192.0.2.2 netmask 0xffffff00 broadcast 192.0.2.255
gif0: flags=8010<POINTOPOINT,MULTICAST> mtu 1280
"""


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a VPN to 10.0.0.0/8 and a default route."""

    def route(address: str, faces: object) -> str | None:
        if address.startswith("127.") or address == "::1":
            return "lo"
        if ":" in address:
            return None
        return "tun0" if address.startswith("10.") else "eth0"

    monkeypatch.setattr(interfaces, "interface_to", route)


@pytest.mark.usefixtures("routed")
@pytest.mark.parametrize(
    ("addresses", "complete", "expected"),
    [
        (["192.0.2.53"], True, ("eth0",)),
        (["10.8.0.53"], True, ("eth0", "tun0")),
        (["127.0.0.53"], True, ("eth0", "lo")),
        (["::1"], True, ("eth0", "lo")),
        (["2001:db8::53"], True, ("eth0",)),
        (["127.0.0.53"], False, ("eth0", "lo", "tun0", "docker0")),
    ],
)
def test_what_leads_to_the_addresses_is_recorded(
    addresses: list[str], complete: bool, expected: tuple[str, ...]
) -> None:
    assert choose_interfaces(addresses, _FACES, complete) == expected


def test_without_any_route_everything_that_is_up_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interfaces, "interface_to", lambda address, faces: None)
    assert choose_interfaces([], _FACES, True) == ("eth0", "tun0", "docker0")
    assert choose_interfaces([], _FACES[:1], True) == ("lo",)


def test_ip_addr_is_read() -> None:
    text = json.dumps(
        [
            {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "addr_info": [{"local": "127.0.0.1"}]},
            {"ifname": "eth0", "flags": ["BROADCAST"]},
            {},
        ]
    )
    assert parse_ip_addr(text) == (
        Interface("lo", True, True, ("127.0.0.1",)),
        Interface("eth0", False, False),
    )


def test_ifconfig_is_read() -> None:
    assert parse_ifconfig(_MACOS) == (
        Interface("lo0", True, True, ("127.0.0.1", "fe80::1")),
        Interface("en0", True, False, ("192.0.2.2",)),
        Interface("gif0", False, False),
    )


def test_dumpcap_is_read() -> None:
    text = "1. \\Device\\NPF_{1}\t\tEthernet\t0\t192.0.2.2,fe80::1\tnetwork\t\nnoise\n"
    assert parse_dumpcap_list(text) == (
        Interface("\\Device\\NPF_{1}", True, False, ("192.0.2.2", "fe80::1")),
    )


@given(st.text(max_size=60))
def test_no_output_is_too_strange(text: str) -> None:
    parse_ip_addr(text)
    parse_ifconfig(text)
    parse_dumpcap_list(text)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
@pytest.mark.skipif(which("ip") is None, reason="needs ip (apt install iproute2)")
def test_this_machine_is_asked() -> None:
    faces = list_interfaces()
    assert any(face.loopback for face in faces)
    assert interface_to("127.0.0.1", faces) == "lo"
    assert interface_to("no address", faces) is None
    routes = routes_text()
    assert routes is None or isinstance(json.loads(routes), list)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
def test_this_machine_is_asked_without_ip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interfaces, "run_text", lambda *command: "")
    assert Interface("lo", True, True) in list_interfaces()
    assert routes_text() is None
    faces = (Interface("lo", True, True, ("127.0.0.1",)),)
    assert interface_to("127.0.0.1", faces) == "lo"
