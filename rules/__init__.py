"""Decides what is an alarm: typed rules, compiled to numpy kernels over state arrays.

Input: one partition of TELEMETRY in order, with its ticks.
Output: `Transition`s in ALARMS, the same ones however often it is replayed.
"""
