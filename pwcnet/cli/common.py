"""What every command line shares: strict argument types, logging, and errors as one line with exit code 2."""

import argparse
import errno
import importlib.util
import logging
import os
import sys
import tempfile
import warnings

os.environ.setdefault(
    "TF_CPP_MIN_LOG_LEVEL", "3"
)  # before TensorFlow is imported: what goes wrong reaches the user as an exception
warnings.filterwarnings(
    "ignore", category=FutureWarning, module="tensor(flow|board)"
)  # TensorFlow 1.15 on NumPy 1.17 and later
warnings.filterwarnings("ignore", category=DeprecationWarning, module="tensorflow")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PACKAGES = (
    "numpy",
    "cv2",
    "tqdm",
    "tensorflow",
    "sklearn",
    "scipy",
)  # requirements.txt, by the names that are imported

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


def check_packages():
    """Ends a command line of this project, and no other program, with one line where packages are missing. Command lines import this module first for that."""
    program = getattr(sys.modules["__main__"], "__file__", None)
    if not program or os.path.dirname(os.path.realpath(program)) not in (
        os.path.join(ROOT, "scripts"),
        os.path.join(ROOT, "offline_infer"),
    ):
        return
    missing = [
        name
        for name in PACKAGES
        if name not in sys.modules and importlib.util.find_spec(name) is None
    ]
    if missing:
        print(
            "%s: error: expected the packages of requirements.txt, found no %s in %s; run bash scripts/setup.sh, then use .venv-tf1/bin/python or "
            ".venv-tf2/bin/python"
            % (os.path.basename(program), ", ".join(map(repr, missing)), sys.executable),
            file=sys.stderr,
        )
        sys.exit(2)


check_packages()

from pwcnet.runtime.choices import PRECISIONS  # noqa: E402,F401


class ArgumentParser(argparse.ArgumentParser):
    """argparse's, whose errors are one line."""

    def error(self, message):
        self.exit(
            2, "%s: error: %s; --help lists the options\n" % (self.prog, " ".join(message.split()))
        )


def boolean(text):
    """True/False, 1/0, yes/no in any case; anything else is an error (bool("False") would be true)."""
    if text.lower() in ("true", "1", "yes"):
        return True
    if text.lower() in ("false", "0", "no"):
        return False
    raise argparse.ArgumentTypeError("expected True or False (or 1/0, yes/no), got %r" % text)


def positive_int(text):
    """A whole number above zero."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError("expected a whole number above 0, got %r" % text)
    return value


def non_negative_int(text):
    """A whole number, zero or more."""
    return 0 if text == "0" else positive_int(text)


def positive_float(text):
    """A finite number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError("expected a number above 0, got %r" % text)
    return value


def non_negative_float(text):
    """A finite number, zero or more."""
    try:
        return 0.0 if float(text) == 0 else positive_float(text)
    except (ValueError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError("expected a number of 0 or more, got %r" % text)


def progress_bar(*arguments, **options):
    """tqdm's bar; in a pipe or a log file, where a bar cannot move, a line every half minute."""
    from tqdm import tqdm

    return tqdm(
        *arguments, mininterval=0.1 if sys.stderr.isatty() else 30, dynamic_ncols=True, **options
    )


def load_tensorflow():
    """Imports TensorFlow with the notes that its libraries print at start-up held back; they are shown where the import fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as notes:
        shown = os.dup(2)
        os.dup2(notes.fileno(), 2)
        try:
            import pwcnet.runtime.tensorflow  # noqa: F401
        except BaseException:
            notes.seek(0)
            os.write(shown, notes.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)


def run(main):
    """Calls `main(argv)` and exits: 0, or its return value; 2 with one line for a user's error; 130 after Ctrl-C.

    PWCNET_TRACEBACK=1 in the environment shows the traceback of a user's error too.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except (ValueError, OSError) as error:
        if os.environ.get("PWCNET_TRACEBACK") == "1":
            raise
        print("%s: error: %s" % (os.path.basename(sys.argv[0]), _one_line(error)), file=sys.stderr)
        sys.exit(2)


def _one_line(error):
    if not (isinstance(error, OSError) and error.strerror):
        return " ".join(str(error).split())
    named = "%s: " % error.filename if error.filename else ""
    remedy = REMEDIES.get(error.errno)
    if (
        remedy is ALLOWED
        and named
        and os.path.exists(error.filename)
        and not os.access(error.filename, os.R_OK)
    ):
        remedy = "make it readable or choose another"
    return named + error.strerror + ("; " + remedy if remedy else "")
