"""What a gateway shows of itself: one snapshot, told as readings, as metrics, and to the service manager.

Input: the figures of spool, connectors, uplink and process. Output: readings of the gateway's own device, an HTTP
face with ``/healthz``, ``/readyz`` and ``/metrics``, and notices to systemd. Nothing here is asked for a reading.
"""
