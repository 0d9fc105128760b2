"""Measurements of design.md §9: each module has `rows()`, which measures and returns its lines.

Input: nothing but this machine. Output: `(what, measured, budget)`; never a pass or a fail.
"""
