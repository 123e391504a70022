"""Build the network of a run: seven links, three routers, IPv4 and IPv6."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from ipaddress import ip_address
from pathlib import Path

from tests.lab.model import Duplex, Impair, Scenario
from tests.lab.netns import Run, tool
from tests.lab.plan import Link, Plan

#: Real adapters cut segments themselves; a capture of them must show wire sizes.
_OFFLOADS = ("tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off")
_SYSCTLS = (
    # Nothing but the scenario may remember earlier connections.
    "net.ipv4.tcp_no_metrics_save=1",
    "net.ipv6.conf.all.accept_dad=0",
    "net.ipv6.conf.default.accept_dad=0",
    "net.ipv6.conf.all.accept_ra=0",
    "net.ipv6.conf.default.router_solicitations=0",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.ping_group_range=0 2147483647",
)
INSPECTION_PORT = 8443
PORTAL_PORT = 8080
#: Who may stand on a link of their own beside the client's way out.
_NEIGHBOURS = ("server", "mirror", "resolver", "proxy")
_ALLOWED_CONTROLS = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
_FORWARDING = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")


def interface(node: str, peer: str) -> str:
    """Name the interface of a node by who is at the other end; the client has one."""
    return "eth0" if node == "client" and peer not in _NEIGHBOURS else peer


def build(run: Run, plan: Plan, scenario: Scenario) -> None:
    """Make namespaces and links and give them addresses and routes."""
    _make_nodes(run, plan, scenario)
    wires = _start_wires(run, plan, scenario.wires)
    for link in plan.links.values():
        if link.name not in wires:
            _plug(run, link, scenario.offload and link.a == "client")
    for log in wires.values():
        run.wait_for_line(log, "ready")
    for node in plan.shape.nodes:
        _configure(run, plan, node)
    for name, mtu in scenario.link_mtus.items():
        link = plan.links[name]
        for here, there in ((link.a, link.b), (link.b, link.a)):
            run.batch(here, [f"link set {interface(here, there)} mtu {mtu}"])
    _make_rules(run, plan, scenario)


def _make_nodes(run: Run, plan: Plan, scenario: Scenario) -> None:
    version = 6 if scenario.family == "6" else 4
    resolver = plan.address(scenario.dns.node, version)
    search = [word.format(**plan.names()) for word in scenario.dns.search]
    for node in plan.shape.nodes:
        if node == "client":
            first = [address.format(**plan.names()) for address in scenario.dns.before]
            asked = [*first, scenario.dns.stub or resolver]
            run.add(node, "\nnameserver ".join(asked), search, scenario.dns.ndots)
        else:
            run.add(node, resolver)
        sysctls = _SYSCTLS + (_FORWARDING if node in plan.shape.routers else ())
        sysctls += _initial_ttl(scenario.ttls.get(node, 64))
        tool(*run.inside(node, "sysctl", "-qw", _congestion_control(), *sysctls))
    own = [f"{name}={value}" for name, value in scenario.client_sysctls.items()]
    if own:
        tool(*run.inside("client", "sysctl", "-qw", *own))


def _initial_ttl(ttl: int) -> tuple[str, ...]:
    return (
        f"net.ipv4.ip_default_ttl={ttl}",
        f"net.ipv6.conf.all.hop_limit={ttl}",
        f"net.ipv6.conf.default.hop_limit={ttl}",
    )


def _congestion_control() -> str:
    """Choose one that fills queues as most servers do; namespaces may not use every one."""
    allowed = _ALLOWED_CONTROLS.read_text().split()
    return f"net.ipv4.tcp_congestion_control={'cubic' if 'cubic' in allowed else 'reno'}"


def _start_wires(run: Run, plan: Plan, wires: Mapping[str, Duplex]) -> dict[str, str]:
    """Start a process for each impaired link; return its log by link."""
    logs = {}
    for name, (outwards, inwards) in wires.items():
        link = plan.links[name]
        log = f"wire-{name}"
        order = {
            "ends": [
                [f"/run/netns/{run.namespace(link.a)}", interface(link.a, link.b)],
                [f"/run/netns/{run.namespace(link.b)}", interface(link.b, link.a)],
            ],
            "directions": [_order(outwards, plan), _order(inwards, plan)],
            "seed": f"{plan.seed} {name}",
            "truth": str(run.directory / f"{log}.jsonl"),
        }
        run.spawn(link.a, sys.executable, "-m", "tests.lab.wire", json.dumps(order), log=log)
        logs[name] = log
    return logs


def _order(impair: Impair, plan: Plan) -> dict[str, object]:
    return asdict(impair) | {"block_sni": impair.block_sni.format(**plan.names())}


def _plug(run: Run, link: Link, offload: bool) -> None:
    a, b = interface(link.a, link.b), interface(link.b, link.a)
    tool(
        *("ip", "link", "add", "name", a, "netns", run.namespace(link.a), "type", "veth"),
        *("peer", "name", b, "netns", run.namespace(link.b)),
    )
    if offload:
        return
    tool(*run.inside(link.a, "ethtool", "-K", a, *_OFFLOADS))
    tool(*run.inside(link.b, "ethtool", "-K", b, *_OFFLOADS))


def _configure(run: Run, plan: Plan, node: str) -> None:
    commands = ["link set lo up"]
    peers = {}
    for link in plan.links.values():
        if node not in (link.a, link.b):
            continue
        peer = link.b if node == link.a else link.a
        peers[peer] = link
        name = interface(node, peer)
        commands += [
            f"link set {name} address {_mac(link, node)}",
            f"addr add {link.address(node, 4)}/{link.net4.prefixlen} dev {name}",
            f"addr add {link.address(node, 6)}/{link.net6.prefixlen} dev {name} nodad",
            f"link set {name} up",
        ]
        if "client" not in (link.a, link.b):
            # A slow link must not add the time of an address resolution to the first packet.
            commands += [
                f"neigh add {link.address(peer, version)} lladdr {_mac(link, peer)} dev {name}"
                for version in (4, 6)
            ]
    via = plan.shape.default_via(node)
    commands += [
        f"route add default via {peers[via].address(via, 4)}",
        f"route add ::/0 via {peers[via].address(via, 6)}",
    ]
    commands += _routes(plan, node, peers)
    run.batch(node, commands)


def _mac(link: Link, node: str) -> str:
    """Derive a locally administered address from the link's own."""
    octets = ip_address(link.address(node, 4)).packed
    return ":".join(f"{octet:02x}" for octet in (2, 0x5E, *octets))


