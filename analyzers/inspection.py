"""Names that TLS inspection products put into the certificates they mint: issuer in, product out.

A name proves nothing by itself: an administrator may give an inspecting device any name. Sources:

- chromium: ssl_error_assistant.asciipb, the list by which Chrome names such software
  (chromium/src, components/security_interstitials/content/resources)
- a URL: a report that shows the issuer
- default: the name the program itself gives the authority it makes, shown in many reports
- name: the vendor's or product's own name, taken without having seen such a certificate
- generic: words that only such an authority has in its name
"""

from __future__ import annotations

import re
from functools import cache

_PRODUCTS: tuple[tuple[str, str, str], ...] = (
    (r"zscaler", "Zscaler", "chromium; https://github.com/microsoft/vscode/issues/207636"),
    (r"netskope|goskope\.com", "Netskope", "default: ca.<tenant>.goskope.com, O=Netskope Inc."),
    (r"fortigate|fortinet", "Fortinet FortiGate", "chromium"),
    (r"palo ?alto networks|\bpan-?os\b", "Palo Alto Networks", "name"),
    (r"blue ?coat|proxysg", "Symantec Blue Coat", "chromium"),
    (r"symantec web security", "Symantec Web Security Service", "name"),
    (r"cisco umbrella|opendns", "Cisco Umbrella", "chromium; https://go.dev/issue/46428"),
    (r"cisco (firepower|ironport|web security)", "Cisco Secure Web", "name"),
    (r"sophos", "Sophos", "chromium"),
    (r"cyberoam", "Cyberoam", "chromium"),
    (r"kaspersky", "Kaspersky", "chromium"),
    (r"eset ssl filter", "ESET", "default: ESET SSL Filter CA"),
    (r"avast!? (web|untrusted)|avast antivirus", "Avast", "chromium"),
    (r"avg (web|antivirus)", "AVG", "default: AVG Web/Mail Shield Root"),
    (r"norton (web|antivirus)", "Norton", "default: Norton Web/Mail Shield Root"),
    (r"bitdefender", "Bitdefender", "chromium"),
    (r"mcafee web gateway", "McAfee Web Gateway", "chromium"),
    (r"skyhigh|mcafee", "Skyhigh Security", "name"),
    (r"forcepoint", "Forcepoint", "chromium"),
    (r"websense", "Forcepoint (Websense)", "name"),
    (r"check ?point", "Check Point", "name"),
    (r"watchguard|fireware", "WatchGuard", "default: Fireware HTTPS Proxy"),
    (r"barracuda", "Barracuda", "name"),
    (r"untangle|arista ng firewall", "Untangle", "name"),
    (r"pfsense", "pfSense", "name"),
    (r"opnsense", "OPNsense", "name"),
    (r"sonicwall", "SonicWall", "chromium"),
    (r"smoothwall", "Smoothwall", "chromium"),
    (r"netspark", "NetSpark", "chromium"),
    (r"iwss\.trend|interscan", "Trend Micro InterScan", "chromium"),
    (r"contentkeeper", "ContentKeeper", "chromium"),
    (r"lightspeed (rocket|systems)", "Lightspeed", "name"),
    (r"goguardian", "GoGuardian", "name"),
    (r"securly", "Securly", "name"),
    (r"linewize|family zone", "Linewize", "name"),
    (r"\biboss\b", "iboss", "name"),
    (
        r"gateway ca - cloudflare",
        "Cloudflare Gateway",
        "default: Gateway CA - Cloudflare Managed G1",
    ),
    (r"cato networks", "Cato Networks", "default: Cato Networks CA"),
    (r"stormshield|netasq", "Stormshield", "https://github.com/sectigo/CTLogs/pull/38"),
    (r"menlo security", "Menlo Security", "name"),
    (r"adguard", "AdGuard", "default: AdGuard Personal CA"),
    (r"dr\.? ?web", "Dr.Web", "default: Dr.Web SpIDer Gate Trusted Root"),
    (r"\bsquid\b", "Squid", "name"),
    (r"mitmproxy", "mitmproxy", "default: mitmproxy/certs.py"),
    (r"charles proxy|xk72", "Charles", "default: Charles Proxy CA"),
    (r"fiddler|do_not_trust", "Fiddler", "default: DO_NOT_TRUST_FiddlerRoot"),
    (r"portswigger|burp suite", "Burp Suite", "default: PortSwigger CA"),
    (r"zed attack proxy|\bowasp zap\b|\bzap root ca\b", "ZAP", "default: OWASP ZAP Root CA"),
    (r"proxyman", "Proxyman", "default: Proxyman CA"),
    (r"superfish", "Superfish", "name"),
    (
        r"(ssl|tls|https|deep)[ _-]?(inspect|decrypt|intercept|filter|proxy|forward|scan)"
        r"|forward (un)?trust|(inspect|decrypt|intercept)ion (root |sub)?ca|\bdpi\b|\bmitm\b"
        r"|(web|proxy|forward) ?proxy|web (filter|gateway)|secure web",
        "an inspecting proxy",
        "generic",
    ),
)
"""Pattern in the issuer, product, and where the name comes from; the first match counts."""

#: Names are short; what is longer was made to keep a pattern busy.
_MAX_LENGTH = 2048


def inspection_vendor(issuer: str) -> str | None:
    """Name the inspection product whose name stands in an issuer's distinguished name."""
    return next((n for pattern, n in _compiled() if pattern.search(issuer[:_MAX_LENGTH])), None)


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Later, and once: many captures show no certificate at all.
    return tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name, _ in _PRODUCTS)
