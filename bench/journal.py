"""What the journal costs, and how quickly it is read again after a crash.

Records a second; a point of `count` and of `scan` with and without; how long single
points and writes take at most, on a quiet disk and while another process writes and
syncs large files; bytes an event; replay of a call of a million events. Both sides
run in interleaved blocks of one process. Set TMPDIR to measure another disk.

    python bench/journal.py [--points 1000] [--blocks 7] [--pairs 100]
        [--writes 3000] [--events 1000000] [--json FILE]
"""

from harness import arguments, report
from journal_engine import cost_of_points, single_points
from journal_log import records_a_second, single_writes
from journal_replay import replays


def main() -> None:
    args = arguments(
        __doc__, points=1000, blocks=7, pairs=100, writes=3000, events=1_000_000
    )
    series, ratios = records_a_second(20 * args.points, args.blocks)
    costs, more = cost_of_points(args.points, args.pairs)
    series += [*costs, *single_points(50 * args.points), *single_writes(args.writes)]
    series += replays(args.events)
    report("journal", series, {**ratios, **more}, args)


if __name__ == "__main__":
    main()
