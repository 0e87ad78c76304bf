"""Stands in for moxing: obs://BUCKET/KEY is the file $STANDIN_OBS/BUCKET/KEY."""

from moxing import file  # noqa: F401
