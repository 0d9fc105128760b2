"""What a rule may ask of readings, as people write it: selectors, tests, combinations.

A condition is either a *combination* (``all_of``, ``any_of`` of further conditions) or a *test* on the
points that its selector matches within the rule's entity; one point that passes is enough. Tests:

| key | true when | watched |
|---|---|---|
| ``above``, ``below`` | value is over / under a limit; false again only past the hysteresis | points |
| ``bits`` | any / all / none of the bits of a mask are set in a state word | points |
| ``equals`` | value is one of the given numbers, and (with ``until``) was since, up to one of others | points |
| ``at_least``, ``at_most`` | value reaches a number (states and counts) | points |
| ``step`` | value stands between ``low`` and ``high`` above its usual level | points |
| ``expression`` | a formula over points of one device is true, see `rules.conditions.expressions` | devices |
| ``absence`` | nothing good is heard | devices, gateways or transmitters |

A new test is a new key here, and a bank in `rules.banks` that evaluates it.
"""

from rules.conditions.condition import COMBINATIONS, TESTS, Condition
from rules.conditions.measured import PLAIN, Limit, LoadStep, Measured
from rules.conditions.selectors import Selector
from rules.conditions.silence import Absence, Absent
from rules.conditions.states import Bits, Equals

__all__ = [
    "COMBINATIONS",
    "PLAIN",
    "TESTS",
    "Absence",
    "Absent",
    "Bits",
    "Condition",
    "Equals",
    "Limit",
    "LoadStep",
    "Measured",
    "Selector",
]
