"""From manifests to batches: what is mixed, how it is stored, how it reaches the model."""
