"""How long `iam authing users import` takes, beside a plain loop of the vendor's Python client, and what memory each needs.

Both create the same users, without passwords, in emulators of the same binary. It fails unless the import is MIN_RATIO times as fast
as the loop of the same run, and needs less than MAX_MEMORY MB. Usage: import_loop.py IAM_BINARY [USERS [USERS_OF_IAM_ALONE]]
"""

import csv
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

from authing.v2.management import ManagementClient, ManagementClientOptions  # noqa: E402

from support import emulator  # noqa: E402


# How many times as fast the import is at the least; and the most memory that it may need, in MB, and in bytes more for each row.
MIN_RATIO = 5
MAX_MEMORY = 64
MAX_BYTES_PER_ROW = 512


def rows(count):
    return [{"username": f"u-{n:06}", "email": f"u-{n:06}@bulk.example", "name": f"Name {n}"} for n in range(count)]


def connect(line):
    account = line["authing"]
    return ManagementClient(ManagementClientOptions(account["user_pool_id"], account["secret"], host=line["base_url"]))


def peak(pid):
    """The most memory that a process has had, in MB."""
    with open(f"/proc/{pid}/status") as status:
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
    # One that has ended has no memory any more.
    return int(found.group(1)) // 1024 if found else 0


def python_loop(binary, count):
    with emulator(binary) as line:
        client = connect(line)
        before = client.users.list(limit=1)["totalCount"]
        begun = time.monotonic()
        for row in rows(count):
            client.users.create(row)
        took = time.monotonic() - begun
        assert client.users.list(limit=1)["totalCount"] == before + count
    return took, peak(os.getpid())


def import_of_iam(binary, count):
    with emulator(binary) as line, tempfile.TemporaryDirectory() as directory:
        account, client = line["authing"], connect(line)
        before = client.users.list(limit=1)["totalCount"]
        path = os.path.join(directory, "users.csv")
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, ["username", "email", "name"])
            writer.writeheader()
            writer.writerows(rows(count))
        environment = {
            "HOME": directory,
            "IAM_BASE_URL": line["base_url"],
            "IAM_USER_POOL": account["user_pool_id"],
            "IAM_USER_POOL_SECRET": account["secret"],
        }
        begun = time.monotonic()
        process = subprocess.Popen([binary, "authing", "users", "import", path, "--quiet"], env=environment, stdout=subprocess.DEVNULL)
        # What `wait4` tells has this process's own memory in it, from before the other program took its place.
        memory = 0
        while process.poll() is None:
            memory = peak(process.pid) or memory
            time.sleep(0.02)
        took = time.monotonic() - begun
        assert process.returncode == 0, f"iam ended with {process.returncode}"
        assert client.users.list(limit=1)["totalCount"] == before + count
    return took, memory


class Checks:
    """What was measured, and what it must be."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def show(self, what, count, result):
        took, memory = result
        print(f"{what:28} {count:>7} users {took:8.1f} s {count / took:8.0f} a second {memory:6} MB at the most", flush=True)
        return result

    def check(self, holds, text):
        self.passed += holds
        self.failed += not holds
        print(("ok      " if holds else "FAILED  ") + text, flush=True)

    def memory(self, count, memory):
        most = MAX_MEMORY + count * MAX_BYTES_PER_ROW // 1_000_000
        # 0 would mean that nothing was measured.
        self.check(0 < memory <= most, f"{count} users in {memory} MB; the most is {most} MB")


if __name__ == "__main__":
    binary, count, alone = (sys.argv[1:] + ["2000", "0"][len(sys.argv) - 2 :])[:3]
    checks = Checks()
    loop, _ = checks.show("the vendor's client, a loop", int(count), python_loop(binary, int(count)))
    took, memory = checks.show("iam authing users import", int(count), import_of_iam(binary, int(count)))
    checks.check(loop / took >= MIN_RATIO, f"{loop / took:.1f} times as fast; the least is {MIN_RATIO}")
    checks.memory(int(count), memory)
    if int(alone):
        _, memory = checks.show("iam authing users import", int(alone), import_of_iam(binary, int(alone)))
        checks.memory(int(alone), memory)
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(checks.failed > 0)
