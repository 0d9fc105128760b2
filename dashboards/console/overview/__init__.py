"""The overview (大屏): areas, units, buildings, floor plans, devices, and the day's figures beside them."""
