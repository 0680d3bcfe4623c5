"""The simulated beamline: a real EPICS server with motors, a detector and a sample."""
