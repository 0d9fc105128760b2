"""Shift hand-over: giving it, taking it, and what was handed over before."""
