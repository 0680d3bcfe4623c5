import asyncio

from lapwing.config import Settings
from lapwing.epics import clients
from lapwing.session.session import Session


def test_a_session_says_how_long_an_epics_server_may_be_silent(tmp_path):
    async def limit():
        found = clients.client().answer_timeout
        await clients.close()
        return found

    settings = Settings(data_dir=tmp_path, epics_timeout=1.5)
    try:
        with Session(settings, table=False, progress=False):
            assert asyncio.run(limit()) == 1.5
    finally:
        clients.configure(answer_timeout=Settings().epics_timeout)
    assert Settings.from_environment({"LAPWING_EPICS_TIMEOUT": "9"}).epics_timeout == 9
