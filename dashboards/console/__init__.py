"""The control-room console: one page, Chinese first, grey when calm.

Each part is a file: header, lamps, alarm list, device values, trend, gateways. Parts only read the
board (`dashboards.live`); what a person does goes to the alerts service.
"""
