"""Data sets and weights for this machine from ModelArts.

They are at OBS URLs (obs://...), which moxing copies, or in folders that are mounted. Every NPU of
a server runs a process of its own on the same disk: one of them copies, while the others wait.
"""

from __future__ import annotations

import logging
import os
import re

from pwcnet.ascend.obs import (
    RemoteFolder,
    copy_errors,
    copy_file,
    is_obs,
    moxing_files,
    one_process,
)
from pwcnet.io.atomic import write_text

DATA, INDEX, META = ".data-00000-of-00001", ".index", ".meta"

log = logging.getLogger(__name__)


def fetch_data(url: str, folder: str) -> str:
    """Returns the local folder that holds a data set, copied from OBS where it is not local.

    An OBS URL is copied once: folder.complete is written after it, and a copy that failed is made
    again the next time.

    Args:
        url: An OBS URL, or a folder, which is returned itself.
        folder: Where to copy.

    Raises:
        FileNotFoundError: There is nothing at the URL.
        ValueError: The URL is one of OBS, and moxing is missing.
        OSError: Copying fails, or the folder holds the copy of another URL.
    """
    if not is_obs(url):
        if not os.path.isdir(url):
            raise FileNotFoundError("No data at %s, which is no folder and no obs:// URL" % url)
        return url
    files, folder = moxing_files(url), folder.rstrip("/")
    marker = folder + ".complete"
    with one_process(folder):
        if os.path.exists(marker):
            with open(marker) as stream:
                copied = stream.read().strip()
            if copied != url:
                raise OSError(
                    "%s holds the copy of %s, not of %s; choose another folder, or remove it with "
                    "%s" % (folder, copied, url, marker)
                )
            log.info("%s is in %s already", url, folder)
            return folder
        if not files.exists(url):
            raise FileNotFoundError("No data at %s" % url)
        log.info("copying %s to %s", url, folder)
        os.makedirs(folder, exist_ok=True)
        with copy_errors(url, folder):
            files.copy_parallel(url, folder)
        write_text(marker, url + "\n")
    return folder


def fetch_weights(prefix: str | None, folder: str) -> str | None:
    """Returns the local prefix of a checkpoint, copied from OBS where it is not local.

    The whole OBS folder of the checkpoint is copied temporarily: a folder of its own saves time.

    Args:
        prefix: An OBS URL; a local path or None is returned itself.
        folder: Where to copy, the index last; a checkpoint that is there is not copied again.

    Raises:
        FileNotFoundError: There is no checkpoint at the URL.
        ValueError: The URL is one of OBS, and moxing is missing.
        OSError: Copying fails.
    """
    if not prefix or not is_obs(prefix):
        return prefix
    prefix = re.sub(r"\.(index|meta|data-00000-of-00001)$", "", prefix)
    source, name = prefix.rsplit("/", 1)
    local = os.path.join(folder, name)
    with one_process(local):
        if not os.path.exists(local + INDEX):
            remote = RemoteFolder(source, folder)
            if not remote.exists(name + INDEX):
                raise FileNotFoundError(
                    "No checkpoint at %s (%s%s is missing)" % (prefix, prefix, INDEX)
                )
            with remote.fetched() as copy:
                copy_checkpoint(copy, name, folder)
    return local


def copy_checkpoint(source_folder: str, name: str, folder: str) -> None:
    """Copies a checkpoint between local folders, the index last: readers need the index.

    Raises:
        OSError: Copying fails, or the checkpoint is not complete.
    """
    for extension in (DATA, META, INDEX):
        if extension != META or os.path.exists(os.path.join(source_folder, name + META)):
            copy_file(source_folder, name + extension, folder)
