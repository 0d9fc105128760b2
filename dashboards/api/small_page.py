"""Small pages: the receipt on a phone, the console's sign-in. Everything is escaped; scripts run by their hash only."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from fastapi.responses import HTMLResponse

from dashboards.console.texts import Language, text

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #dfe2e5; color: #22282e;
  font: 17px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", system-ui, sans-serif; }
main { max-width: 520px; margin: 0 auto; padding: 20px 18px 40px; }
header { display: flex; align-items: baseline; gap: 10px; border-bottom: 2px solid #aeb5bb;
  padding-bottom: 8px; margin-bottom: 18px; }
header b { font-size: 22px; letter-spacing: 3px; }
header a { margin-left: auto; color: #4a555f; font-size: 14px; }
.what { background: #f4f5f6; border-left: 10px solid #7a848d; padding: 14px 16px; font-size: 20px; font-weight: 700; }
.what.fire { border-color: #c8102e; }
.where, .who { color: #4a555f; margin: 8px 0 0; }
form { margin-top: 22px; }
button { width: 100%; border: 0; border-radius: 8px; padding: 16px; margin-top: 12px; font: inherit;
  font-weight: 700; background: #c9ced3; color: #22282e; }
button.big { padding: 34px 16px; font-size: 34px; letter-spacing: 8px; background: #1d5f91; color: #fff; }
textarea, input { width: 100%; font: inherit; padding: 12px; border: 1px solid #98a1a9; border-radius: 8px;
  background: #fff; margin-top: 6px; }
label { display: block; margin-top: 18px; color: #4a555f; }
.done { font-size: 24px; font-weight: 700; padding: 26px 0; }
.wrong { color: #a3122a; font-weight: 700; }
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def script_policy(*sources: str) -> str:
    """Return the policy of a page with scripts: ``sources`` are hashes, or ``'self'`` for files of our own origin."""
    return f"{POLICY}; script-src {' '.join(sources)}; connect-src 'self'; worker-src 'self'"


def small_page(
    title: str, body: str, language: Language, *, status: int = 200, switch: str = "", policy: str = POLICY
) -> HTMLResponse:
    """Return a page; ``body`` is ready HTML, ``switch`` the address in the other language."""
    other = f'<a href="{escape(switch)}">{escape(text("switch", language))}</a>' if switch else ""
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main><header><b>{escape(text('product', language))}</b><span>{escape(title)}</span>{other}</header>"
        f"{body}</main></body></html>"
    )
    return HTMLResponse(
        html,
        status,
        headers={
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "X-Robots-Tag": "noindex",
            "Referrer-Policy": "same-origin",  # under "no-referrer" a browser calls the origin of our own form "null"
        },
    )


def paragraph(words: str, classes: str = "") -> str:
    """Return an escaped paragraph."""
    return f'<p class="{classes}">{escape(words)}</p>'
