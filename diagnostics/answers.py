"""HTTP answers of the download, from the wire or from the session's request trace.

They are read in clear, and inside TLS where the capture has its secrets; without those only go's
own trace (`-x`) knows statuses inside TLS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from analyzers.facts import Attempt, Facts, Outcome, Stage
from captures.lazyclass import dataclass
from diagnostics.gitsays import git_answers
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.localize import host_hop
from diagnostics.needs import OPTIONAL, module_file_tails, unanswered
from diagnostics.timeline import union_s
from diagnostics.tries import indices, listed, lost_s, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered request."""

    url: str
    status: int
    attempts: tuple[Attempt, ...]
    """The clear request's own, or all at the URL's host for a traced one."""
    frames: tuple[int, ...]
    stream: int | None
    asked_s: float
    took_s: float
    fatal: bool
    """go gave up over it."""
    said: str = ""
    """What git printed of it, where only that tells."""


def answers(facts: Facts) -> list[Answer]:
    """All answers with their statuses, CONNECT dialogues left out."""
    read = list(_clear(facts))
    urls = {answer.url for answer in read}
    # What keys let see on the wire has frames; go's trace has the same answers again.
    told = [*_traced(facts), *_told_by_git(facts)]
    return [*read, *(answer for answer in told if answer.url not in urls)]


def _clear(facts: Facts) -> Iterator[Answer]:
    lost = unanswered(facts.attempts, facts)
    for attempt in facts.attempts:
        if len(attempt.requests) != 1 or attempt.stage is not Stage.RESPONSE:
            continue
        request = facts.requests[attempt.requests[0]]
        if request.status is None or request.is_connect or not request.method:
            continue
        frames = [*request.request_frames]
        if request.response_frame is not None:
            frames.append(request.response_frame)
        yield Answer(
            url=attempt.need,
            status=request.status,
            attempts=(attempt,),
            frames=tuple(frames),
            stream=request.stream,
            asked_s=request.request_s,
            took_s=(request.response_s or request.request_s) - request.request_s,
            fatal=attempt.index in lost,
        )


def _traced(facts: Facts) -> Iterator[Answer]:
    """Answers that only the session knows: those of https URLs."""
    session = facts.session
    if session is None:
        return
    errors = [line.text for line in session.output if not line.text.startswith("# get")]
    for request in session.requests:
        if request.status is None or not request.url.startswith("https:"):
            continue
        at_host = attempts_at(facts, request.url)
        yield Answer(
            url=request.url,
            status=request.status,
            attempts=at_host,
            frames=(),
            stream=None,
            asked_s=request.started_s,
            took_s=request.duration_s or 0.0,
            fatal=session.exit_code != 0 and any(request.url in text for text in errors),
        )


def _told_by_git(facts: Facts) -> Iterator[Answer]:
    """Answers of repositories' hosts, inside TLS."""
    for told in git_answers(facts):
        at_host = attempts_at(facts, told.url)
        asked_s = min((a.start_s for a in at_host), default=0.0)
        took_s = max((a.end_s for a in at_host), default=0.0) - asked_s
        yield Answer(told.url, told.status, at_host, (), None, asked_s, took_s, True, told.line)


def _can_do_without(url: str, status: int) -> bool:
    return status in (404, 410) and bool(OPTIONAL.search(url))


def attempts_at(facts: Facts, url: str) -> tuple[Attempt, ...]:
    """Attempts at the host of a URL that got as far as TLS."""
    host = host_of(url)
    return tuple(a for a in facts.attempts if a.name == host and host and a.stage >= Stage.TLS)


