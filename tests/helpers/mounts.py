"""Mounts that lack what Linux' own file systems have."""

import os
import shutil
import subprocess

import pytest

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int fsync(int file)
{
    struct stat facts;
    int (*original)(int) = dlsym(RTLD_NEXT, "fsync");
    if (getenv("LACKS_FSYNC") && !fstat(file, &facts) && S_ISDIR(facts.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    return original(file);
}

static int refused(const char *path)
{
    const char *folder = getenv("LACKS_CHMOD");
    if (folder && strstr(path, folder)) {
        errno = EPERM;
        return 1;
    }
    return 0;
}

int chmod(const char *path, mode_t mode)
{
    int (*original)(const char *, mode_t) = dlsym(RTLD_NEXT, "chmod");
    return refused(path) ? -1 : original(path, mode);
}

int fchmodat(int folder, const char *path, mode_t mode, int flags)
{
    int (*original)(int, const char *, mode_t, int) = dlsym(RTLD_NEXT, "fchmodat");
    return refused(path) ? -1 : original(folder, path, mode, flags);
}
"""


def limited_mount(tmp_path, lacks):
    """A folder as on a mount without "chmod" or "fsync of folders".

    Skips the test where there is no C compiler.

    Returns:
        The environment of programs that are to see it so, and the folder.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    source, library = tmp_path / "shim.c", tmp_path / "shim.so"
    source.write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    folder = tmp_path / "limited_mount"
    folder.mkdir()
    variable = {"chmod": "LACKS_CHMOD", "fsync of folders": "LACKS_FSYNC"}[lacks]
    return dict(os.environ, LD_PRELOAD=str(library), **{variable: str(folder)}), folder
