"""The real engines that judge the platform: pinned, fetched, unpacked; no part of the platform."""
