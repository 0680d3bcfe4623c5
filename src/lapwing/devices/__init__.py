"""Devices that need no control system, and what all devices share."""
