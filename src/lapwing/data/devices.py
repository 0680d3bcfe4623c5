"""Devices: what the final file says about motors, detectors and their files.

Owns the instrument group, the configuration of devices, and links to data that lie
in other files. Must not know values of events.
Test: hand it a record with descriptors, look at groups and links.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import h5py

from lapwing.data.layout import (
    describe_field,
    link_names,
    make_group,
    put_json,
    stream_path,
)
from lapwing.data.record import Document, Record, Stream
from lapwing.data.tree import put_value

_TAKEN = ("configuration", "value", "data")
_HDF5_TYPES = ("application/x-hdf5", "application/hdf5", "AD_HDF5")


def put_devices(entry: h5py.Group, record: Record) -> None:
    """Make the instrument, with a group for each device of the run.

    Their fields are links to the streams; `primary` comes before others.
    """
    instrument = make_group(entry, "instrument", "NXinstrument")
    streams = sorted(record.streams.values(), key=lambda s: s.is_auxiliary)
    devices = list(dict.fromkeys(d for s in streams for d in _devices_of(s)))
    names = link_names(devices)
    for device in devices:
        group = make_group(instrument, names[device], _nx_class(device, record))
        if names[device] != device:
            group.attrs["device"] = device
        _link_fields(group, device, streams)
        number = 1
        for stream in streams:
            for descriptor in stream.descriptors:
                if found := descriptor.get("configuration", {}).get(device):
                    name = "configuration" if number == 1 else f"configuration_{number}"
                    if _put_configuration(group, name, found, stream.name):
                        number += 1


def _devices_of(stream: Stream) -> list[str]:
    found = list(stream.objects)
    for descriptor in stream.descriptors:
        found += list(descriptor.get("configuration", {}))
    return found


def _nx_class(device: str, record: Record) -> str:
    if device in record.names("motors"):
        return "NXpositioner"
    return "NXdetector" if device in record.names("detectors") else "NXcollection"


def _link_fields(group: h5py.Group, device: str, streams: list[Stream]) -> None:
    for stream in streams:
        keys = stream.objects.get(device)
        if not keys:
            continue
        own = link_names(stream.event_keys)
        own |= link_names(
            [k for k in stream.data_keys if k not in own], taken=own.values()
        )
        root = f"/{stream_path(stream.name)}/data"
        names = link_names([k for k in keys if k in own], taken=_TAKEN)
        for key, name in names.items():
            group[name] = h5py.SoftLink(f"{root}/{own[key]}")
        main = next(iter(stream.hinted(device)), keys[0])
        if main in names:
            generic = "data" if group.attrs["NX_class"] == "NXdetector" else "value"
            group[generic] = h5py.SoftLink(f"{root}/{own[main]}")
        return


def _put_configuration(
    group: h5py.Group, name: str, found: Mapping[str, Any], stream: str
) -> bool:
    values = found.get("data") or {}
    if not values:
        return False
    home = make_group(group, name, "NXcollection")
    home.attrs["stream"] = stream
    keys, times = found.get("data_keys") or {}, found.get("timestamps") or {}
    for key, field_name in link_names(values).items():
        field = put_value(home, field_name, values[key])
        describe_field(field, key, keys.get(key, {}))
        if isinstance(times.get(key), int | float):
            field.attrs["timestamp"] = float(times[key])
    return True


def put_resources(
    data: h5py.Group, record: Record, stream: Stream, directory: Path
) -> None:
    """Link the data of a stream that lie in other files.

    Args:
        data: The group of the stream's fields.
        record: The run.
        stream: The stream; its data keys with ``external = "STREAM:..."`` count.
        directory: Where the run's file is; links below it are relative.
    """
    for key in stream.data_keys:
        if key in stream.event_keys:
            continue
        resources = [r for r in record.resources if r.get("data_key") == key]
        keys = [key if i == 0 else f"{key}_{i + 1}" for i in range(len(resources))]
        names = link_names(keys, taken=data)
        for name, resource in zip(names.values(), resources, strict=True):
            _put_resource(data, name, resource, directory)


def _put_resource(
    data: h5py.Group, name: str, resource: Document, directory: Path
) -> None:
    path = _local_path(resource)
    dataset = (resource.get("parameters") or {}).get("dataset")
    if path and resource.get("mimetype") in _HDF5_TYPES and isinstance(dataset, str):
        inside = path.is_relative_to(directory.absolute())
        target = os.path.relpath(path, directory.absolute()) if inside else str(path)
        data[name] = h5py.ExternalLink(target, dataset)
        return
    put_json(data, name, dict(resource)).attrs["external"] = "stream_resource"


def _local_path(resource: Document) -> Path | None:
    parts = urlsplit(str(resource.get("uri", "")))
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    return Path(unquote(parts.path))
