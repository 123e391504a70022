"""Reads go's -x trace: lines of stderr with their arrival in, requests out.

go writes `# get URL` when a request starts, and `# get URL: 200 OK (0.031s)` or
`# get URL: ERROR` when its headers have arrived or it failed (cmd/go/internal/web/http.go).
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict, deque

from captures.session import Request

#: More requests than the largest module graphs need (about 3 for each of 10,000 modules).
MAX_REQUESTS = 50_000

_GET = "# get "
_START = re.compile(r"# get (\S+)$")
_END = re.compile(r"# get (\S+): (.*)$")
_STATUS = re.compile(r"(\d{3})\b.*?(?:\((\d+(?:\.\d+)?)s\))?$")

#: Lines that -x adds beside the requests. Commands of a build name its work directory; those of
#: version control are marked by their repository or their time.
_SCRIPT = re.compile(
    r"WORK=|mkdir -p |cd /\S*$|cd \S+; (?:git|hg|svn|bzr|fossil) "
    r"|\d+\.\d{3}s # |# lock |go tool \S+ .* # internal$"
    r"|(?:echo|cat|cp|mv|rm|ln|touch|printf) .*(?:\$WORK|go-build|# internal$)"
    r"|\S*/pkg/tool/\S+/\w+ |(?:\w+='?[^ ]*'? )*\$WORK/|[A-Z_]+='?[^ ]*'? .*\$WORK"
)
_HEREDOC = re.compile(r"cat >.* << '?EOF'?")
#: How those lines begin, to tell early that the start of a line cannot become one.
_STARTS = (
    *("# get ", "# lock ", "WORK=", "$WORK/", "mkdir -p ", "cd /", "go tool "),
    *("echo ", "cat ", "cp ", "mv ", "rm ", "ln ", "touch ", "printf "),
)
_VARIABLE_START = re.compile(r"\d[\d.]*(?:s|$)|/|[A-Z_]+(?:=|$)")


class RequestLog:
    """Collects the requests that the trace tells of."""

    def __init__(self) -> None:
        self._requests: list[Request] = []
        self._open: dict[str, deque[int]] = defaultdict(deque)
        self.omitted = 0

    def add(self, line: str, time_s: float) -> None:
        """Take one line; lines that are no `# get` are ignored."""
        if ended := _END.match(line):
            self._end(ended.group(1), ended.group(2), time_s)
        elif started := _START.match(line):
            self._start(Request(url=started.group(1), started_s=time_s))

    def requests(self) -> tuple[Request, ...]:
        """Give all requests in the order they started."""
        return tuple(self._requests)

    def _start(self, request: Request) -> int | None:
        if len(self._requests) >= MAX_REQUESTS:
            self.omitted += 1
            return None
        self._requests.append(request)
        self._open[request.url].append(len(self._requests) - 1)
        return len(self._requests) - 1

    def _end(self, url: str, result: str, time_s: float) -> None:
        if not self._open[url] and self._start(Request(url=url, started_s=time_s)) is None:
            return
        # Requests for one URL are told apart by order only; the oldest is the likeliest to end.
        index = self._open[url].popleft()
        status = _STATUS.match(result)
        self._requests[index] = dataclasses.replace(
            self._requests[index],
            status=int(status.group(1)) if status else None,
            error=None if status else result,
            ended_s=time_s,
            duration_s=float(status.group(2)) if status and status.group(2) else None,
        )


class TraceFilter:
    """Tells the lines that go writes only because of -x from those the user must see."""

    def __init__(self) -> None:
        self._in_heredoc = False

    def holds(self, line: str) -> bool:
        """Tell whether a complete line (without its end) is trace. Call once for each line."""
        if self._in_heredoc:
            self._in_heredoc = line != "EOF"
            return True
        if _HEREDOC.match(line):
            self._in_heredoc = True
            return True
        return line.startswith(_GET) or _SCRIPT.match(line) is not None

    def may_hold(self, start: str) -> bool:
        """Tell whether a line that begins with `start` could turn out to be trace."""
        if self._in_heredoc or _VARIABLE_START.match(start):
            return True
        return any(known.startswith(start) or start.startswith(known) for known in _STARTS)
