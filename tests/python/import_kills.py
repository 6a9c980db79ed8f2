"""`iam authing users import` of many users, killed with SIGKILL at random moments and started again each time: every user is there
exactly once, and no run needs much memory.

A first import without kills tells how long one takes; the moments are spread evenly over that time, whatever the machine's speed.
Usage: import_kills.py IAM_BINARY [USERS [KILLS [SEED]]]
"""

import json
import random
import sys
import time

from imports import Checks, Import, connect, rows, total, usernames
from support import emulator


def clean(binary, count, checks):
    """Returns how many seconds one import takes."""
    with emulator(binary) as line, Import(binary, line, count) as work:
        client = connect(line)
        before = total(client)
        took, ended = work.run()
        code, printed = ended
        checks.check(code == 0 and json.loads(printed)["created"] == count, f"a clean import creates {count} users")
        checks.check(total(client) == before + count, "and they are there")
        checks.memory(count, work.memory)
        print(f"a clean import of {count} users: {took:.1f} s, {count / took:.0f} a second, {work.memory} MB at the most")
    return took


def killed(binary, count, moments, checks):
    """Returns whether every kill hit a running process. If so, checks what came of it."""
    with emulator(binary) as line, Import(binary, line, count) as work:
        client = connect(line)
        seeded = set(usernames(client))
        there, inside, begun = 0, 0, time.monotonic()
        for before, moment in zip([0.0, *moments], moments):
            _, ended = work.run(until=moment - before)
            if ended is not None:
                print(f"an import ended before it was killed: {ended}")
                return False
            now = total(client) - len(seeded)
            # The others hit while rows were checked, or the journal was read.
            inside += now > there
            there = now
        print(f"{len(moments)} kills, {inside} of them while users were created; {there} users are there after the last one")
        checks.check(inside > 0, "kills hit in the middle of the work")
        _, (code, printed) = work.run()
        took = time.monotonic() - begun
        end = json.loads(printed)
        checks.check(code == 0 and end["failed"] == end["left"] == 0, f"the last run finishes: {end}")
        checks.check(end["created"] + end["earlier"] == count, "what was done before is known")
        names = usernames(client)
        mine = [name for name in names if name not in seeded]
        checks.check(sorted(mine) == [row["username"] for row in rows(count)], f"{len(mine)} users, each exactly once")
        checks.check(len(names) == len(seeded) + count == total(client), "and nobody else")
        checks.memory(count, work.memory)
        print(f"with {len(moments)} kills: {took:.1f} s, {work.memory} MB at the most")
    return True


if __name__ == "__main__":
    binary, count, kills, seed = (sys.argv[1:] + ["100000", "20", str(time.time_ns())][len(sys.argv) - 2 :])[:4]
    count, kills = int(count), int(kills)
    print(f"{count} users, {kills} kills, seed {seed}")
    generator = random.Random(seed)
    checks = Checks()
    took = clean(binary, count, checks)
    # Where the machine has become so much faster that an import ends too early, the moments move together.
    for within in [took, took / 2, took / 4]:
        if killed(binary, count, sorted(generator.uniform(0, within) for _ in range(kills)), checks):
            break
    else:
        checks.check(False, f"{kills} kills hit a running import")
    sys.exit(checks.end())
