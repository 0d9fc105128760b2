"""The frame around every page: header, menu, lamps, banners, sound."""
