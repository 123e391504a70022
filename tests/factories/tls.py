"""Hellos, handshakes and alerts, made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from analyzers.facts import Chain, ClientHello, ServerHello, Side, TlsAlert, TlsHandshake, TlsStage
from tests.factories.world import NAME, RTT_S, frame_at


def client_hello(at_s: float, sni: str | None = NAME, **changes: Any) -> ClientHello:
    """The hello of go 1.22: one segment."""
    hello = ClientHello(
        frames=(frame_at(at_s),),
        time_s=at_s,
        complete=True,
        size=280,
        sni=sni,
        alpn=("h2", "http/1.1"),
        versions=(0x0304, 0x0303),
        ciphers=(0x1301, 0xC02F),
        groups=(29, 23),
        key_share_groups=(29,),
        signature_schemes=(0x0804, 0x0403),
        extensions=(0, 10, 13, 16, 43, 51),
        has_session=False,
        ja4=None,
        is_go=True,
    )
    return replace(hello, **changes)


def large_hello(at_s: float, sni: str | None = NAME, **changes: Any) -> ClientHello:
    """The hello of go 1.27: a post-quantum key share, ML-DSA schemes, two segments."""
    shape: dict[str, Any] = {
        "frames": (frame_at(at_s), frame_at(at_s + 0.001)),
        "size": 1540,
        "key_share_groups": (0x11EC, 29),
        "signature_schemes": (0x0904, 0x0905, 0x0906, 0x0804, 0x0403),
    }
    return client_hello(at_s, sni, **(shape | changes))


def handshake(
    stream: int = 0,
    at_s: float = 0.13,
    *,
    sni: str | None = NAME,
    stage: TlsStage = TlsStage.APPLICATION_DATA,
    version: int = 0x0304,
    chain: Chain | None = None,
    **changes: Any,
) -> TlsHandshake:
    """A handshake that got as far as `stage`, one round trip per step."""
    step = list(TlsStage).index(stage)
    answered_s, finished_s = at_s + RTT_S, at_s + RTT_S + 0.002
    done: dict[str, Any] = {
        "client_hello": client_hello(at_s, sni),
        "server_hello": None,
        "first_application_data_s": {},
        "finished_s": finished_s if step >= 3 else None,
        "finished_frame": frame_at(finished_s) if step >= 3 else None,
    }
    if step >= 1:
        hello = ServerHello(
            frame_at(answered_s), answered_s, version, 0x1301, 29, False, False, False, None
        )
        done["server_hello"] = hello
    if stage is TlsStage.APPLICATION_DATA:
        times = {Side.CLIENT: finished_s + 0.001, Side.SERVER: finished_s + 0.001 + RTT_S}
        done["first_application_data_s"] = times
    usual = TlsHandshake(
        index=0,
        stream=stream,
        chain=chain,
        chain_encrypted=step >= 2 and version == 0x0304,
        certificate_requested=None,
        alerts=(),
        stage=stage,
        server_flight_bytes=3000 if step >= 2 else 0,
        first_server_record_s=answered_s if step >= 1 else None,
        first_server_record_frame=frame_at(answered_s) if step >= 1 else None,
        hello_acked_bytes=280 if step >= 1 else 0,
        hello_acked_s=answered_s if step >= 1 else None,
        rejected_by_client=False,
        not_tls=None,
        not_tls_frame=None,
        **done,
    )
    return replace(usual, **changes)


def alert(
    at_s: float, name: str, number: int | None, side: Side = Side.SERVER, **changes: Any
) -> TlsAlert:
    """A fatal alert."""
    return replace(TlsAlert(frame_at(at_s), at_s, side, 2, number, name, False), **changes)
