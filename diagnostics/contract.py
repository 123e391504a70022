"""The cause codes that badhop may answer, and the words around them: fixed once published.

Codes are added when the wire shows something that none of them says; none is ever renamed.
"""

from __future__ import annotations

import difflib

from captures.lazyclass import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause code of `badhop/verdict/1`."""

    code: str
    meaning: str
    """What it looks like on the wire, in a few words."""
    hop: str
    """Role of the hop it is pinned on, or the roles it may be pinned on."""


CAUSES: tuple[Cause, ...] = tuple(
    Cause(*row)
    for row in (
        ("dns.no_response", "the resolver answers no query", "resolver, path"),
        ("dns.unreachable", "ICMP says that the resolver cannot be reached", "sender of the ICMP"),
        ("dns.nxdomain", "the resolver says that the name does not exist", "resolver"),
        ("dns.servfail", "the resolver says that it failed", "resolver"),
        ("dns.refused", "the resolver refuses to answer", "resolver"),
        ("dns.no_address", "the name exists but has no address", "resolver"),
        ("dns.forged", "somebody else answers in the resolver's name", "middlebox"),
        ("dns.bogus_address", "the answer points to an address without the service", "resolver"),
        ("dns.slow", "answers come late enough to matter", "resolver"),
        ("dns.lossy", "some queries are lost and asked again", "path"),
        ("dns.half_answered", "one of A and AAAA is never answered", "resolver, middlebox"),
        ("dns.tcp_blocked", "the answer is truncated, DNS over TCP fails", "middlebox, resolver"),
        ("dns.edns_intolerant", "queries with EDNS fail, without it pass", "resolver, middlebox"),
        ("tcp.syn_timeout", "no SYN to the address is answered", "path"),
        ("tcp.refused", "the host itself refuses the connection", "server, proxy"),
        ("tcp.unreachable", "ICMP says that the address cannot be reached", "sender of the ICMP"),
        ("tcp.reset_injected", "somebody else resets in the peer's name", "middlebox"),
        ("tcp.reset_by_server", "the server itself resets before it is done", "server"),
        ("tcp.blackhole", "an established connection goes silent", "path, middlebox"),
        ("tcp.zero_window", "the transfer waits for a receiver that is full", "client, server"),
        ("tcp.receive_window_limited", "the receive window caps the rate", "client"),
        ("client.slow", "the client has all it waits for and does not go on", "client"),
        ("path.loss", "more segments are lost than a healthy path loses", "link"),
        ("path.reordering", "segments arrive out of order", "path"),
        ("path.high_latency", "round trips are long and dominate the time", "path"),
        ("path.jitter", "round-trip times vary strongly without load", "path"),
        ("path.bufferbloat", "round-trip times rise with the data in flight", "bottleneck"),
        ("path.throttled", "a shaper or policer holds the rate down", "middlebox, transit"),
        ("path.mtu_blackhole", "full-sized packets vanish, small ones pass", "link"),
        ("path.ipv6_broken", "IPv6 times out where IPv4 works", "path"),
        ("tls.sni_blocked", "the connection is cut for the name in its ClientHello", "middlebox"),
        ("tls.client_hello_dropped", "the ClientHello never arrives", "middlebox, link"),
        (
            "tls.client_hello_rejected",
            "the ClientHello is refused for its size or what it offers",
            "middlebox, server",
        ),
        ("tls.handshake_timeout", "the server takes the ClientHello and is silent", "server"),
        ("tls.slow_handshake", "the server takes long for its part of the handshake", "server"),
        ("tls.version_mismatch", "no TLS version is shared", "server, client"),
        ("tls.handshake_failure", "the server ends the handshake with an alert", "server"),
        ("tls.unrecognized_name", "the server does not serve the name asked for", "server"),
        ("tls.untrusted_issuer", "the chain ends at a root that is not trusted", "server"),
        ("tls.intercepted", "an inspection device minted the certificate", "middlebox"),
        ("tls.chain_incomplete", "the server leaves out an intermediate certificate", "server"),
        ("tls.self_signed", "the server sends a single self-signed certificate", "server"),
        ("tls.expired", "a certificate of the chain has expired", "server"),
        (
            "tls.not_yet_valid",
            "a certificate is not valid yet, or the clock is behind",
            "client, server",
        ),
        ("tls.name_mismatch", "the certificate is for other names", "server"),
        ("tls.certificate_rejected", "the client rejects an encrypted certificate", "server"),
        ("tls.client_certificate_required", "the server wants a client certificate", "server"),
        ("tls.not_tls", "the answer to the ClientHello is not TLS", "server, proxy, middlebox"),
        ("proxy.auth_required", "the proxy wants a login (407)", "proxy"),
        ("proxy.denied", "the proxy forbids the destination (403 or another 4xx)", "proxy"),
        ("proxy.bad_gateway", "the proxy cannot reach the destination (502-504)", "upstream"),
        ("proxy.no_answer", "the proxy takes the CONNECT and is silent", "proxy"),
        ("http.not_found", "every entry asked says 404 or 410", "server"),
        ("http.unauthorized", "the server wants a login or forbids it (401, 403)", "server"),
        ("http.rate_limited", "the server says that there were too many requests (429)", "server"),
        ("http.server_error", "the server, or what is behind it, fails (5xx)", "server, upstream"),
        ("http.slow_response", "the first byte of the answer comes late", "upstream"),
        ("http.stalled_body", "the body stops while the path is alive", "server"),
        ("http.truncated_body", "the body ends before its announced length", "server"),
        ("http.stream_reset", "an HTTP/2 stream is reset before its end", "server"),
        ("http.captive_portal", "a login page comes instead of a module", "gateway, middlebox"),
        ("go.checksum_mismatch", "what arrived contradicts go.sum or the sumdb", "server"),
        ("go.version_not_found", "the module has no such version", "server"),
        ("config.proxy_off", "go is told not to use the network it needs", "client"),
        ("config.fallback_blocked", "an error keeps go from the next GOPROXY entry", "client"),
        ("config.private_via_public", "a private module is asked of a public service", "client"),
        ("config.system_proxy_ignored", "go does not read the system's proxy settings", "client"),
        ("capture.incomplete", "the capture lost or cut packets", "client"),
    )
)

_BY_CODE = {cause.code: cause for cause in CAUSES}


def cause(code: str) -> Cause | None:
    """The cause with this code; None when the contract has none."""
    return _BY_CODE.get(code)


def title(code: str) -> str:
    """Few words for a code; the code itself when the contract does not have it."""
    known = cause(code)
    return known.meaning if known else code


def nearest(word: str, limit: int = 3) -> tuple[str, ...]:
    """Codes that somebody who typed `word` may have meant, best first."""
    word = word.strip().lower()[:80]
    inside = [code for code in _BY_CODE if word and word in code]
    last = {code.rpartition(".")[2]: code for code in _BY_CODE}
    close = difflib.get_close_matches(word, _BY_CODE, n=limit, cutoff=0.5)
    close += [last[name] for name in difflib.get_close_matches(word, last, n=limit, cutoff=0.6)]
    return tuple(dict.fromkeys(inside or close))[:limit]
