"""Facts made by hand: one of everything, for tests of what is printed about them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from analyzers.facts import (
    Attempt,
    BreakOff,
    CaptureFacts,
    Certificate,
    Chain,
    ClientHello,
    Comment,
    Connection,
    DnsExchange,
    DnsLookup,
    DnsQuery,
    DnsRecord,
    DnsResponse,
    Facts,
    Followed,
    Half,
    Host,
    HttpExchange,
    IcmpError,
    Interface,
    LastSent,
    LossSide,
    Reset,
    Retransmission,
    RetransmissionKind,
    RttSamples,
    ServerHello,
    Side,
    Silence,
    Stage,
    TlsAlert,
    TlsHandshake,
    TlsStage,
    Turn,
    ZeroWindow,
)
from analyzers.facts import Hop as SeenHop
from analyzers.facts import Outcome as Ending

NO_SAMPLES = RttSamples(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))


def half(address: str, port: int) -> Half:
    """What one side sent, with one of everything that can happen to it."""
    lost = Retransmission(
        9, 0.4, 1, 1448, RetransmissionKind.TIMEOUT, LossSide.AFTER_CAPTURE, 0.21, 7
    )
    return Half(
        address=address,
        port=port,
        packets=8,
        payload_bytes=4000,
        data_packets=4,
        first_s=0.0,
        last_s=1.0,
        first_data_s=0.1,
        first_data_frame=4,
        last_data_s=0.9,
        last_data_frame=20,
        ttl=61,
        ttl_syn=61,
        mss=1460,
        window_scale=7,
        sack_permitted=True,
        timestamps=True,
        max_segment=1448,
        max_ip_length=1500,
        acked_bytes=4000,
        highest_acked_frame=21,
        unseen_acked_bytes=0,
        missing_bytes=0,
        retransmissions=(lost,),
        out_of_order_frames=(11,),
        duplicate_ack_frames=(12, 13, 14),
        zero_windows=(ZeroWindow(0.5, 0.6, (15, 16)),),
        window_full_frames=(14,),
        keep_alive_frames=(18,),
        dsack_frames=(19,),
        syn_frames=(1,),
        syn_times_s=(0.0,),
        fin_frame=None,
        fin_s=None,
        fin_ttl=None,
        max_window=65535,
    )


def connection(stream: int = 0) -> Connection:
    """One connection that the address of the server resets."""
    reset = Reset(22, 1.0, Side.SERVER, 62, 0, 0, 4001, 700, False, frozenset({"ttl_differs"}))
    samples = RttSamples(
        np.array([0.1, 0.2, 0.3]), np.array([0.012, 0.014, 0.011]), np.array([0, 1448, 2896])
    )
    return Connection(
        stream=stream,
        client=half("10.1.0.1", 40000),
        server=half("2001:db8::2", 443),
        first_frame=1,
        last_frame=22,
        first_s=0.0,
        last_s=1.0,
        starts_midway=False,
        state="RSTR",
        history="ShADadr",
        syn_frame=1,
        syn_ack_frame=2,
        ack_frame=3,
        established=True,
        handshake_rtt_s=0.012,
        connect_s=0.012,
        min_rtt_s=0.011,
        rtt=samples,
        client_rtt=NO_SAMPLES,
        resets=(reset,),
        silences=(Silence(0.45, 0.8, 14, 15, "loss", Side.SERVER, Side.SERVER),),
        duplicate_frames=(),
        rows=np.arange(22),
        break_off=BreakOff(19, LastSent.DATA, Followed.RST, Side.SERVER, (reset.frame,)),
        turns=(Turn(8, 0.1, 10, 0.15, 0.05, 0.011, False, 0.011, 0.039),),
    )


def exchange(name: str = "proxy.example.org") -> DnsExchange:
    """One answered question."""
    record = DnsRecord(name, "A", "10.3.0.2", 300)
    response = DnsResponse(
        frame=2,
        time_s=0.013,
        transaction_id=7,
        rcode="NOERROR",
        answers=(record,),
        whole=True,
        truncated=False,
        authoritative=False,
        recursion_available=True,
        has_edns=True,
        extended_errors=((22, "No Reachable Authority"),),
        ip_ttl=63,
        ip_id=1,
        ip_dont_fragment=True,
        latency_s=0.012,
    )
    query = DnsQuery(1, 0.001, 40001, 7, 1232, 64)
    return DnsExchange(
        index=0,
        name=name,
        qtype="A",
        client="10.1.0.1",
        server="10.2.0.53",
        server_port=53,
        transport="udp",
        stream=None,
        queries=(query,),
        responses=(response,),
        icmp_frames=(),
    )


def certificate() -> Certificate:
    """A leaf with a serial number that no double holds."""
    return Certificate(
        der=b"\x30\x03\x02\x01\x00",
        sha256="ab" * 32,
        subject="CN=proxy.example.org",
        issuer="CN=Lab CA 2",
        serial=2**159 + 1,
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_after=datetime(2026, 4, 1, tzinfo=UTC),
        dns_names=("proxy.example.org",),
        ip_addresses=(),
        is_ca=False,
        self_issued=False,
        self_signed=False,
        subject_key_id=None,
        authority_key_id=None,
        issuer_urls=(),
        organization="Lab",
    )


def handshake(sni: str = "proxy.example.org") -> TlsHandshake:
    """A TLS 1.2 handshake whose chain the client rejects."""
    hello = ClientHello(
        frames=(4,),
        time_s=0.1,
        complete=True,
        size=260,
        sni=sni,
        alpn=("h2", "http/1.1"),
        versions=(0x0304, 0x0303),
        ciphers=(0x1301,),
        groups=(29,),
        key_share_groups=(29,),
        signature_schemes=(0x0804,),
        extensions=(0, 16),
        has_session=False,
        ja4="t13d1311h2_f57a46bbacb6_ab7e3b40a677",
        is_go=True,
    )
    answer = ServerHello(6, 0.112, 0x0303, 0xC02F, 29, False, False, False, "h2")
    alert = TlsAlert(8, 0.114, Side.CLIENT, 2, 42, "bad_certificate", False)
    return TlsHandshake(
        index=0,
        stream=0,
        client_hello=hello,
        server_hello=answer,
        chain=Chain((certificate(),), (6, 7), "wire", None),
        chain_encrypted=False,
        certificate_requested=False,
        alerts=(alert,),
        stage=TlsStage.SERVER_FLIGHT,
        server_flight_bytes=1200,
        first_server_record_s=0.112,
        first_server_record_frame=6,
        finished_s=None,
        finished_frame=None,
        hello_acked_bytes=260,
        hello_acked_s=0.111,
        rejected_by_client=True,
        not_tls=None,
        not_tls_frame=None,
        first_application_data_s={},
    )


def request(target: str = "/m/@v/list") -> HttpExchange:
    """A request whose body ends early."""
    return HttpExchange(
        index=0,
        stream=0,
        method="GET",
        target=target,
        host="proxy.example.org",
        user_agent="Go-http-client/1.1",
        request_frames=(4,),
        request_s=0.1,
        request_acked_s=0.11,
        status=200,
        reason="OK",
        response_frame=6,
        response_s=0.15,
        complete=False,
        announced_bytes=5000,
        received_bytes=4000,
        body_end_s=0.9,
        body_end_frame=20,
        headers=(("content-type", "text/plain"),),
        body_start=b"\x00PK",
        gap=True,
    )


def icmp_error() -> IcmpError:
    """A router that wants smaller packets."""
    return IcmpError(
        index=0,
        frame=10,
        time_s=0.3,
        sender="10.2.0.9",
        receiver="10.1.0.1",
        version=4,
        type=3,
        code=4,
        kind="fragmentation_needed",
        ip_ttl=62,
        distance=3,
        mtu=1400,
        quoted_protocol=6,
        quoted_source="10.1.0.1",
        quoted_destination="10.3.0.2",
        quoted_source_port=40000,
        quoted_destination_port=443,
        quoted_sequence=1,
        quoted_ttl=62,
        quoted_length=1500,
        quoted_frame=9,
        stream=0,
    )


def facts(connections: int = 1) -> Facts:
    """A capture with one of every kind of fact."""
    asked = exchange()
    lookup = DnsLookup(0, asked.name, asked.client, (asked,), 0.001, 0.013, ("10.3.0.2",), None)
    attempt = Attempt(
        index=0,
        need="proxy.example.org:443",
        name="proxy.example.org",
        address="10.3.0.2",
        port=443,
        lookup=0,
        stream=0,
        handshake=0,
        requests=(0,),
        via_proxy=False,
        is_go=True,
        start_s=0.001,
        end_s=1.0,
        outcome=Ending.FAILED,
        stage=Stage.TLS,
        reason="alert",
    )
    capture = CaptureFacts(
        files=("download.pcapng",),
        packets=22,
        bytes=9999,
        first_ns=1_700_000_000_000_000_000,
        last_ns=1_700_000_001_000_000_000,
        duration_s=1.0,
        dropped=None,
        cut=None,
        truncated_packets=0,
        unseen_acked_bytes=0,
        duplicate_packets=0,
        unsupported_packets=0,
        link_types=(1, 276, 999),
        container="pcapng",
        interfaces=(Interface(0, "eth\x1b[31m0", "", 1, 96, 22, 40, None),),
        comments=(Comment(7, "here\n\x1b[31m"),),
    )
    near = Host("10.1.0.1", 11, 64, 64, 1, True, ())
    far = Host("10.3.0.2", 11, 61, 64, 4, False, ("proxy.example.org",))
    router = SeenHop("10.3.0.2", 1, "10.1.0.2", 3, 3, (0.0004, 0.0006, 0.0005), (30, 31), False)
    return Facts(
        capture=capture,
        dns=(asked,),
        lookups=(lookup,),
        connections=tuple(connection(stream) for stream in range(connections)),
        handshakes=(handshake(),),
        requests=(request(),),
        icmp=(icmp_error(),),
        hosts={host.address: host for host in (near, far)},
        hops=(router,),
        attempts=(attempt,),
        session=None,
    )
