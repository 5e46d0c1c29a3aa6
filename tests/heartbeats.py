"""What operators see of the things that a worker does again and again."""

from backend.monitoring import metrics


def last_done(chore: str) -> float | None:
    """When it last ended well, in this process; None: nobody expects it."""
    return metrics.REGISTRY.get_sample_value("chat_sonora_chore_last_success_timestamp_seconds", {"chore": chore})
