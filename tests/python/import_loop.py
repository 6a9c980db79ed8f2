"""How long `iam authing users import` takes, beside a plain loop of the vendor's Python client, and what memory each needs.

Both create the same users, without passwords, in emulators of the same binary. Usage: import_loop.py IAM_BINARY [USERS [USERS_OF_IAM_ALONE]]
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


def rows(count):
    return [{"username": f"u-{n:06}", "email": f"u-{n:06}@bulk.example", "name": f"Name {n}"} for n in range(count)]


def connect(line):
    account = line["authing"]
    return ManagementClient(ManagementClientOptions(account["user_pool_id"], account["secret"], host=line["base_url"]))


def peak(pid):
    """The most memory that a process has had, in MB."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) // 1024


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
        _, code, usage = os.wait4(process.pid, 0)
        took = time.monotonic() - begun
        assert code == 0, f"iam ended with {code}"
        assert client.users.list(limit=1)["totalCount"] == before + count
    return took, usage.ru_maxrss // 1024


def show(what, count, result):
    took, memory = result
    print(f"{what:28} {count:>7} users {took:8.1f} s {count / took:8.0f} a second {memory:6} MB at the most", flush=True)


if __name__ == "__main__":
    binary, count, alone = (sys.argv[1:] + ["2000", "0"][len(sys.argv) - 2 :])[:3]
    show("the vendor's client, a loop", int(count), python_loop(binary, int(count)))
    show("iam authing users import", int(count), import_of_iam(binary, int(count)))
    if int(alone):
        show("iam authing users import", int(alone), import_of_iam(binary, int(alone)))
    print("1 passed, 0 failed")
