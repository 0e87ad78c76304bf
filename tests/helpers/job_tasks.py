"""Tasks of the tests of engines: what workers import."""

import ctypes
import os
import signal
import subprocess
import sys
import time

from pwcnet.jobs.processes import PR_SET_PDEATHSIG


class RefusalError(ValueError):
    """A type of error that the driver may not know."""

    def __init__(self, name, reason):
        super().__init__("%s: %s" % (name, reason))


class Value:
    def __reduce__(self):
        raise TypeError("no value of this kind")


def start():
    """The function of tasks (verb, argument)."""
    return run


def start_noting(folder):
    """As `start`; notes each start and its process in a folder."""
    open(os.path.join(folder, "started-%d" % os.getpid()), "w").close()
    return run


def start_slowly():
    time.sleep(600)


def start_without_death_signal():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0)
    return run


def start_refused(kind, *arguments):
    raise kind(*arguments)


def start_dying():
    os.kill(os.getpid(), signal.SIGKILL)


def start_dying_beside(path):
    """Starts in the first worker alone; the others die."""
    try:
        open(path, "x").close()
    except FileExistsError:
        os.kill(os.getpid(), signal.SIGKILL)
    return run


def run(task):
    verb, argument = task
    return VERBS[verb](argument)


def die(argument):
    if argument == "exit":
        os._exit(3)
    os.kill(os.getpid(), getattr(signal, argument))


def die_once(path):
    """Dies unless the file is there, which it writes."""
    try:
        open(path, "x").close()
    except FileExistsError:
        return "survived"
    return os.kill(os.getpid(), signal.SIGKILL)


def die_beside_a_child(path):
    """Dies while a fork holds all that was open; the fork lives as long as the file is there."""
    if not os.fork():
        while os.path.exists(path):
            time.sleep(0.05)
        os._exit(0)
    os._exit(4)


def note_and_wait(path):
    """Writes this process's number into the file PATH; waits for the file PATH.go."""
    with open(path + ".part", "w") as stream:
        stream.write("%d" % os.getpid())
    os.replace(path + ".part", path)
    while not os.path.exists(path + ".go"):
        time.sleep(0.02)
    return path


def signal_self(name):
    os.kill(os.getpid(), getattr(signal, name))
    time.sleep(0.05)
    return name


def print_below_python(text):
    """Prints as C libraries do, on both streams, and dies in the midst of it."""
    subprocess.run(["sh", "-c", "echo out %s; echo err %s >&2" % (text, text)], check=True)
    print("python", text)
    os._exit(5)


def fail(argument):
    kind, arguments = argument
    raise kind(*arguments)


VERBS = {
    "square": lambda number: number * number,
    "fail": fail,
    "die": die,
    "die_once": die_once,
    "die_beside_a_child": die_beside_a_child,
    "note_and_wait": note_and_wait,
    "signal_self": signal_self,
    "print": print_below_python,
    "sleep": time.sleep,
    "process": lambda _: os.getpid(),
    "variables": lambda names: {name: os.environ.get(name) for name in names},
    "modules": lambda names: [name for name in names if name in sys.modules],
    "unpicklable": lambda _: Value(),
}