def _routes(plan: Plan, node: str, peers: Mapping[str, Link]) -> list[str]:
    """Tell a router the way to every network, any other host what is not behind its default."""
    routes = []
    for link in plan.links.values():
        via = plan.shape.next_hop(node, link.b) if node not in (link.a, link.b) else ""
        if via and via != plan.shape.default_via(node):
            routes.append(f"route add {link.net4} via {peers[via].address(via, 4)}")
            routes.append(f"route add {link.net6} via {peers[via].address(via, 6)}")
    return routes


def _make_rules(run: Run, plan: Plan, scenario: Scenario) -> None:
    names = plan.names()
    for node in {*scenario.rules, *scenario.input_rules}:
        forward = scenario.rules.get(node, "").format(**names)
        received = scenario.input_rules.get(node, "").format(**names)
        ruleset = (
            "table inet lab {\n"
            "chain f {\ntype filter hook forward priority 0\n" + forward + "\n}\n"
            "chain i {\ntype filter hook input priority 0\n" + received + "\n}\n}\n"
        )
        tool(*run.inside(node, "nft", "-f", "-"), given=ruleset)
    if scenario.inspect:
        _redirect(run, "firewall", 443, INSPECTION_PORT)
    if scenario.portal:
        _redirect(run, scenario.portal, 80, PORTAL_PORT)
    if scenario.nat:
        _masquerade(run, scenario.nat, plan.shape.next_hop(scenario.nat, "server"))


def _redirect(run: Run, node: str, port: int, local_port: int) -> None:
    """Let a router terminate the connections that enter it from the client's side."""
    inside = "client" if node == "gateway" else "gateway"
    ruleset = (
        "table inet local {\nchain p {\ntype nat hook prerouting priority -100\n"
        f'iifname "{inside}" tcp dport {port} redirect to :{local_port}\n}}\n}}\n'
    )
    tool(*run.inside(node, "nft", "-f", "-"), given=ruleset)


def _masquerade(run: Run, node: str, outside: str) -> None:
    """Let a router send what leaves it outwards from its own address and other ports."""
    ruleset = (
        "table inet hidden {\nchain s {\ntype nat hook postrouting priority 100\n"
        f'oifname "{outside}" masquerade random\n}}\n}}\n'
    )
    tool(*run.inside(node, "nft", "-f", "-"), given=ruleset)
