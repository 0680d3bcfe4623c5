"""File plugin: writes the camera's images to HDF5 files, as areaDetector's does.

Owns the records of ``HDF1``: where files go, and whether images go into one.
Must not know the camera, nor the layout of a file.
Test: tests/system/test_beamline_camera.py, through Channel Access.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from softioc import builder

from lapwing.sim import records_setting as setting
from lapwing.sim.frames import FrameFile
from lapwing.sim.records_busy import BusyRecord, build_command
from lapwing.sim.records_plugins import Frame, Plugin, Trouble

_SINGLE, _CAPTURE, _STREAM = 0, 1, 2
_OK, _ERROR = 0, 1


class SimFilePlugin(Plugin):
    """The file plugin: ``Capture`` 1 writes images until there are ``NumCapture``.

    ``FileWriteMode`` Stream writes each image as it comes, Capture all of them at
    the end, and Single the last one when ``WriteFile`` is put. With ``NumCapture``
    0 it goes on until ``Capture`` is 0. A file that is there is never overwritten.
    It must be enabled first (``EnableCallbacks``).

    Args:
        prefix: Prefix of its records, such as ``"SIM:CAM:HDF1:"``.
        shape: Rows and columns of an image.
    """

    def __init__(self, prefix: str, shape: tuple[int, int]):
        super().__init__(prefix, enabled=False)
        self._shape = shape
        self._file: FrameFile | None = None
        self._held: list[Frame] = []
        self._last: Frame | None = None
        self._path_exists = builder.boolIn(
            f"{prefix}FilePathExists_RBV", ZNAM="No", ONAM="Yes", initial_value=0
        )
        self._path = setting.text(f"{prefix}FilePath", changed=self._look)
        self._name = setting.text(f"{prefix}FileName", "image")
        self._template = setting.text(f"{prefix}FileTemplate", "%s%s_%6.6d.h5")
        self._number = setting.whole(f"{prefix}FileNumber", 1)
        self._increment = setting.menu(f"{prefix}AutoIncrement", "No", "Yes", initial=1)
        self._mode = setting.menu(
            f"{prefix}FileWriteMode", "Single", "Capture", "Stream", initial=_STREAM
        )
        self._wanted = setting.whole(f"{prefix}NumCapture", 1)
        self._captured = builder.longIn(f"{prefix}NumCaptured_RBV", initial_value=0)
        self._work = BusyRecord(
            f"{prefix}Capture", self._capture, choices=("Done", "Capture")
        ).work
        self._capturing = builder.boolIn(
            f"{prefix}Capture_RBV", ZNAM="Done", ONAM="Capturing", initial_value=0
        )
        self._full_name = builder.longStringIn(
            f"{prefix}FullFileName_RBV", length=2 * setting.TEXT_SIZE
        )
        self._status = builder.mbbIn(
            f"{prefix}WriteStatus", "Write OK", "Write error", initial_value=_OK
        )
        self._message = builder.longStringIn(
            f"{prefix}WriteMessage", length=2 * setting.TEXT_SIZE
        )
        build_command(f"{prefix}WriteFile", self._write_last)
        # Writing one image is over before anybody could see it go on.
        builder.boolIn(
            f"{prefix}WriteFile_RBV", ZNAM="Done", ONAM="Writing", initial_value=0
        )

    def _look(self, path: str) -> None:
        self._path_exists.set(int(bool(path) and Path(path).is_dir()))

    async def _capture(self) -> None:
        self._held = []
        self._captured.set(0)
        streams = self._mode.get() == _STREAM
        if self._mode.get() == _SINGLE:
            self._tell("FileWriteMode is Single; Capture needs Capture or Stream")
        elif not streams or self._open():
            self._capturing.set(1)
            while not self._work.ended and not self._full:
                await self._work.wait_for_change()
            if not streams and self._open():
                self._append(self._held)
            self._close()
        self._capturing.set(0)

    @property
    def _full(self) -> bool:
        return 0 < self._wanted.get() <= self._captured.get()

    def _process(self, frame: Frame, trouble: Trouble) -> None:
        self._last = frame
        if not self._capturing.get() or self._full:
            return
        if self._file is None:
            self._held.append(frame)
        elif not self._append([frame]):
            self._work.end()
            return
        self._captured.set(self._captured.get() + 1)
        self._work.nudge()

    def _write_last(self) -> None:
        if self._last is None:
            self._tell("there is no image yet")
        elif self._capturing.get():
            self._tell("images are being captured")
        elif self._open():
            self._append([self._last])
            self._close()

    def _open(self) -> bool:
        try:
            path = self._next_path()
            self._file = FrameFile(Path(path), self._shape)
        except (OSError, TypeError, ValueError, OverflowError) as error:
            self._tell(str(error))
            return False
        self._full_name.set(path)
        self._tell("")
        if self._increment.get():
            self._number.set(self._number.get() + 1)
        return True

    def _next_path(self) -> str:
        folder = self._path.get()
        if not folder or not Path(folder).is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
        folder = folder if folder.endswith("/") else f"{folder}/"
        return self._template.get() % (folder, self._name.get(), self._number.get())

    def _append(self, frames: Sequence[Frame]) -> bool:
        if self._file is None:
            return False
        try:
            for frame in frames:
                self._file.append(frame)
        except OSError as error:
            self._tell(str(error))
            return False
        return True

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _tell(self, trouble: str) -> None:
        self._status.set(_ERROR if trouble else _OK)
        self._message.set(trouble[: 2 * setting.TEXT_SIZE - 1])
