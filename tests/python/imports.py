"""What the scripts about `iam authing users import` share: a file of users, how it is imported, and what memory that takes."""

import csv
import os
import re
import subprocess
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

from authing.v2.management import ManagementClient, ManagementClientOptions  # noqa: E402

# The most memory that an import may need, in MB: of 100,000 rows no more than of a few.
MAX_MEMORY = 64


def rows(count):
    return [{"username": f"u-{n:06}", "email": f"u-{n:06}@bulk.example", "name": f"用户 {n}"} for n in range(count)]


def connect(line):
    """The vendor's client of the emulator that printed this line."""
    account = line["authing"]
    return ManagementClient(ManagementClientOptions(account["user_pool_id"], account["secret"], host=line["base_url"]))


def total(client):
    return client.users.list(limit=1)["totalCount"]


def usernames(client):
    """The names of all users, as the vendor's client lists them: one twice if there were two such users."""
    names, page = [], 1
    while listed := client.users.list(page=page, limit=1000)["list"]:
        names += [user["username"] for user in listed]
        page += 1
    return names


def peak(pid):
    """The most memory that a process has had, in MB; 0 for one that has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
    except FileNotFoundError:
        return 0
    return int(found.group(1)) // 1024 if found else 0


class Import:
    """A file of so many users in a directory of its own, and the runs of `iam` that import it into an emulator's pool."""

    def __init__(self, binary, line, count):
        account = line["authing"]
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "users.csv")
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, ["username", "email", "name"])
            writer.writeheader()
            writer.writerows(rows(count))
        self.command = [binary, "authing", "users", "import", path, "--quiet", "-o", "json"]
        self.environment = {
            "HOME": self.directory.name,
            "IAM_BASE_URL": line["base_url"],
            "IAM_USER_POOL": account["user_pool_id"],
            "IAM_USER_POOL_SECRET": account["secret"],
        }
        self.memory = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def run(self, until=None):
        """Starts the import, and kills it with SIGKILL after so many seconds. Returns how long it ran, and what it printed; nothing
        if it was killed."""
        begun = time.monotonic()
        process = subprocess.Popen(self.command, env=self.environment, stdout=subprocess.PIPE, text=True)
        # What `wait4` tells has this process's own memory in it, from before the other program took its place.
        while process.poll() is None and (until is None or time.monotonic() - begun < until):
            self.memory = max(self.memory, peak(process.pid))
            time.sleep(0.02 if until is None else max(0, min(0.02, until - (time.monotonic() - begun))))
        if process.poll() is None:
            process.kill()
        printed, _ = process.communicate()
        return time.monotonic() - begun, None if process.returncode == -9 else (process.returncode, printed)


class Checks:
    """What must hold on any machine."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, holds, text):
        self.passed += holds
        self.failed += not holds
        print(("ok      " if holds else "FAILED  ") + text, flush=True)

    def memory(self, count, memory):
        # 0 would mean that nothing was measured.
        self.check(0 < memory <= MAX_MEMORY, f"{count} users in {memory} MB; the most is {MAX_MEMORY} MB")

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return self.failed > 0
