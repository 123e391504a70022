"""Facts made by hand: one call per packet story, with defaults of a healthy download.

Times are seconds, and frames follow from them: what happens at 0.120 s is frame 121. `facts`
numbers the parts, groups questions into lookups, and joins everything into attempts as a capture's
facts are joined.
"""

from __future__ import annotations

from tests.factories.dns import (
    query,
    question,
    resolved,
    response,
    unanswered,
)
from tests.factories.http import (
    connect,
    request,
)
from tests.factories.stories import failed_hello, fetched, fetched_plain, refused_certificate
from tests.factories.tcp import (
    NO_SAMPLES,
    NOTHING_BACK,
    asked_again,
    closed,
    connection,
    half,
    icmp,
    reset,
    sent,
    unconnected,
)
from tests.factories.tls import (
    alert,
    client_hello,
    handshake,
    large_hello,
)
from tests.factories.whole import (
    Part,
    facts,
    session,
)
from tests.factories.world import (
    CLIENT,
    FIRST_NS,
    GATEWAY,
    NAME,
    OTHER,
    RESOLVER,
    RESOLVER_TTL,
    RTT_S,
    SERVER,
    SERVER_TTL,
    frame_at,
)

__all__ = [
    "CLIENT",
    "FIRST_NS",
    "GATEWAY",
    "NAME",
    "NOTHING_BACK",
    "NO_SAMPLES",
    "OTHER",
    "RESOLVER",
    "RESOLVER_TTL",
    "RTT_S",
    "SERVER",
    "SERVER_TTL",
    "Part",
    "alert",
    "asked_again",
    "client_hello",
    "closed",
    "connect",
    "connection",
    "facts",
    "failed_hello",
    "fetched",
    "fetched_plain",
    "frame_at",
    "half",
    "handshake",
    "icmp",
    "large_hello",
    "query",
    "question",
    "refused_certificate",
    "request",
    "reset",
    "resolved",
    "response",
    "sent",
    "session",
    "unanswered",
    "unconnected",
]
