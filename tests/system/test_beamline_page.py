"""The page of the simulated beamline's PVs names what there is."""

import re

from architecture.source_tree import ROOT
from beamline_fixtures import beamline_fixture, run_fixture  # noqa: F401
from record_ioc_fixtures import record_ioc_fixture  # noqa: F401

from lapwing.epics import clients

PAGE = ROOT / "docs" / "reference" / "simulated-beamline.md"


def test_every_pv_of_the_page_is_there(beamline, record_ioc, run):
    names = sorted(set(re.findall(r"`((?:SIM|REC):\w[\w.:]*)`", PAGE.read_text())))
    assert len(names) > 200

    async def connect():
        client = clients.client()
        await client.connect([client.channel(name) for name in names], 15)

    run(connect())
