"""Takes secrets out of text: what the environment holds in, a function from text to text out.

Credentials never reach the bundle. Two nets catch them: shapes that are credentials anywhere (the
user part of a URL, an Authorization header, a token in a query), and the exact secrets that the
proxies and GOPROXY in the environment carry, wherever and in whichever encoding they turn up.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote, unquote

from captures.modulepaths import PrivatePaths

HIDDEN = "***"

#: A shorter password is replaced inside URLs only: as a bare word it would hit innocent text.
MIN_BARE_SECRET = 4

#: A longer one is replaced even inside other words, where a shorter one could be part of a name.
MIN_PART_SECRET = 10

#: Variables whose value is, or lists, URLs that may carry a user and a password.
URL_VARIABLES = (
    *("http_proxy", "https_proxy", "all_proxy", "ftp_proxy"),
    *("GOPROXY", "GOSUMDB"),
)

_SECRET_NAME = (
    r"[\w-]*(?:token|secret|signature|password|passwd|api[-_]?key|credential|private[-_]?key)[\w-]*"
)
#: Greedy up to the last @ before a slash: Go prints passwords that contain an unescaped @.
_URL_USER = re.compile(r"(?<=://)[^\s/?#\"'<>|]*@")
_BARE_USER = re.compile(r"(?<![\w.@/+-])[^\s/:@,|\"'=]+:[^\s/@,|\"']+@(?=[\w\[])")
_HEADER = re.compile(
    r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]*(?:token|key)|private-token)"
    r"(\"?\s*[:=]\s*)[^\r\n\"']+"
)
#: Asks for a digit, so that "basic authentication required" stays readable.
_SCHEME = re.compile(r"(?i)\b(bearer|basic|negotiate|ntlm)(\s+)(?=[^\s\d]*\d)[\w.~+/=-]{8,}")
_ASSIGNMENT = re.compile(rf"(?i)(?<![\w-])({_SECRET_NAME})(=|\"\s*:\s*\"?)[^\s&\"',;]+")
#: Azure's name for the signature of a presigned URL is too short to be looked for anywhere else.
_URL_SIGNATURE = re.compile(r"(?i)(?<=[?&])(sig)(=)[^\s&\"']+")
_KNOWN_TOKENS = re.compile(
    r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}"
    r"|AKIA[0-9A-Z]{16}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_URL_USER, f"{HIDDEN}@"),
    (_HEADER, rf"\1\2{HIDDEN}"),
    (_SCHEME, rf"\1\2{HIDDEN}"),
    (_BARE_USER, f"{HIDDEN}@"),
    (_ASSIGNMENT, rf"\1\2{HIDDEN}"),
    (_URL_SIGNATURE, rf"\1\2{HIDDEN}"),
    (_KNOWN_TOKENS, HIDDEN),
)
#: Options of common downloaders whose next argument is a secret.
_SECRET_OPTION = re.compile(rf"(?i)^--?(?:{_SECRET_NAME}|user|proxy-user|u|U)$")
_SECRET_OPTION_VALUE = re.compile(rf"(?i)^(--?(?:{_SECRET_NAME}|user|proxy-user))=.*", re.DOTALL)


def without_credentials(text: str) -> str:
    """Give `text` without what has the shape of a credential."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class Redactor:
    """Removes credentials, and private module paths when it was given any."""

    def __init__(self, environment: Mapping[str, str], private: PrivatePaths | None = None) -> None:
        self.private = private
        self._secrets = _secret_pattern(known_secrets(environment))

    def text(self, text: str) -> str:
        """Give `text` without secrets."""
        text = without_credentials(self._secrets.sub(HIDDEN, text))
        return self.private.hide(text) if self.private else text

    def proxy(self, url: str) -> str:
        """Give a proxy address, with or without its scheme, without user and password."""
        scheme, separator, rest = url.rpartition("://")
        return self.text(scheme + separator + rest.rpartition("@")[2])

    def command(self, arguments: Iterable[str]) -> tuple[str, ...]:
        """Give a command line without secrets, those after `--password` and the like included."""
        safe: list[str] = []
        hide_next = False
        for argument in arguments:
            if hide_next:
                safe.append(HIDDEN)
            else:
                safe.append(self.text(_SECRET_OPTION_VALUE.sub(rf"\1={HIDDEN}", argument)))
            hide_next = not hide_next and bool(_SECRET_OPTION.match(argument))
        return tuple(safe)

    def environment(self, name: str, value: str) -> str:
        """Give the value of a go variable as it may be kept."""
        if name == "GOAUTH":
            return authenticator_names(value)
        if self.private and name in {"GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOVCS"}:
            return HIDDEN if value else ""
        if name == "GOPROXY":
            return "".join(
                part if part in ",|" else self.proxy(part) for part in re.split(r"([,|])", value)
            )
        return self.text(value)


def known_secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """List the secrets that `environment` holds, in each encoding they may show up in."""
    secrets: set[str] = set()
    for name, value in environment.items():
        if name in URL_VARIABLES or name.lower() in URL_VARIABLES:
            for entry in re.split(r"[,|\s]", value):
                secrets |= _url_secrets(entry)
    # The longest first, or the password would be cut out of the middle of its own base64.
    return tuple(sorted(secrets, key=lambda secret: (-len(secret), secret)))


def _secret_pattern(secrets: Iterable[str]) -> re.Pattern[str]:
    """Match any of `secrets`; a short one as a word of its own, not as the label of a host name."""
    alternatives = [
        re.escape(secret)
        if len(secret) >= MIN_PART_SECRET or ":" in secret
        else rf"(?<!\w)(?<!\w\.){re.escape(secret)}(?!\w)(?!\.\w)"
        for secret in secrets
    ]
    return re.compile("|".join(alternatives) or r"(?!)")


def packet_secrets(environment: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    """List the secrets as they may cross the wire in clear: what stands before each, and it.

    Bare passwords are not among them: as a few bytes they would hit innocent packets.
    """
    found: set[tuple[bytes, bytes]] = set()
    for name, value in environment.items():
        if name in URL_VARIABLES or name.lower() in URL_VARIABLES:
            for entry in re.split(r"[,|\s]", value):
                user, colon, password = _user_part(entry)
                if colon and password:
                    pair = f"{user}:{password}".encode()
                    found |= {(b"", pair), (b"", base64.b64encode(pair))}
                    # RFC 1929: user and password of SOCKS5, each after its length.
                    sent = user.encode()
                    length = bytes([len(password.encode()) % 256])
                    found.add((bytes([len(sent) % 256]) + sent + length, password.encode()))
    return tuple(sorted(found))


def _user_part(url: str) -> tuple[str, str, str]:
    user, colon, password = url.rpartition("://")[2].rpartition("@")[0].partition(":")
    return unquote(user), colon, unquote(password)


def _url_secrets(url: str) -> set[str]:
    userinfo = url.rpartition("://")[2].rpartition("@")[0]
    user, _, password = userinfo.partition(":")
    if not userinfo:
        return set()
    # A user without a password is how access tokens are handed over.
    raw = password or user
    plain = unquote(raw)
    whole = f"{unquote(user)}:{unquote(password)}".encode()
    found = {raw, plain, quote(plain, safe="")} if len(plain) >= MIN_BARE_SECRET else set()
    return found | {userinfo, base64.b64encode(whole).decode()} if password else found


def authenticator_names(value: str) -> str:
    """Reduce GOAUTH to the names of its commands; their arguments may be secrets."""
    commands = (command.split() for command in value.split(";"))
    return ";".join(words[0].replace("\\", "/").rpartition("/")[2] for words in commands if words)
