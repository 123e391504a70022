"""Secrets of real programs: nginx over HTTP/2 with curl and with go's net/http, on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzers.facts import Facts
from diagnostics.engine import diagnose
from diagnostics.source import facts_of
from tests.analyzers.authority import Order, issue, name
from tests.analyzers.tlstalk import served
from tests.lab import toolchain

TOOLS = {"tshark": "tshark", "dumpcap": "tshark", "nginx": "nginx", "curl": "curl"}
SIZE = 3_000_000

CLIENT = """
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
)

// Arguments: key log, trusted roots, URLs.
func main() {
	log, _ := os.OpenFile(os.Args[1], os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	pem, _ := os.ReadFile(os.Args[2])
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := &tls.Config{KeyLogWriter: log, RootCAs: roots}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	client := http.Client{Transport: transport}
	for _, url := range os.Args[3:] {
		answer, err := client.Get(url)
		if err != nil {
			fmt.Println(err)
			continue
		}
		size, err := io.Copy(io.Discard, answer.Body)
		fmt.Println(answer.Proto, answer.StatusCode, size, err)
	}
}
"""


@dataclass(frozen=True)
class Site:
    """A running nginx."""

    folder: Path
    port: int
    expired_port: int

    def url(self, path: str) -> str:
        return f"https://localhost:{self.port}/{path}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    for tool, package in TOOLS.items():
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool} (apt install {package})")
    folder = tmp_path_factory.mktemp("site")
    folder.chmod(0o755)
    chain = served()
    now = datetime.now(UTC)
    old = Order(
        name("localhost"),
        dns=("localhost",),
        start=now - timedelta(days=90),
        end=now - timedelta(days=2),
    )
    for file, leaf in (("good", chain.leaf), ("old", issue(old, chain.middle))):
        (folder / f"{file}.pem").write_text(leaf.pem + chain.middle.pem)
        (folder / f"{file}.key").write_text(leaf.key_pem)
    (folder / "roots.pem").write_text(chain.root.pem)
    (folder / "root").mkdir()
    (folder / "root/v1.0.0.zip").write_bytes(os.urandom(SIZE))
    ports = _free_ports(2)
    (folder / "nginx.conf").write_text(_configuration(folder, *ports))
    command = ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", f"{folder}/error.log"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(ports[1])
        yield Site(folder, *ports)
    finally:
        server.terminate()
        server.wait()


def _configuration(folder: Path, good: int, old: int) -> str:
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port} ssl http2; ssl_protocols TLSv1.3; root {folder}/root;"
        f"ssl_certificate {folder}/{file}.pem; ssl_certificate_key {folder}/{file}.key;"
        "location /broken { return 502; } }"
        for file, port in (("good", good), ("old", old))
    )
    return (
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;"
        f"events {{}} http {{ access_log off; {paths} {servers} }}"
    )


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nginx did not start")


@contextmanager
def recorded(site: Site, path: Path) -> Iterator[None]:
    """Record what goes to and from the site."""
    ports = f"port {site.port} or port {site.expired_port}"
    command = ["dumpcap", "-i", "lo", "-B", "64", "-f", ports, "-w", str(path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = b""
    while b"File: " not in said:
        line = process.stderr.readline()
        if not line:
            pytest.skip(f"needs permission to record on loopback: {said.decode()[-200:]}")
        said += line
    try:
        yield
        time.sleep(0.7)
    finally:
        process.terminate()
        process.communicate()


def curl(site: Site, keys: Path, *arguments: str) -> None:
    command = ["curl", "-s", "--cacert", str(site.folder / "roots.pem"), *arguments]
    environment = {**os.environ, "SSLKEYLOGFILE": str(keys)}
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False, timeout=30)


def opened(path: Path, keys: Path) -> Facts:
    found = facts_of(str(path), keys)
    assert found.decryption.unused is None
    return found


def told(found: Facts) -> list[tuple[str, int | None, int, bool]]:
    return [(r.target, r.status, r.received_bytes, r.complete) for r in found.requests]


@pytest.mark.parametrize("version", ["--http2", "--http1.1"])
def test_curl(site: Site, tmp_path: Path, version: str) -> None:
    path, keys = tmp_path / "x.pcapng", tmp_path / "keys"
    with recorded(site, path):
        urls = [site.url("v1.0.0.zip"), site.url("none"), site.url("broken")]
        curl(site, keys, version, *urls)
    found = opened(path, keys)
    zipped, none, broken = told(found)
    assert zipped == ("/v1.0.0.zip", 200, SIZE, True)
    assert (none[1], none[3], broken[1], broken[3]) == (404, True, 502, True)
    assert {r.stream for r in found.requests} == {0}
    (handshake,) = found.handshakes
    assert handshake.chain is not None and len(handshake.chain.certificates) == 2
    assert handshake.server_hello is not None
    assert handshake.server_hello.alpn == ("h2" if version == "--http2" else "http/1.1")


def test_secrets_that_editcap_put_into_the_capture(site: Site, tmp_path: Path) -> None:
    path, keys, both = (tmp_path / n for n in ("x.pcapng", "keys", "both.pcapng"))
    with recorded(site, path):
        curl(site, keys, site.url("broken"))
    subprocess.run(["editcap", "--inject-secrets", f"tls,{keys}", str(path), str(both)], check=True)
    verdict = diagnose(facts_of(str(both)))
    assert verdict.root_cause is not None
    assert verdict.root_cause.cause == "http.server_error"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A download by go's net/http that writes its secrets."""
    go = toolchain.find("current")
    if go is None:
        pytest.skip("needs go (pip install 'badhop[lab]', or apt install golang)")
    folder = tmp_path_factory.mktemp("client")
    (folder / "main.go").write_text(CLIENT)
    (folder / "go.mod").write_text("module client\n\ngo 1.19\n")
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOPROXY": "off"}
    built = subprocess.run(
        [str(go), "build", "-o", "client", "."],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder / "client"


def run(program: Path, site: Site, keys: Path, *urls: str) -> str:
    command = [str(program), str(keys), str(site.folder / "roots.pem"), *urls]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_go(site: Site, program: Path, tmp_path: Path) -> None:
    path, keys = tmp_path / "x.pcapng", tmp_path / "keys"
    with recorded(site, path):
        said = run(program, site, keys, site.url("v1.0.0.zip"), site.url("broken"))
    assert said.startswith(f"HTTP/2.0 200 {SIZE} <nil>\nHTTP/2.0 502")
    found = opened(path, keys)
    zipped, broken = told(found)
    assert zipped == ("/v1.0.0.zip", 200, SIZE, True)
    assert broken[1] == 502
    assert {r.user_agent for r in found.requests} == {"Go-http-client/2.0"}
    verdict = diagnose(found)
    assert verdict.root_cause is not None
    assert verdict.root_cause.cause == "http.server_error"


def test_go_refuses_an_expired_certificate_in_tls_1_3(
    site: Site, program: Path, tmp_path: Path
) -> None:
    path, keys = tmp_path / "x.pcapng", tmp_path / "keys"
    with recorded(site, path):
        said = run(program, site, keys, f"https://localhost:{site.expired_port}/x")
    assert "certificate has expired" in said
    without = diagnose(facts_of(str(path)))
    assert without.root_cause is not None
    assert without.root_cause.cause == "tls.certificate_rejected"
    found = opened(path, keys)
    (handshake,) = found.handshakes
    assert [(a.name, a.inferred) for a in handshake.alerts] == [("bad_certificate", False)]
    verdict = diagnose(found)
    assert verdict.root_cause is not None
    assert verdict.root_cause.cause == "tls.expired"
