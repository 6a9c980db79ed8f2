"""How long `iam authing users import` takes, beside a plain loop of the vendor's Python client, and what memory each needs.

Both create the same users, without passwords, in emulators of the same binary. Fails unless all of them are created, and the import
needs little memory; the times are for reading. Usage: import_loop.py IAM_BINARY [USERS]
"""

import os
import sys
import time

from imports import Checks, Import, connect, peak, rows, total
from support import emulator


def python_loop(binary, count):
    with emulator(binary) as line:
        client = connect(line)
        before = total(client)
        begun = time.monotonic()
        for row in rows(count):
            client.users.create(row)
        took = time.monotonic() - begun
        assert total(client) == before + count
    return took, peak(os.getpid())


def import_of_iam(binary, count):
    with emulator(binary) as line, Import(binary, line, count) as work:
        client = connect(line)
        before = total(client)
        took, (code, _) = work.run()
        assert code == 0, f"iam ended with {code}"
        assert total(client) == before + count
    return took, work.memory


def show(what, count, result):
    took, memory = result
    print(f"{what:28} {count:>7} users {took:8.1f} s {count / took:8.0f} a second {memory:6} MB at the most", flush=True)
    return result


if __name__ == "__main__":
    binary, count = (sys.argv[1:] + ["2000"])[:2]
    checks = Checks()
    loop, _ = show("the vendor's client, a loop", int(count), python_loop(binary, int(count)))
    took, memory = show("iam authing users import", int(count), import_of_iam(binary, int(count)))
    print(f"{loop / took:.1f} times as fast")
    checks.memory(int(count), memory)
    sys.exit(checks.end())
