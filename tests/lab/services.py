"""Start what answers in a run: resolver, web servers, proxy, inspecting firewall, forgers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.lab.certificates import Pki
from tests.lab.model import Faulty, Nginx, Scenario, Site
from tests.lab.netns import Run, tool
from tests.lab.nodes import nginx
from tests.lab.plan import Plan
from tests.lab.topology import INSPECTION_PORT, PORTAL_PORT

PROXY_PORT = 3128


def start(run: Run, plan: Plan, scenario: Scenario, pki: Pki, tree: Path) -> None:
    """Start every service of the scenario and wait until each is ready."""
    _publish_intermediate(pki, tree)
    logs = [_site(run, plan, "server", scenario.server, pki, tree, plan.host)]
    if scenario.mirror:
        logs.append(_site(run, plan, "mirror", scenario.mirror, pki, tree, plan.mirror_host))
    if scenario.dns.running:
        logs.append(_resolver(run, plan, scenario))
    if scenario.dns.stub:
        logs.append(_stub(run, plan, scenario))
    if scenario.proxy:
        logs.append(_proxy(run, plan, scenario, pki))
    if scenario.inspect:
        logs.append(_inspector(run, plan, pki))
    if scenario.portal:
        logs.append(_portal(run, plan, scenario))
    logs += _forgers(run, plan, scenario)
    for log in logs:
        if log.startswith("nginx"):
            _wait_for_nginx(run, log)
        else:
            run.wait_for_line(log, "ready")


def records(plan: Plan, scenario: Scenario) -> dict[str, list[str]]:
    """Return the addresses of every name the resolver knows."""
    versions = [int(digit) for digit in scenario.family]
    names = plan.names()
    own = [address.format(**names) for address in scenario.dns.addresses]
    named = {plan.host: "server", plan.mirror_host: "mirror", f"proxy.{plan.search}": "proxy"}
    found = {
        name: [plan.address(node, version) for version in versions]
        for name, node in named.items()
        if node in plan.shape.parents
    }
    return found | {plan.host: own} if own else found


def _publish_intermediate(pki: Pki, tree: Path) -> None:
    (tree / "ca").mkdir(parents=True, exist_ok=True)
    (tree / "ca" / "intermediate.cer").write_bytes(pki.intermediate_der())


def _site(run: Run, plan: Plan, node: str, site: Site, pki: Pki, tree: Path, host: str) -> str:
    addresses = [plan.address(node, 4), plan.address(node, 6)]
    chain_and_key = pki.write(site.certificate, host) if site.tls else None
    if isinstance(site, Nginx):
        directory = run.directory / f"nginx-{node}"
        text = nginx.configuration(directory, site, addresses, tree, chain_and_key)
        return _nginx(run, node, directory, text)
    return _faulty(run, plan, node, site, addresses, tree, chain_and_key)


def _nginx(run: Run, node: str, directory: Path, text: str) -> str:
    path = directory / "nginx.conf"
    path.write_text(text)
    log = f"nginx-{node}"
    run.spawn(node, "nginx", "-e", str(directory / "error.log"), "-c", str(path), log=log)
    return log


def _wait_for_nginx(run: Run, log: str) -> None:
    node = log.removeprefix("nginx-")
    port = f":{INSPECTION_PORT}" if node == "firewall" else ":80"
    for _ in range(200):
        if port in tool(*run.inside(node, "ss", "-Hltn")):
            return
    run.wait_for_line(log, "listening on " + port, timeout_s=0.1)


def _faulty(
    run: Run,
    plan: Plan,
    node: str,
    site: Faulty,
    addresses: list[str],
    tree: Path,
    chain_and_key: tuple[Path, Path] | None,
) -> str:
    chain, key = chain_and_key or (Path(), Path())
    order = {
        "listen": [[address, 80] for address in addresses],
        "listen_tls": [[address, 443] for address in addresses] if site.tls else [],
        "tls": site.tls,
        "chain": str(chain),
        "key": str(key),
        "root": str(tree),
        "hello": site.hello,
        "client_certificate": site.client_certificate,
        "http2": site.http2,
        "acts": _named(plan, [asdict(act) for act in site.acts]),
    }
    return _helper(run, node, "faulty_server", order)


def _resolver(run: Run, plan: Plan, scenario: Scenario) -> str:
    dns = scenario.dns
    order = {
        "listen": [plan.address(dns.node, 4), plan.address(dns.node, 6)],
        "records": records(plan, scenario),
        "targets": [name.format(**plan.names()) for name in dns.targets],
        "replies": {kind: asdict(reply) for kind, reply in dns.replies.items()},
        "tcp": dns.tcp,
    }
    return _helper(run, dns.node, "dns_server", order)


def _stub(run: Run, plan: Plan, scenario: Scenario) -> str:
    order = {
        "listen": scenario.dns.stub,
        "upstream": plan.address(scenario.dns.node),
        "patience_s": scenario.dns.stub_patience_s,
    }
    return _helper(run, "client", "dns_stub", order)


def _proxy(run: Run, plan: Plan, scenario: Scenario, pki: Pki) -> str:
    assert scenario.proxy is not None
    version = 6 if scenario.family == "6" else 4
    with_tls = scenario.proxy.tls
    order = {
        "chain_and_key": [
            str(path) for path in (pki.write("good", f"proxy.{plan.search}") if with_tls else ())
        ],
        "listen": plan.address("proxy", version),
        "port": PROXY_PORT,
        "mode": scenario.proxy.mode,
        "delay_s": scenario.proxy.delay_s,
        "hosts": {
            plan.host: plan.address("server", version),
            plan.mirror_host: plan.address("mirror", version),
        },
    }
    return _helper(run, "proxy", "connect_proxy", order)


def _inspector(run: Run, plan: Plan, pki: Pki) -> str:
    directory = run.directory / "nginx-firewall"
    minted = {host: pki.write("inspected", host) for host in (plan.host, plan.mirror_host)}
    upstreams = {plan.host: plan.address("server"), plan.mirror_host: plan.address("mirror")}
    text = nginx.inspector_configuration(directory, upstreams, minted)
    return _nginx(run, "firewall", directory, text)


def _portal(run: Run, plan: Plan, scenario: Scenario) -> str:
    order = {
        "listen": [["0.0.0.0", PORTAL_PORT]],
        "listen_tls": [],
        "hello": "",
        "root": "/nonexistent",
        "acts": _named(plan, [asdict(scenario.portal_act)]),
    }
    return _helper(run, scenario.portal, "faulty_server", order)


def _named(plan: Plan, acts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put names and addresses where acts hold their words in braces."""
    text = json.dumps(acts)
    for word, value in plan.names().items():
        text = text.replace("{" + word + "}", value)
    named: list[dict[str, Any]] = json.loads(text)
    return named


def _forgers(run: Run, plan: Plan, scenario: Scenario) -> list[str]:
    logs = []
    for forger in scenario.forgers:
        order = asdict(forger) | {
            "name": plan.host,
            "address": forger.address.format(**plan.names()),
        }
        logs.append(_helper(run, forger.node, "forger", order))
    return logs


def _helper(run: Run, node: str, module: str, order: Mapping[str, object]) -> str:
    log = f"{module}-{node}"
    run.spawn(node, sys.executable, "-m", f"tests.lab.nodes.{module}", json.dumps(order), log=log)
    return log
