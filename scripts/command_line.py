"""What every command line shares: strict argument types, logging, and errors as one line with exit code 2."""
import argparse
import logging
import os
import sys
import tempfile
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")      # before TensorFlow is imported: what goes wrong reaches the user as an exception
warnings.filterwarnings("ignore", category=FutureWarning, module="tensor(flow|board)")      # TensorFlow 1.15 on NumPy 1.17 and later
warnings.filterwarnings("ignore", category=DeprecationWarning, module="tensorflow")

PRECISIONS = ("float32", "bfloat16", "float16")         # as pwcnet.runtime.precision has them, without importing TensorFlow


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


def progress_bar(*arguments, **options):
    """tqdm's bar; in a pipe or a log file, where a bar cannot move, a line every half minute."""
    from tqdm import tqdm
    return tqdm(*arguments, mininterval=0.1 if sys.stderr.isatty() else 30, dynamic_ncols=True, **options)


def load_tensorflow():
    """Imports TensorFlow with the notes that its libraries print at start-up held back; they are shown where the import fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as notes:
        shown = os.dup(2)
        os.dup2(notes.fileno(), 2)
        try:
            import pwcnet.runtime  # noqa: F401
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
    if isinstance(error, OSError) and error.strerror:
        return "%s: %s" % (error.filename, error.strerror) if error.filename else error.strerror
    return " ".join(str(error).split())
