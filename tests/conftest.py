"""What holds for the whole test process."""

import os

from hypothesis import settings

# Ophyd would load libca with the environment of this moment, and libca reads it only
# once; tests that need a beamline set it later. See compat/scripts for ophyd's EPICS.
os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

# A machine under load is slow, not wrong; a test has a time limit as a whole.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")
