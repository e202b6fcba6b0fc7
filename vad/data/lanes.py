"""Which place in a batch an excerpt takes, where training carries state from an excerpt to the one in its place next.

Life has long stretches in which nobody speaks. Excerpts in random order have none: after one without speech the next
one holds some as often as ever, and a network that learns from them has no reason to doubt a first cry after minutes
of engine noise more than a word amid talk.
"""

from __future__ import annotations

import tensorflow as tf


def by_absence(batches: tf.data.Dataset, absence_excerpts: float, seed: int) -> tf.data.Dataset:
    """Sorts the excerpts of each batch so that those without speech follow one another in their places.

    In every batch they lie side by side, and from batch to batch this stretch moves on round the batch, by random steps
    whose mean is its length over `absence_excerpts`. The batches hold the same excerpts as before.

    Args:
        batches: of (features, labels, weights), float32; labels and weights ``(batch, time)``.
        absence_excerpts: how many without speech follow one another on average, at least 1; where batches hold
            more and fewer of them in turn, stretches at the edge are shorter.
        seed: decides the steps.
    """

    def sorted_batch(
        place: tf.Tensor, item: tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor, tf.Tensor]]
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
        index, tensors = item
        _, labels, weights = tensors
        has_speech = tf.reduce_any(labels * weights > 0.5, axis=1)
        count = tf.reduce_sum(1.0 - tf.cast(has_speech, tf.float32))
        chance = tf.random.stateless_uniform((), tf.stack([tf.constant(seed, tf.int64), index]))
        size = tf.shape(labels)[0]
        place = tf.math.floormod(place + 2.0 * chance * count / absence_excerpts, tf.cast(size, tf.float32))
        order = tf.roll(tf.argsort(tf.cast(has_speech, tf.int32), stable=True), tf.cast(place, tf.int32), axis=0)
        features, labels, weights = (tf.gather(values, order) for values in tensors)
        return place, (features, labels, weights)

    return batches.enumerate().scan(tf.constant(0.0), sorted_batch)
