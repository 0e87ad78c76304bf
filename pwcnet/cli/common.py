"""What all commands share: errors as one line with a remedy, messages, the progress bar."""

from __future__ import annotations

import errno
import importlib
import logging
import logging.handlers
import os
import sys
import warnings
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Optional, Sequence

from pwcnet.cli.streams import lost_output, set_up_streams
from pwcnet.io.atomic import files_written

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's errors arrive as exceptions
os.environ.setdefault("OPENCV_LOG_LEVEL", "FATAL")  # so do those of files that OpenCV reads
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # quiet
# Unless it is told that Keras 2 is in use, TensorFlow 2 imports Keras 3 (with scikit-learn and
# matplotlib): 2.4 s of the 6 s that its import takes. Nothing here uses either.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
warnings.filterwarnings("ignore", category=FutureWarning, module="tensor(flow|board)")
warnings.filterwarnings("ignore", category=DeprecationWarning, module="tensorflow")

SPACE, ALLOWED = "free some space or choose another folder", "choose a folder you can write to"
REMEDIES = {
    errno.ENOSPC: SPACE,
    errno.EFBIG: SPACE,
    errno.EDQUOT: SPACE,
    errno.EACCES: ALLOWED,
    errno.EPERM: ALLOWED,
    errno.EROFS: ALLOWED,
    errno.EISDIR: "this is a folder; name a file",
    errno.EEXIST: "this is a file, where a folder is needed; choose another",
    errno.ENOTDIR: "this is a file, where a folder is needed; choose another",
    errno.ENOENT: "try another name",
}
# The packages of requirements.txt, by the names that are imported.
PACKAGES = ("numpy", "cv2", "tqdm", "tensorflow", "sklearn", "scipy")
BAR_DELAY = 0.5  # seconds; what fails before that is one line of error without a bar

Main = Callable[[List[str], str], Optional[int]]  # (argv, prog) -> exit code

_held = logging.handlers.MemoryHandler(1000000, flushLevel=logging.CRITICAL + 1)


def run(command: str | Main, argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    """Runs a command and ends the program: exit code 0, or what the command returns.

    A user's error (ValueError, OSError, a missing package, too little memory) is one line on
    stderr and exit code 2; messages of the time before the work began are dropped then. Ctrl-C is
    exit code 130.
    Where stdout cannot be written, a line on stderr says so; it is an error if no file was written
    either.
    PWCNET_TRACEBACK=1 in the environment shows the traceback too.

    Args:
        command: name of the module whose `main(argv, prog)` is called, or that function.
        argv: the arguments, by default those of the program.
        prog: the name of the program in messages, by default that of its file.
    """
    prog = prog or os.path.basename(sys.argv[0])
    set_up_streams()
    _set_up_logging()
    try:
        main = importlib.import_module(command).main if isinstance(command, str) else command
        code = main(list(sys.argv[1:] if argv is None else argv), prog)
        start_messages()
        sys.exit(code)
    except SystemExit as ended:
        sys.exit(ended.code or _check_stdout(prog))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except (ValueError, OSError, ImportError, MemoryError) as error:
        text = one_line(error)
        if text is None or os.environ.get("PWCNET_TRACEBACK") == "1":
            start_messages()
            raise
        print("%s: error: %s" % (prog, text), file=sys.stderr)
        sys.exit(2)
    finally:
        _held.buffer.clear()  # else logging prints them when the program ends


@contextmanager
def remedy(text: str, kinds: tuple[type[Exception], ...] = (ValueError, OSError)) -> Iterator[None]:
    """Appends "; text" to the message of an error that the block raises.

    Args:
        text: what the user can do.
        kinds: the kinds of errors, of ValueError, OSError and their subclasses.
    """
    try:
        yield
    except kinds as error:
        if isinstance(error, OSError) and error.strerror:
            raise  # `one_line` knows what to do about those
        kind = next(
            kind
            for kind in (FileNotFoundError, FileExistsError, OSError, ValueError)
            if isinstance(error, kind)
        )
        raise kind("%s; %s" % (error, text)) from error


def start_messages() -> None:
    """Prints the messages held back so far, and from now on each at once: the work begins."""
    if _held.target is not None:
        _held.flush()
        root = logging.getLogger()
        if _held in root.handlers:
            root.removeHandler(_held)
            root.addHandler(_held.target)


def load_tensorflow() -> None:
    """Imports TensorFlow, without its start-up notes."""
    import pwcnet.runtime.tensorflow  # noqa: F401


def progress_bar(*arguments: Any, **settings: Any) -> Any:
    """tqdm's bar; in a pipe or a log file, where a bar cannot move, a line every half minute."""
    from tqdm import tqdm

    interval = 0.1 if sys.stderr.isatty() else 30
    bar = tqdm(*arguments, mininterval=interval, dynamic_ncols=True, delay=BAR_DELAY, **settings)
    return _Starting(bar)


class _Starting:
    """A bar that starts the messages with its first step."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __iter__(self) -> Iterator[Any]:
        for item in self._bar:
            start_messages()
            yield item

    def __enter__(self) -> _Starting:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        return self._bar.__exit__(*error)

    def grow(self, total: int) -> None:
        """Sets the total, which becomes known while the work goes on."""
        self._bar.total = max(total, self._bar.n)

    def update(self, count: int = 1) -> None:
        """Moves the bar."""
        start_messages()
        self._bar.update(count)


def one_line(error: BaseException) -> str | None:
    """The message of an error as one line with a remedy; None for a defect of the program."""
    if isinstance(error, ImportError):
        return _missing_package(error)
    if isinstance(error, MemoryError):
        return "not enough memory%s; choose smaller frames or batches" % (
            str(error) and ": %s" % error
        )
    if not (isinstance(error, OSError) and error.strerror):
        return " ".join(str(error).split())
    named = "%s: " % error.filename if error.filename else ""
    advice = REMEDIES.get(error.errno or 0)
    if advice is ALLOWED and named and _is_unreadable(error.filename):
        advice = "make it readable or choose another"
    return named + error.strerror + ("; " + advice if advice else "")


def _is_unreadable(path: str) -> bool:
    return os.path.exists(path) and not os.access(path, os.R_OK)


def _missing_package(error: ImportError) -> str | None:
    """The line for a missing package of requirements.txt; None for other modules."""
    if (error.name or "").split(".")[0] not in PACKAGES:
        return None
    return (
        "the package %r is not installed for %s; run `bash scripts/setup.sh`, or install "
        "requirements.txt with pip" % (error.name, sys.executable)
    )


def _check_stdout(prog: str) -> int | None:
    """The exit code of a command that ended well, after a line about what could not be printed."""
    error = lost_output()
    if error is None:
        return None
    done = files_written() > 0
    text = "the files are written, but not the printed lines" if done else "nothing is printed"
    print(
        "%s: %s: stdout: %s; %s" % (prog, "warning" if done else "error", error.strerror, text),
        file=sys.stderr,
    )
    return None if done else 2


def _set_up_logging() -> None:
    shown = logging.StreamHandler(sys.stderr)
    shown.setFormatter(logging.Formatter("%(message)s"))
    _held.buffer.clear()
    _held.setTarget(shown)
    root = logging.getLogger()
    root.handlers[:] = [_held]
    root.setLevel(logging.INFO)
    # Such as where matplotlib's settings would be kept, and which devices JAX does not find.
    for package in ("tensorflow", "matplotlib", "jax", "tf2onnx"):
        logging.getLogger(package).setLevel(logging.ERROR)
