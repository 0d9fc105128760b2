"""Devices that are not there: own halves of the protocols on real sockets, with faults.

Input: scenario files on a time axis.
Output: device bytes; a verdict on the scenario's `expect` blocks.
"""
