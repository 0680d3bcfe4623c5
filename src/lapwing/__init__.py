"""Lapwing runs experiments on instruments: step scans, fly scans, queues of them."""
