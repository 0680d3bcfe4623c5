"""The example plans of the manual of annotations, its slips mended.

Mended are missing commas, keywords in the plural, the parameters of 5d, the order of
those of 6a, and the default that the header of 7a lacks.
"""

import typing
from typing import List, Optional  # noqa: UP035 - as the manual writes them

from lapwing import parameter_annotation_decorator


class Device:
    """Stands for ophyd's class, which is in no grammar of ours either."""

    def __init__(self, name: str):
        self.name = name


det1, det2, det3, det4, det5 = (Device(f"det{n}") for n in range(1, 6))


def plan_demo1a(npts, delay):
    yield npts, delay


def plan_demo1b(npts, delay=1.0):
    yield npts, delay


def plan_demo1c(detectors, npts):
    yield detectors, npts


def plan_demo1d(detector_names, npts):
    yield detector_names, npts


def plan_demo1e(detector_names: typing.List[str], npts):  # noqa: UP006
    yield detector_names, npts


@parameter_annotation_decorator(
    {
        "parameters": {
            "detectors": {
                "annotation": "typing.List[DevicesType1]",
                "devices": {"DevicesType1": ["det1", "det2", "det3"]},
            }
        }
    }
)
def plan_demo1f(detectors, npts):
    yield detectors, npts


def plan_demo2a(detector: Device, npts=10):
    yield detector, npts


def plan_demo2b(detector=det1, npts=10):
    yield detector, npts


def plan_demo3a(detector, name: str, npts: int, delay: float = 1.0):
    yield detector, name, npts, delay


def plan_demo3b(positions: typing.Union[typing.List[float], None] = None):  # noqa: UP006, UP007
    yield positions


def plan_demo3c(positions: Optional[List[float]] = None):  # noqa: UP006, UP045
    yield positions


def plan_demo4a(detector, name, npts, delay=1.0):
    """
    This is the description of the plan that could be passed
    to the client and displayed to users.

    Parameters
    ----------
    detector : ophyd.Device
        The detector (Ophyd device). Space is REQUIRED before
        and after ':' that separates the parameter name and
        type. Type information is ignored.
    name
        Name of the experiment. Type is optional. Queue Server
        will still successfully process the docstring.
        Documenting types of all parameters is recommended
        practice.
    npts : int
        Number of experimental points.
    delay : float
        Dwell time.
    """
    yield detector, name, npts, delay


@parameter_annotation_decorator(
    {
        "description": "Plan description displayed to users.",
        "parameters": {
            "detector": {
                "description": "Description of the parameter 'detector'\n"
                "displayed to Queue Server users",
            },
            "name": {
                "description": "Description of the parameter 'name'\n"
                "displayed to Queue Server users",
            },
        },
    }
)
def plan_demo4b(detector, name, npts):
    """
    Plan description, which is part of documentation.
    It is not visible to Queue Server users.

    Parameters
    ----------
    detector : ophyd.Device
        The detector. Technical description,
        not visible to Queue Server users.
    name
        Name of the experiment. Technical description,
        not visible to Queue Server users.
    npts : int
        Number of experimental points.
        Description remains visible to Queue Server users,
        because it is not overridden by the decorator.
    """
    yield detector, name, npts


@parameter_annotation_decorator(
    {
        "parameters": {
            "detector": {
                "annotation": "DetectorType1",
                "devices": {"DetectorType1": ["det1", "det2", "det3"]},
            },
        }
    }
)
def plan_demo5a(detector, npts: int, delay: float = 1.0):
    yield detector, npts, delay


@parameter_annotation_decorator(
    {
        "parameters": {
            "detectors": {
                "annotation": "typing.Union[typing.List[DetectorType1], "
                "typing.List[DetectorType2]]",
                "devices": {
                    "DetectorType1": ["det1", "det2", "det3"],
                    "DetectorType2": ["det1", "det4", "det5"],
                },
            },
        }
    }
)
def plan_demo5b(detectors: List[Device], npts: int, delay: float = 1.0):  # noqa: UP006
    yield detectors, npts, delay


@parameter_annotation_decorator(
    {"parameters": {"detectors": {"annotation": "typing.List[__DEVICE__]"}}}
)
def plan_demo5c(detectors, npts: int, delay: float = 1.0):
    yield detectors, npts, delay


DEMO5D = {
    "parameters": {
        "dets_1": {
            "annotation": "typing.List[str]",
            "convert_device_names": True,
        },
        "dets_2": {
            "annotation": "typing.List[__DEVICE__]",
            "convert_device_names": False,
        },
        "dets_3": {"annotation": "typing.List[__DEVICE__]"},
    }
}


@parameter_annotation_decorator(DEMO5D)
def plan_demo5d(dets_1, dets_2, dets_3, npts: int, delay: float = 1.0):
    yield dets_1, dets_2, dets_3, npts, delay


DEMO6A = {
    "parameters": {
        "detector": {
            "annotation": "DetectorType1",
            "devices": {"DetectorType1": ["det1", "det2", "det3"]},
            "default": "det1",
        }
    }
}


@parameter_annotation_decorator(DEMO6A)
def plan_demo6a(npts: int, detector=det1, delay: float = 1.0):
    yield npts, detector, delay


DEMO7A = {"parameters": {"v": {"default": 50, "min": 20, "max": 99.9, "step": 0.1}}}


@parameter_annotation_decorator(DEMO7A)
def plan_demo7a(v=50):
    yield v


@parameter_annotation_decorator(
    {
        "parameters": {
            "dets": {
                "annotation": "typing.Union[typing.List[Type1], typing.List[Type2]]",
                "devices": {
                    "Type1": ["det1", "det2", ":det3:?val$"],
                    "Type2": ["det1", "det4", ":^det5$"],
                },
            },
        }
    }
)
def plan_demo8a(dets, npts: int, delay: float = 1.0):
    yield dets, npts, delay
