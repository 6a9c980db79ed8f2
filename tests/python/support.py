"""What the scripts share: an emulator of their own, and a note of the calls they make."""

import contextlib
import inspect
import json
import subprocess


@contextlib.contextmanager
def emulator(binary):
    """`iam emulate`, and the line that it prints."""
    process = subprocess.Popen([binary, "emulate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        code = process.wait(timeout=30)
    assert code == 0, f"iam emulate ended with {code}"


class Recorder:
    """Notes which public methods of the client are called, so that none is left out."""

    def __init__(self, client):
        self.client = client
        self.called = set()

    def __getattr__(self, module):
        api = getattr(self.client, module)
        recorder = self

        class Module:
            def __getattr__(self, name):
                recorder.called.add(f"{module}.{name}")
                return getattr(api, name)

        return Module()

    def left_out(self, *modules):
        public = {
            f"{module}.{name}"
            for module in modules
            for name, _ in inspect.getmembers(type(getattr(self.client, module)), inspect.isfunction)
            if not name.startswith("_")
        }
        return public - self.called
