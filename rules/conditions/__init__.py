"""What a rule may ask of readings, as people write it: selectors, tests, combinations.

A condition is either a *combination* of further conditions, or a *test* on the
points that its selector matches within the rule's entity; one point that passes is enough. Tests:

| key | true when | watched |
|---|---|---|
| ``above``, ``below`` | value is over / under a limit; false again only past the hysteresis | points |
| ``bits`` | any / all / none of the bits of a mask are set in a state word | points |
| ``equals`` | value is one of the given numbers, and (with ``until``) was since, up to one of others | points |
| ``at_least``, ``at_most`` | value reaches a number (states and counts) | points |
| ``step`` | value stands between ``low`` and ``high`` above its usual level | points |
| ``rate`` | value rises or falls faster than a limit | points |
| ``changed``, ``stuck`` | value moved within a time / has not moved for a time; small changes are none | points |
| ``count`` | a simple test became true so many times within a time | points |
| ``flap`` | a value, or a simple test's answer, changed so many times within a time | points |
| ``window`` | min, max, mean, sum, std, slope or percentile of a stretch of time is past a limit | points |
| ``load_signature`` | a battery charger is on, by the power of its circuit | points |
| ``baseline`` | value is not as at this hour of other weeks | points |
| ``expression`` | a formula over points of one device is true, see `rules.conditions.expressions` | devices |
| ``absence`` | nothing good is heard | points, devices, gateways or transmitters |
| ``schedule`` | it is that time of the week, or the zone is open / closed | the log's ticks |

| combination | true when |
|---|---|
| ``all_of``, ``any_of`` | all / one of the conditions are |
| ``several`` | at least so many different points or devices of the entity are, or were within a time |
| ``sequence`` | conditions began one after the other within a time, and the last one stands |

A new test is a new key here, and a bank in `rules.banks` that evaluates it.
"""

from rules.conditions.baseline import Baseline, Side
from rules.conditions.condition import COMBINATIONS, TESTS, UNWATCHED, Condition
from rules.conditions.measured import PLAIN, Limit, LoadStep, Measured
from rules.conditions.motion import Changed, PerTime, Rate, Stuck
from rules.conditions.places import Counted, Schedule, Sequence, Several
from rules.conditions.repeats import Count, Flap, Occurrence
from rules.conditions.selectors import Selector
from rules.conditions.signature import Evidence, LoadSignature
from rules.conditions.silence import Absence, Absent
from rules.conditions.states import Bits, Equals
from rules.conditions.windows import Window

__all__ = [
    "COMBINATIONS",
    "PLAIN",
    "TESTS",
    "UNWATCHED",
    "Absence",
    "Absent",
    "Baseline",
    "Bits",
    "Changed",
    "Condition",
    "Count",
    "Counted",
    "Equals",
    "Evidence",
    "Flap",
    "Limit",
    "LoadSignature",
    "LoadStep",
    "Measured",
    "Occurrence",
    "PerTime",
    "Rate",
    "Schedule",
    "Selector",
    "Sequence",
    "Several",
    "Side",
    "Stuck",
    "Window",
]
