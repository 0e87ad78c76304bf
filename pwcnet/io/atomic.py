"""Files that are complete or absent, whatever kills the program."""

import errno
import os
import tempfile
from contextlib import contextmanager

PARTIAL_PREFIX = ".partial-"  # begins the names of files that are being written; one that stays was being written when the program was killed


@contextmanager
def atomic_path(path):
    """Yields a temporary name in the same folder, with the same ending; renames it to `path` when the block ends well, removes it when it does not.

    The folder is made if it is missing. Raises OSError as the file system does (disk full, no permission), which names `path` or the folder that cannot be
    made; at once IsADirectoryError where `path` is a folder.
    """
    path = os.fspath(path)
    _refuse_folder(path)
    folder, name = os.path.split(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    with os_errors_naming(path):
        handle, temporary = tempfile.mkstemp(prefix=PARTIAL_PREFIX, suffix="-" + name, dir=folder)
        os.close(handle)
        try:
            yield temporary
            with open(temporary, "rb") as written:
                os.fsync(written.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
            sync_folder(folder)
        except BaseException:
            if os.path.exists(temporary):
                os.remove(temporary)
            raise


@contextmanager
def os_errors_naming(path):
    """OSErrors of the block that name no file (a disk that is full), or one that is being written, name `path` instead."""
    try:
        yield
    except OSError as error:
        if error.errno is None or not (error.filename is None or is_partial(error.filename)):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def is_partial(path):
    """Whether a path is, or lies in, what is being written."""
    return any(part.startswith(PARTIAL_PREFIX) for part in str(path).split(os.sep))


def check_output_file(path):
    """Raises, before the work and without a trace, the OSError that writing this file would end in: it is a folder, a file is in the way, no permission."""
    _refuse_folder(path)
    check_output_folder(os.path.dirname(os.path.abspath(path)))


def check_output_folder(path):
    """Raises, before the work and without a trace, the OSError that making this folder, or a file in it, would end in."""
    existing = os.path.abspath(path)
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), existing)
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except FileNotFoundError:  # what /proc says: nothing can be made in it
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), existing) from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, existing) from error


def sync_folder(path):
    """Makes the names in a folder last through a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path, data):
    """Writes bytes to `path`, completely or not at all."""
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        stream.write(data)


def write_text(path, text):
    """Writes UTF-8 text to `path`, completely or not at all."""
    write_bytes(path, text.encode("utf-8"))


def _refuse_folder(path):
    if os.path.isdir(os.path.abspath(path)):
        raise IsADirectoryError(
            errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path) or os.curdir
        )


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
