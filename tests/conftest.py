"""What holds for the whole test process."""

import os

# Ophyd would load libca with the environment of this moment, and libca reads it only
# once; tests that need a beamline set it later. See compat/scripts for ophyd's EPICS.
os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")
