"""The load signature of a battery charger in the power of a circuit: one meter's readings in, "charging" out.

A charger of an e-bike switches on with a step (60–600 W), stays for hours, rises a few per cent an hour while its
battery fills, and then falls smoothly to a quarter within half an hour. Televisions and lamps are flat and end with a
step; fridges fall and end within the hour. `LoadWatch` follows the loads of one meter minute by minute:

    minute means ─▶ edges ─▶ loads that are on ─▶ slope of the quiet parts, or a smooth fall ─▶ charging

| part | what it knows |
|---|---|
| `rules.signature.edges` | what is a step, what is a slow change, what is a smooth fall |
| `rules.signature.loads` | which loads are on, and which of them a step down ends |
| `rules.signature.slopes` | how fast the power rises while nothing else changes |
| `rules.signature.watch` | the verdict |

Numbers: shared knowledge of the field (`docs/load-signature.md` has them with their sources and what was measured).
"""

from rules.signature.watch import WIDTH, LoadWatch, Shape

__all__ = ["WIDTH", "LoadWatch", "Shape"]
