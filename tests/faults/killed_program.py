"""Runs subcommands of `pwcnet` that are killed at a given moment, each in a fork of its own.

TensorFlow is imported once, no session is made before the fork. A line of JSON on stdin is a job:

    {"folder": DIR, "command": [...], "event": N, "delay": SECONDS}

The command runs in DIR and is killed by SIGKILL, `delay` seconds after it was about to open,
rename, create or remove a file or folder below DIR for the N-th time; N = 0 lets it end. The
answer is a line of JSON: {"code": exit code, negative for a signal, "events": their number,
"text": what was printed}.
"""

import json
import os
import signal
import sys
import tempfile
import threading
import time

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}


class Events:
    """Counts the file events below a folder; kills this process some time after the N-th."""

    def __init__(self, folder, last, delay):
        self._inside = os.path.join(os.path.realpath(folder), "")
        self._last, self._delay = last, delay
        self._lock, self.count = threading.Lock(), 0

    def __call__(self, event, arguments):
        if event not in EVENTS or not isinstance(arguments[0], (str, os.PathLike)):
            return
        if not os.path.abspath(os.fspath(arguments[0])).startswith(self._inside):
            return
        with self._lock:
            self.count += 1
            if self.count == self._last:
                self._kill()

    def _kill(self):
        if not self._delay:
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Thread(target=self._kill_later, daemon=True).start()

    def _kill_later(self):
        time.sleep(self._delay)
        os.kill(os.getpid(), signal.SIGKILL)


def run_job(job, output):
    """In the fork: runs the command, unless it is killed, and ends the process."""
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
    os.chdir(job["folder"])
    events = Events(job["folder"], job["event"], job["delay"])
    sys.addaudithook(events)
    try:
        code = run_pwcnet(job["command"])
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    os.write(output.fileno(), ("\n%d" % events.count).encode())
    os._exit(code or 0)


def main():
    for line in sys.stdin:
        job = json.loads(line)
        with tempfile.TemporaryFile() as output:
            process = os.fork()
            if not process:
                run_job(job, output)
            _, status = os.waitpid(process, 0)
            output.seek(0)
            text = output.read().decode(errors="replace")
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        events = int(text.rpartition("\n")[2]) if code >= 0 else None
        print(json.dumps({"code": code, "events": events, "text": text}), flush=True)


if __name__ == "__main__":
    from pwcnet.cli.main import main as run_pwcnet
    from pwcnet.inference import predictor  # noqa: F401  with TensorFlow, for all forks
    from pwcnet.weights import saving  # noqa: F401

    main()
