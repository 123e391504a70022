"""The network interfaces of this machine, and which of them a set of addresses is reached by."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from captures.lazyclass import dataclass
from captures.proxies import parse_address

#: `ip` and `route` answer from the kernel's memory; this only guards against a hung system.
LOOKUP_TIMEOUT_S = 2.0

#: Documentation and test addresses (RFC 5737, RFC 3849): a route lookup for them gives the default
#: route, and no packet is sent.
_ANYWHERE = ("198.51.100.1", "2001:db8::1")


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface."""

    name: str  #: as the capture tools want it
    up: bool
    loopback: bool
    addresses: tuple[str, ...] = ()


def list_interfaces() -> tuple[Interface, ...]:
    """List the interfaces of this machine; empty when it does not tell."""
    sources: tuple[Callable[[], tuple[Interface, ...]], ...]
    if sys.platform == "win32":
        sources = (_from_dumpcap,)
    elif sys.platform == "linux":
        sources = (_from_ip, _from_sys)
    else:
        sources = (_from_ifconfig,)
    return next((found for source in sources if (found := source())), ())


def interface_to(address: str, interfaces: Sequence[Interface]) -> str | None:
    """Name the interface by which packets to `address` leave; None when there is no route."""
    if parse_address(address) is None:
        return None
    if sys.platform == "linux" and (text := run_text("ip", "-j", "route", "get", address)):
        try:
            return str(json.loads(text)[0]["dev"])
        except (ValueError, LookupError, TypeError):
            return None
    if sys.platform != "win32" and (text := run_text("route", "-n", "get", address)):
        match = re.search(r"^\s*interface:\s*(\S+)", text, re.MULTILINE)
        if match:
            return match.group(1)
    return _by_local_address(address, interfaces)


def choose_interfaces(
    addresses: Iterable[str], interfaces: Sequence[Interface], complete: bool
) -> tuple[str, ...]:
    """Name the interfaces to record so that nothing on the way to `addresses` is missed.

    The default route is always among them: what a local resolver or proxy forwards leaves there.
    When `complete` is false, some destination is unknown, and every interface that is up is taken.
    """
    outward = [face.name for face in interfaces if face.up and not face.loopback]
    wanted = [interface_to(address, interfaces) for address in (*_ANYWHERE, *addresses)]
    if not complete or not any(wanted):
        wanted += outward
    names = {face.name for face in interfaces}
    # A route may name a device that no tool can open (a VRF, a device of another namespace).
    chosen = tuple(dict.fromkeys(name for name in wanted if name and name in names))
    return chosen or tuple(face.name for face in interfaces if face.up)


def routes_text() -> str | None:
    """Give the routing tables of IPv4 and IPv6 as one JSON list; None where `ip` is missing."""
    tables = [run_text("ip", "-j", family, "route") for family in ("-4", "-6")]
    try:
        routes = [route for table in tables if table for route in json.loads(table)]
    except (ValueError, TypeError):
        return None
    return json.dumps(routes) if any(tables) else None


def run_text(*command: str) -> str:
    """Run a small system tool and give its output; '' when it is missing, fails or hangs."""
    try:
        finished = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=LOOKUP_TIMEOUT_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return finished.stdout.decode("utf-8", "replace") if finished.returncode == 0 else ""


def parse_ip_addr(text: str) -> tuple[Interface, ...]:
    """Read the output of `ip -j addr`."""
    try:
        return tuple(
            Interface(
                name=face["ifname"],
                up="UP" in face["flags"],
                loopback="LOOPBACK" in face["flags"],
                addresses=tuple(
                    entry["local"] for entry in face.get("addr_info", []) if "local" in entry
                ),
            )
            for face in json.loads(text)
            if "ifname" in face
        )
    except (ValueError, LookupError, TypeError):
        return ()


def parse_ifconfig(text: str) -> tuple[Interface, ...]:
    """Read the output of `ifconfig -a` as macOS and the BSDs write it."""
    faces = []
    for block in re.split(r"(?m)^(?=\S+: flags=)", text):
        head = re.match(r"(\S+): flags=\w+<([^>]*)>", block)
        if head:
            flags = head.group(2).split(",")
            addresses = re.findall(r"^\s+inet6? ([^\s%]+)", block, re.MULTILINE)
            faces.append(
                Interface(head.group(1), "UP" in flags, "LOOPBACK" in flags, tuple(addresses))
            )
    return tuple(faces)


def parse_dumpcap_list(text: str) -> tuple[Interface, ...]:
    """Read the output of `dumpcap -D -M`, the only list that has Npcap's device names."""
    faces = []
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) >= 6:
            name = fields[0].partition(". ")[2]
            addresses = tuple(entry for entry in fields[4].split(",") if entry)
            faces.append(Interface(name, bool(addresses), fields[5] == "loopback", addresses))
    return tuple(faces)


def _from_ip() -> tuple[Interface, ...]:
    return parse_ip_addr(run_text("ip", "-j", "addr"))


def _from_ifconfig() -> tuple[Interface, ...]:
    return parse_ifconfig(run_text("ifconfig", "-a"))


def _from_dumpcap() -> tuple[Interface, ...]:
    from captures.recorders.dumpcap import find_dumpcap

    program = find_dumpcap()
    return parse_dumpcap_list(run_text(program, "-D", "-M")) if program else ()


def _from_sys() -> tuple[Interface, ...]:
    """Read names and flags (IFF_UP 1, IFF_LOOPBACK 8) from sysfs, where `ip` is missing."""
    faces = []
    for _, name in socket.if_nameindex():
        try:
            flags = int(Path("/sys/class/net", name, "flags").read_text(), 16)
        except (OSError, ValueError):
            continue
        faces.append(Interface(name, bool(flags & 1), bool(flags & 8)))
    return tuple(faces)


def _by_local_address(address: str, interfaces: Sequence[Interface]) -> str | None:
    """Let the kernel choose a source address (connecting UDP sends nothing) and look it up."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            local = probe.getsockname()[0].partition("%")[0]
    except OSError:
        return None
    return next((face.name for face in interfaces if local in face.addresses), None)
