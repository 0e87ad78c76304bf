"""Command lines of offline inference: checkpoint -> PB -> OM -> msame -> EPE."""
