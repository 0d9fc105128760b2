"""Device halves: what a panel, meter, transmitter, sensor or camera puts on the wire.

Input: values by point name and a moment on the scenario's time axis.
Output: Modbus registers on a TCP socket, JSON messages at an MQTT broker.
"""
