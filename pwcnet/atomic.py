"""Files that are complete or absent, whatever kills the program."""
import os
import tempfile
from contextlib import contextmanager

PARTIAL = ".partial-"           # begins the names of files that are being written; one that stays was being written when the program was killed


@contextmanager
def atomic_path(path):
    """Yields a temporary name in the same folder, with the same ending; renames it to `path` when the block ends well, removes it when it does not.

    The folder is made if it is missing. Raises OSError as the file system does (disk full, no permission).
    """
    path = os.fspath(path)
    folder, name = os.path.split(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=PARTIAL, suffix="-" + name, dir=folder)
    os.close(handle)
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def write_bytes(path, data):
    """Writes bytes to `path`, completely or not at all."""
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        stream.write(data)


def write_text(path, text):
    """Writes UTF-8 text to `path`, completely or not at all."""
    write_bytes(path, text.encode("utf-8"))


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
