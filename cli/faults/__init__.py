"""Faulty devices on demand: small sites of real processes that something is done to, and what must hold then.

Input: a `Scenario` each. Output: an `Outcome` with measured numbers. ``fengsui faults`` runs them; ``fengsui simulate
line`` and the kill tests stand on the same bench.
"""
