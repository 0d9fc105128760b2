"""New configuration for a gateway that runs: checked, compared, switched over, watched, put back when it does harm.

Input: a `Configuration` that somebody loaded and checked.
Output: a `Plan` of what to start, stop and restart, and an `Outcome`.
"""
