"""Logins of many users: how many a second, and how much CPU, of this crate beside the vendor's Python client.

Both log in to the same server, which the bench serves with a round trip of 20 ms, one after the other and all at once: medians of
paired runs. Usage: login_loop.py BENCH_BINARY [LOGINS [RUNS [MILLISECONDS]]]

BENCH_BINARY is what `cargo bench --all-features --bench handshake --no-run` names.
"""

import asyncio
import statistics
import subprocess
import sys
import time

from dapware_iam import AsyncIAMClient, IAMClient


def one_after_the_other(base, logins):
    client = IAMClient(base, "a")
    for n in range(logins):
        assert client.identity.login(f"u{n}", "password").token == "t"
    client.close()


def all_at_once(base, logins):
    async def log_in():
        client = AsyncIAMClient(base, "a")
        users = await asyncio.gather(*(client.identity.login(f"u{n}", "password") for n in range(logins)))
        assert len(users) == logins and all(user.token == "t" for user in users)
        await client.close()

    asyncio.run(log_in())


def measured(work, *arguments):
    """What it took, and its CPU time, in milliseconds."""
    begun, cpu = time.monotonic(), time.process_time()
    work(*arguments)
    return (time.monotonic() - begun) * 1e3, (time.process_time() - cpu) * 1e3


def ours(binary, base, logins):
    run = subprocess.run([binary, "--log-in", base, str(logins)], capture_output=True, text=True, check=True)
    lines = [line.split() for line in run.stdout.splitlines()]
    return {how: (float(took), float(cpu)) for how, took, cpu in lines}


def main(binary, logins="100", runs="5", milliseconds="20"):
    logins = int(logins)
    server = subprocess.Popen([binary, "--serve", milliseconds], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    results = {}
    try:
        base = server.stdout.readline().strip()
        for _ in range(int(runs)):
            for how, result in ours(binary, base, logins).items():
                results.setdefault(("iam-sdk", how), []).append(result)
            results.setdefault(("vendor", "sequential"), []).append(measured(one_after_the_other, base, logins))
            results.setdefault(("vendor", "concurrent"), []).append(measured(all_at_once, base, logins))
    finally:
        server.stdin.close()
        server.wait(timeout=30)
    print(f"{logins} logins of {logins} users, round trips of {milliseconds} ms, medians of {runs} paired runs")
    for (who, how), times in sorted(results.items(), key=lambda entry: entry[0][1]):
        took, cpu = (statistics.median(column) for column in zip(*times))
        print(f"{how:11} {who:8} {logins / took * 1e3:8.1f} logins a second {cpu / logins:8.2f} ms CPU a login")


if __name__ == "__main__":
    main(*sys.argv[1:])
