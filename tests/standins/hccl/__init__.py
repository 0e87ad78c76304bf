"""Stands in for HCCL's Python interface, as CANN documents it."""
