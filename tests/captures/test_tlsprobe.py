"""`captures.tlsprobe`: the chain is fetched from where the download failed, good or bad."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from captures import tlsprobe
from captures.session import Socket
from captures.tlsprobe import Target, probe, probe_all, targets_in
from tests.captures.moduleproxy import connect_proxy, listener, make_identity, module_proxy

_UNTRUSTED = (
    'go: a@v1: Get "https://p.example/a/@v/v1.mod": tls: failed to verify certificate: '
    "x509: certificate signed by unknown authority"
)


@pytest.mark.parametrize(
    ("message", "environment", "expected"),
    [
        (_UNTRUSTED, {}, (Target("p.example", 443),)),
        (
            'Get "https://p.example:8443/a": net/http: TLS handshake timeout',
            {},
            (Target("p.example", 8443),),
        ),
        (
            'reading https://p.example/a: Get "https://cdn.example/b": x509: expired',
            {},
            (Target("cdn.example", 443),),
        ),
        (
            "# get https://p.example/a: remote error: tls: handshake failure",
            {},
            (Target("p.example", 443),),
        ),
        (
            _UNTRUSTED,
            {"HTTPS_PROXY": "http://u:p@x.corp:3128"},
            (Target("p.example", 443, None, "http://u:p@x.corp:3128"),),
        ),
        (
            'Get "https://p.example/a": proxyconnect tcp: tls: first record does not',
            {"HTTPS_PROXY": "https://x.corp:3128"},
            (Target("x.corp", 3128),),
        ),
        ('Get "https://p.example/a": EOF', {}, ()),
        ("x509: certificate signed by unknown authority", {}, ()),
    ],
)
def test_messages_name_the_server(
    message: str, environment: dict[str, str], expected: tuple[Target, ...]
) -> None:
    assert targets_in([message, message], (), environment) == expected


def test_the_address_of_the_download_is_asked_again() -> None:
    used = Socket("tcp", "10.0.0.1", 4000, "10.0.0.9", 443)
    assert targets_in([_UNTRUSTED], (used,), {}) == (Target("p.example", 443, "10.0.0.9"),)
    other = Socket("tcp", "10.0.0.1", 4001, "10.0.0.8", 443)
    assert targets_in([_UNTRUSTED], (used, other), {}) == (Target("p.example", 443),)


def test_not_more_than_a_few_are_asked() -> None:
    messages = [f'Get "https://h{number}/": x509: no' for number in range(9)]
    assert len(targets_in(messages, (), {})) == tlsprobe.MAX_HOSTS


def test_credentials_of_the_proxy_are_not_printed() -> None:
    assert "secret" not in repr(Target("a", 443, None, "http://me:secret@p:1"))


def test_an_untrusted_chain_is_fetched(tmp_path: Path) -> None:
    identity = make_identity(tmp_path)
    with module_proxy(identity) as port:
        found = probe(Target("localhost", port, "127.0.0.1"))
    chain = found.chain
    assert chain.error is None
    assert chain.certificates_pem[1] == identity.root_pem
    assert len(chain.certificates_pem) == 2
    assert (chain.sni, chain.address, chain.version) == ("localhost", "127.0.0.1", "TLSv1.3")
    assert found.clock is not None
    assert found.clock.offset_s is not None
    assert abs(found.clock.offset_s) < 2.5


def test_the_chain_is_fetched_through_the_proxy(tmp_path: Path) -> None:
    identity = make_identity(tmp_path)
    heads: list[bytes] = []
    with module_proxy(identity) as port, listener(connect_proxy(heads, port)) as proxy_port:
        target = Target("p.example", 443, None, f"http://me:s%40cret@127.0.0.1:{proxy_port}")
        chain = probe(target).chain
    assert chain.error is None
    assert len(chain.certificates_pem) == 2
    assert chain.via_proxy == f"127.0.0.1:{proxy_port}"
    assert chain.address == "127.0.0.1"
    assert heads[0].startswith(b"CONNECT p.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6c0BjcmV0\r\n" in heads[0]


def test_a_refusal_of_the_proxy_is_told() -> None:
    def refuse(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    with listener(refuse) as port:
        chain = probe(Target("p.example", 443, None, f"http://127.0.0.1:{port}")).chain
    assert chain.error == "the proxy answered CONNECT with: HTTP/1.1 403 Forbidden"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_what_is_not_tls_is_told(answer: bytes) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(answer)

    with listener(serve) as port:
        chain = probe(Target("localhost", port, "127.0.0.1")).chain
    assert chain.error
    assert chain.certificates_pem == ()


def test_a_refused_connection_and_an_odd_proxy_are_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert probe(Target("localhost", port, "127.0.0.1")).chain.error == "Connection refused"
    odd = probe(Target("a", 443, None, "socks5://127.0.0.1:1")).chain
    assert odd.error
    assert "socks5" in odd.error


def test_probing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tlsprobe, "BUDGET_S", 0.3)
    with listener(lambda client: time.sleep(1)) as port:
        before = time.monotonic()
        found = probe_all([Target("localhost", port, "127.0.0.1")] * 2, ())
        assert time.monotonic() - before < 0.9
    assert [entry.chain.error for entry in found] == ["no answer in time"] * 2
