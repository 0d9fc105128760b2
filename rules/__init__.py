"""Decides what is an alarm: typed rules, compiled to numpy kernels over state arrays.

Input: one partition of TELEMETRY in order, with its ticks.
Output: `Transition`s in ALARMS, the same ones however often it is replayed.
"""

from rules.fixtures import Outcome, run_tests
from rules.loading import TEST_SUFFIX, library_dir, load
from rules.model import Rule, RuleSet

__all__ = ["TEST_SUFFIX", "Outcome", "Rule", "RuleSet", "library_dir", "load", "run_tests"]
