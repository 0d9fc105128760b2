"""Transmitters of GB/T 26875.3-2011 that are not there: the device half of the protocol on real sockets.

Input: buttons that somebody presses, scenario steps, the story of a fleet's day.
Output: frames as a device sends them, and answers to what a centre asks; deviations and faults on demand.
"""
