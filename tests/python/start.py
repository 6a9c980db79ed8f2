"""How long `iam` takes from its start to its exit: `--version`, and `whoami` of a session that is kept, against `iam emulate`.

Medians of 20, beside /bin/true from the same loop: what starting any program takes here. Fails unless each prints what it should; the
times are for reading. Usage: start.py IAM_BINARY
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

from support import emulator

RUNS = 20


def log_in(binary, line, environment):
    account = line["digiwin"]
    login = [binary, "login", "digiwin", "--base-url", line["base_url"], "--password-stdin"]
    login += ["--user", account["user_id"], "--tenant", account["tenant_id"]]
    environment = environment | {"IAM_APP_TOKEN": account["app_token"]}
    subprocess.run(login, input=account["password"], text=True, env=environment, check=True, capture_output=True)


def timed(command, environment, expected):
    begun = time.perf_counter()
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    took = time.perf_counter() - begun
    assert (run.returncode, run.stderr) == (0, ""), run
    assert expected in run.stdout, run
    return took * 1e3


if __name__ == "__main__":
    binary = sys.argv[1]
    with emulator(binary) as line, tempfile.TemporaryDirectory() as home:
        # No password and no token: `whoami` works by the session that is kept. No keyring of this machine's.
        environment = {"HOME": home, "PATH": "/usr/bin:/bin", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
        log_in(binary, line, environment)
        commands = {
            "/bin/true": (["/bin/true"], ""),
            "iam --version": ([binary, "--version"], "iam "),
            "iam whoami": ([binary, "whoami"], line["digiwin"]["user_id"]),
        }
        times = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, (command, expected) in commands.items():
                times[name].append(timed(command, environment, expected))
    for name, took in times.items():
        print(f"{name:16} {statistics.median(took):7.1f} ms, the median of {RUNS}; {min(took):.1f} to {max(took):.1f} ms")
    print(f"the binary       {os.path.getsize(binary) / 1e6:7.1f} MB")
