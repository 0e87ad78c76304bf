"""copy_parallel takes folders alone, and there is no copy: more is not documented."""

import os
import shutil

CALLS = []
failures = {"after": None}  # files that are still copied before the connection breaks


def copy_parallel(src_url, dst_url):
    CALLS.append(("copy_parallel", src_url, dst_url))
    source, target = _path(src_url), _path(dst_url)
    if not os.path.isdir(source):
        raise RuntimeError("copy_parallel: %s is no folder" % src_url)
    for base, _, files in sorted(os.walk(source)):
        for name in sorted(files):
            _copy(
                os.path.join(base, name),
                os.path.join(target, os.path.relpath(os.path.join(base, name), source)),
            )


def exists(url):
    return os.path.exists(_path(url))


def make_dirs(url):
    os.makedirs(_path(url), exist_ok=True)


def _copy(source, target):
    if failures["after"] is not None:
        if failures["after"] == 0:
            raise RuntimeError("OBS: connection\nreset")
        failures["after"] -= 1
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target)


def _path(url):
    return (
        os.path.join(os.environ["STANDIN_OBS"], url[len("obs://") :])
        if url.startswith("obs://")
        else url
    )
