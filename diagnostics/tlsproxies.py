"""What a proxy says that is spoken to over TLS (HTTPS_PROXY=https://…): only go can tell.

go prints the reason phrase of an answer to CONNECT that is not 200, and no status
(net/http Transport.dialConn).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus

from analyzers.facts import Attempt, Facts, Outcome, Stage
from diagnostics.gosays import gave_up, lines
from diagnostics.localize import host_hop
from diagnostics.proxies import is_proxy_name
from diagnostics.tries import indices, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

REFUSED = re.compile(r'"https://([^/"]+)[^"]*": ([A-Z][A-Za-z -]+)$')
PHRASES = {status.phrase: int(status) for status in HTTPStatus if status >= 300}


def said_findings(
    facts: Facts,
    wanted: Callable[[int | None], bool],
    words: Callable[[Attempt], str],
    fix: Callable[[Attempt], tuple[Fix, ...]],
    *,
    upstream: bool = False,
) -> Iterator[Finding]:
    """One finding when go gave up over such an answer."""
    tries = [a for a in facts.attempts if _is_tls_proxy(facts, a)]
    if not tries or not gave_up(facts):
        return
    for line in lines(facts, REFUSED):
        host, phrase = REFUSED.findall(line)[-1]
        if wanted(PHRASES.get(phrase, 0)):
            meant = replace(tries[0], need=host if ":" in host else f"{host}:443", name=host)
            proxy = host_hop(facts, Role.PROXY, meant.address)
            yield Finding(
                hop=Hop(Role.UPSTREAM, None, host, None) if upstream else proxy,
                summary=words(meant),
                evidence=(Evidence(f"go printed: {line}"),),
                fix=fix(meant),
                confidence=0.93,
                impact_s=0.0,
                attempts=indices(tries),
                streams=streams(tries),
                fatal=True,
                stage=Stage.PROXY,
            )
            return


def _is_tls_proxy(facts: Facts, attempt: Attempt) -> bool:
    """It reached a proxy that the session's settings name with https."""
    session = facts.session
    if session is None or attempt.stage < Stage.TLS or attempt.outcome is Outcome.FAILED:
        return False
    proxies = (session.proxies.http, session.proxies.https)
    over_tls = any(url.lower().startswith("https://") for url in proxies)
    return over_tls and is_proxy_name(facts, attempt.name or "")