def host_of(url: str) -> str:
    """Host of a URL, lower case; "" when it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def server_of(facts: Facts, answer: Answer) -> Hop:
    """The host that answered; behind a proxy it has a name only."""
    if not answer.attempts:
        return Hop(Role.SERVER, None, host_of(answer.url) or None, None)
    return hop_of_attempt(facts, answer.attempts[0])


def upstream_of(facts: Facts, answer: Answer) -> Hop:
    """What stands behind the host that answered."""
    return Hop(Role.UPSTREAM, None, host_of(answer.url) or None, None)


class Served(NamedTuple):
    """Paths of the module files that were served."""

    whole: frozenset[str]
    tails: frozenset[str]
    """The same, and each without what may be the prefix of an entry of GOPROXY."""


def served_files(every: list[Answer]) -> Served:
    """What was served, to be asked for many times."""
    paths = [list(module_file_tails(a.url)) for a in every if a.status < 400]
    tails = frozenset(tail for path in paths for tail in path)
    return Served(frozenset(path[0] for path in paths if path), tails)


def fell_through(answer: Answer, served: Served) -> bool:
    """Another entry of GOPROXY had the same module file."""
    tails = list(module_file_tails(answer.url))
    return bool(tails) and (tails[0] in served.tails or not served.whole.isdisjoint(tails))


def status_findings(
    facts: Facts,
    wanted: Callable[[int], bool],
    words: Callable[[Answer], str],
    fix: Callable[[Answer], tuple[Fix, ...]],
    hop: Callable[[Facts, Answer], Hop] = server_of,
) -> Iterator[Finding]:
    """One finding per host that answered requests of the download with such a status."""
    every = answers(facts)
    served = served_files(every)
    by_host: dict[tuple[str, int], list[Answer]] = {}
    for answer in every:
        needed = answer.fatal or not _can_do_without(answer.url, answer.status)
        if wanted(answer.status) and needed:
            if answer.status in (404, 410) and fell_through(answer, served):
                continue
            by_host.setdefault((host_of(answer.url), answer.status), []).append(answer)
    for found in by_host.values():
        attempts = [a for answer in found for a in answer.attempts]
        yield Finding(
            hop=hop(facts, found[0]),
            summary=words(found[0]),
            evidence=tuple(_evidence(a) for a in found[:3]),
            fix=fix(found[0]),
            confidence=0.96,
            impact_s=union_s((a.asked_s, a.asked_s + a.took_s) for a in found if a.fatal),
            attempts=indices(attempts),
            streams=streams(attempts),
            fatal=any(a.fatal for a in found),
            stage=Stage.RESPONSE,
        )


def _evidence(answer: Answer) -> Evidence:
    if answer.said:
        return Evidence(f"git printed: {answer.said}")
    source = "" if answer.frames else " (go's own trace; the exchange itself is encrypted)"
    return Evidence(f"GET {answer.url} → {answer.status}{source}", answer.frames, answer.stream)


def proxy_hop(facts: Facts, attempt: Attempt) -> Hop:
    """The explicit proxy an attempt went through."""
    return host_hop(facts, Role.PROXY, attempt.address)


def connect_findings(
    facts: Facts,
    wanted: Callable[[int | None], bool],
    words: Callable[[Attempt], str],
    fix: Callable[[Attempt], tuple[Fix, ...]],
    *,
    upstream: bool = False,
) -> Iterator[Finding]:
    """One finding per proxy that answered CONNECT (or a request through it) like this."""
    by_proxy: dict[tuple[str | None, int | None], list[Attempt]] = {}
    for attempt in facts.attempts:
        status = _proxy_status(facts, attempt)
        decided = attempt.outcome is Outcome.FAILED and attempt.via_proxy
        if decided and status != _NOT_PROXY and wanted(status):
            by_proxy.setdefault((attempt.address, status), []).append(attempt)
    for (address, status), attempts in by_proxy.items():
        first = attempts[0]
        request = facts.requests[first.requests[-1]]
        frames = [*request.request_frames]
        if request.response_frame is not None:
            frames.append(request.response_frame)
        said = f"{status} {request.reason}".strip() if status is not None else "no answer"
        yield Finding(
            hop=Hop(Role.UPSTREAM, None, first.name, None) if upstream else proxy_hop(facts, first),
            summary=words(first),
            evidence=(
                Evidence(
                    f"{request.method} {request.target} at {address}: {said}; asked for "
                    f"{listed(dict.fromkeys(a.need for a in attempts))}",
                    tuple(frames),
                    first.stream,
                ),
            ),
            fix=fix(first),
            confidence=0.97,
            impact_s=lost_s(attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            stage=Stage.PROXY,
        )


_NOT_PROXY = -1


def _proxy_status(facts: Facts, attempt: Attempt) -> int | None:
    """Status that the proxy itself gave; None for no answer, -1 when it did not decide."""
    if not attempt.requests:
        return _NOT_PROXY
    request = facts.requests[attempt.requests[-1]]
    if request.is_connect:
        if attempt.stage is not Stage.PROXY or attempt.reason not in _DECIDED | {
            f"status {request.status}"
        }:
            return _NOT_PROXY
        return request.status
    return request.status if request.status == 407 else _NOT_PROXY


_DECIDED = frozenset(("no answer", "closed"))
