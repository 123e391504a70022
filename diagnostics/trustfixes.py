"""How to make go trust one more root, on each system."""

from __future__ import annotations

from diagnostics.rejections import Rejection
from diagnostics.verdict import Fix


def trust_fixes(rejection: Rejection) -> tuple[Fix, ...]:
    """What adds a root where go looks: GOINSECURE and the like do not help with a module proxy."""
    return (
        Fix(
            "Install the root on this machine (Debian and Ubuntu; macOS and Windows: add it to the "
            "system's trust store).",
            "sudo cp root.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates",
        ),
        Fix(
            "Or for one run (Linux; the file must hold every root that go shall trust).",
            "SSL_CERT_FILE=bundle.pem go mod download",
        ),
    )
