# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The command: prints where it is, what it found, and what it has seen."""

from collections import defaultdict
from itertools import chain

from . import changes
from .run import CHUNK, Fuzz, Progress
from .switches import without

ANSWERS_COMPARED = 1000


def drive(options) -> int:
    """Run as the command line says. :return: an exit status"""
    walls = [name for name in options.without.split(",") if name]
    fuzz = Fuzz(options.database, options.seed, tame="decision" in walls)
    with without(walls):
        if options.only is not None:
            return replay(fuzz, options.only)
        return _run(fuzz, options)


def replay(fuzz, index) -> int:
    """Make one call again, and tell all about it."""
    scope, key, inside, oracle, generator = fuzz.of(index)
    fuzzed = generator.make(index)
    answer = fuzz.entrance.call(key, fuzzed)
    print(f"scope “{scope.name}”, steps {fuzzed.steps}\n{fuzzed.describe()}")
    print(f"{answer.kind}: {answer.text[:3000]}\nrow: {answer.row}")
    for change in answer.changes:
        print("changed", change.operation, change.table, change.id, change.columns)
    leaks = [*fuzz.run(index, index + 1), *fuzz.compare()]
    for leak in leaks:
        print(leak)
    return 1 if leaks else 0


def _run(fuzz, options) -> int:
    progress = Progress.load(options.state) if options.state else None
    start = progress.done if progress else options.start
    stop = options.calls if progress else start + options.calls
    classes, found = defaultdict(list), 0
    before = changes.digests(fuzz.env.cr)
    fuzz.env.cr.rollback()
    while start < stop:
        end = min(stop, (start // CHUNK + 1) * CHUNK)
        answers = 1 if end == stop else ANSWERS_COMPARED
        for leak in chain(fuzz.run(start, end), fuzz.compare(answers)):
            found += 1
            if found <= options.most:
                print(leak, flush=True)
            for step in leak.steps if len(leak.steps) < 2 else ():
                classes[step].append(leak)
            if not leak.steps:
                classes["inside"].append(leak)
        after = changes.digests(fuzz.env.cr)
        fuzz.env.cr.rollback()
        for table in before:
            if before[table] != after.get(table):
                print(f"calls {start} to {end}: {table} is not what it was")
                found += 1
        before = after
        start = end
        statistics = fuzz.statistics
        print(
            f"{end} of {stop} calls, {statistics.calls / statistics.seconds:.0f} a second,"
            f" {statistics.share_allowed:.0%} allowed, {found} findings",
            flush=True,
        )
        if progress:
            progress.done, progress.leaks = end, progress.leaks + found
            progress.save()
    print(fuzz.statistics.report())
    print(f"unstable answers: {fuzz.statistics.unstable}")
    if classes:
        print(f"\n{'way':40} leaks first kinds")
        for name, leaks in sorted(classes.items()):
            kinds = sorted({leak.finding.kind for leak in leaks})
            print(f"{name:40} {len(leaks):5} {leaks[0].index:5} {' '.join(kinds)}")
    return 1 if found else 0
