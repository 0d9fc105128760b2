"""What a browser may do with our answers: the Content-Security-Policy, and the headers beside it.

| answer | scripts | styles | everything else |
|---|---|---|---|
| the console's page | our files, and what has its nonce; no ``eval`` | the same; attributes freely | our files |
| small pages (`dashboards.api.small_page`) | by hash | by hash | nothing |
| all other answers | none | none | nothing |

A nonce is made for each answer and written into the page's template before any data are, so that no text of a
device, person or rule can carry it (`dashboards.console.page_scripts`). docs/decisions/012 says what was tried.
"""

from __future__ import annotations

import secrets

NONCE_BYTES = 16
"""128 random bits, as the standard (CSP level 3, section 7.1) asks for."""

OWN_STATE = "csp_nonce"
"""Where a request's state has the nonce of its answer."""

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

HEADERS = {
    "Content-Security-Policy": NOTHING,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""The hash of no text at all: NiceGUI's page has one style element with nothing in it."""


def new_nonce() -> str:
    """Return a nonce for one answer."""
    return secrets.token_urlsafe(NONCE_BYTES)


def page_policy(nonce: str) -> str:
    """Return the policy of the console's page.

    Style *attributes* are free: charts place their labels with them, and what they can do is move and colour things.
    ``style-src`` itself is for browsers that do not know the two finer directives (before 2022).
    """
    return (
        "default-src 'none'; "
        f"script-src 'self' 'nonce-{nonce}'; script-src-attr 'none'; "
        "style-src 'self' 'unsafe-inline'; style-src-attr 'unsafe-inline'; "
        f"style-src-elem 'self' 'nonce-{nonce}' {EMPTY}; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types default dompurify fengsui vue"
    )
