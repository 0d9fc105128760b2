"""Homes with an electricity meter: minute means of power for weeks, with the times at which e-bikes were charged.

Everything is synthetic and all numbers are assumptions, except for the lithium charging curves (48–72 V, constant
current and then constant voltage), which follow a published cell model. No public set of recordings has an e-bike
charger in it.
"""

from simulators.homes.home import Home, Mix, Session, simulate

__all__ = ["Home", "Mix", "Session", "simulate"]
