"""Devices: found among many, their values of now, trends and states of before."""
