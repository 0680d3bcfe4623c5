"""Losses and returns of Channel Access as the event loop hears of them, late or not."""

import asyncio

import pytest
from aioca._catools import get_channel
from beamline_fixtures import beamline_fixture, run_fixture, until  # noqa: F401
from channel_backends import client_fixture  # noqa: F401
from epicscorelibs.ca import cadef

from lapwing.epics.subscription import Post, Subscription, values


@pytest.fixture(name="channel")
def connected_channel(beamline, client, run):
    async def make():
        channel = client.channel("SIM:DET:DWELL", "x")
        await client.connect([channel], 5)
        return channel

    return run(make())


def lose_and_find(pv):
    """Let a loss and a return be told at once, as after a turn that took long."""
    get_channel(pv).on_ca_connect_(cadef.CA_OP_CONN_DOWN)
    get_channel(pv).on_ca_connect_(cadef.CA_OP_CONN_UP)


def test_a_loss_and_a_return_while_the_loop_was_busy_end_in_a_connection(channel, run):
    story, heard = [], []
    channel.on_connection(story.append)

    async def lose():
        channel.monitor(lambda value: heard.append(value.value))
        await until(lambda: heard)
        lose_and_find(channel.pv)
        await until(lambda: len(story) == 2)
        # What is told after it is of the new connection.
        await until(lambda: len(heard) == 2)
        await channel.put(0.02)
        await until(lambda: heard[-1] == 0.02)
        await channel.put(0.01)

    run(lose())
    assert story == [False, True]
    assert channel.connected


def test_what_a_lost_server_told_last_is_not_told_after_the_loss(channel, run):
    heard = []

    async def lose():
        subscription = channel.monitor(lambda value: heard.append(value.value))
        await until(lambda: heard)
        (feed,) = [subscription._feed]
        feed.news.append("old")
        feed.post.send(feed)
        get_channel(channel.pv).on_ca_connect_(cadef.CA_OP_CONN_DOWN)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert "old" not in heard
        get_channel(channel.pv).on_ca_connect_(cadef.CA_OP_CONN_UP)
        await until(lambda: channel.connected)

    run(lose())


def test_a_server_that_is_gone_again_when_its_return_is_heard_is_found_later(
    beamline, channel, run
):
    heard = []

    async def begin():
        beamline.kill()
        await until(lambda: not get_channel(channel.pv).connected())
        subscription = Subscription(channel.pv, Post(), values, heard.append)
        subscription._on_connect(True)  # of which libca knows no more
        assert subscription.target is None
        beamline.restart()
        await until(lambda: heard, 30)
        assert heard[0].value == 0.01
        subscription.close()

    run(begin())


def test_who_closes_what_it_hears_from_hears_no_more(channel, run):
    heard = []

    def hear(value):
        heard.append(value.value)
        if len(heard) == 2:
            subscriptions[0].close()

    subscriptions = []

    async def follow():
        subscriptions.append(channel.monitor(hear, every=True))
        await until(lambda: heard)
        for value in (0.02, 0.03, 0.04):
            await channel.put(value, wait=False)
        await channel.put(0.01)

    run(follow())
    assert len(heard) == 2


def test_an_error_of_one_listener_keeps_no_news_from_others_nor_from_itself(
    channel, run
):
    heard, errors = [], []

    def fail(value):
        heard.append(("fails", value.value))
        raise ValueError(value.value)

    async def follow():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, news: errors.append(news["exception"]))
        channel.monitor(fail, every=True)
        channel.monitor(lambda value: heard.append(("hears", value.value)), every=True)
        await until(lambda: len(heard) == 2)
        await channel.put(0.02)
        await until(lambda: len(heard) == 4)
        await channel.put(0.01)

    run(follow())
    assert [type(error) for error in errors][:2] == [ValueError, ValueError]
    assert [value for who, value in heard if who == "fails"][:2] == [0.01, 0.02]
    assert [value for who, value in heard if who == "hears"][:2] == [0.01, 0.02]


def test_news_that_come_while_others_are_delivered_wake_the_loop_again():
    told = []

    class Feed:
        def take(self):
            told.append("late")

    async def main():
        post, loop = Post(), asyncio.get_running_loop()

        class Last(Feed):
            def take(self):
                told.append("first")
                # The loop has taken what there was: this wakes it by itself.
                post.send(Feed())

        await loop.run_in_executor(None, post.send, Last())
        await until(lambda: told == ["first", "late"], 5)

    asyncio.run(main())
