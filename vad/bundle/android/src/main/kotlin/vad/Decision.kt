package vad

import kotlin.math.ceil
import kotlin.math.floor
import kotlin.math.max
import kotlin.math.min

/** Where frame t lies: the samples [hopLength * t, hopLength * t + winLength). */
data class Grid(val sampleRate: Int, val winLength: Int, val hopLength: Int)

/**
 * How posteriors become segments; durations in seconds, [maxSpeech] null for no limit. Speech that nowhere reaches
 * [confirmThreshold] is dropped; null drops none for that.
 */
data class Rule(
    val onsetThreshold: Double,
    val offsetThreshold: Double,
    val hangover: Double,
    val minSpeech: Double,
    val minSilence: Double,
    val padStart: Double,
    val padEnd: Double,
    val mergeGap: Double,
    val maxSpeech: Double?,
    val confirmThreshold: Double? = null,
)

/** What is found, in samples from the start of the recording; [known] is what had to be heard for it. */
sealed interface Event {
    val known: Long

    /** A segment has begun that will not be dropped; [onset] is its start without the pad. */
    data class Start(val start: Long, val onset: Long, override val known: Long) : Event

    /** The segment that was last said to have begun is over; [offset] is its end without the pad. */
    data class End(val start: Long, val end: Long, val offset: Long, override val known: Long) : Event

    /** What began like speech was too short, or not confirmed. */
    data class Misfire(val start: Long, val end: Long, override val known: Long) : Event
}

/**
 * The decision: posteriors in, events out, `known` in frames. It follows vad/decision/machine.py of lstm-vad function by
 * function, as vad.c, Decision.swift and decision.js do: change all or none. Shared vectors hold them equal.
 */
class Decision(rule: Rule, private val grid: Grid) {
    private val onsetThreshold = rule.onsetThreshold.toFloat()
    private val offsetThreshold = rule.offsetThreshold.toFloat()
    private val confirms = rule.confirmThreshold != null
    private val confirmThreshold = (rule.confirmThreshold ?: 0.0).toFloat()
    private val patience = frames(CONFIRM_WITHIN_S) // frames that a stretch may wait to be confirmed
    private val hangover = frames(rule.hangover)
    private val minSpeech = max(1, frames(rule.minSpeech))
    private val minSilence = max(1, frames(rule.minSilence))
    private val padStart = samples(rule.padStart)
    private val padEnd = samples(rule.padEnd)
    private val mergeGap = samples(rule.mergeGap)
    private val limited = rule.maxSpeech != null

    // The first and the last frame of a recording own up to a window more than their hop.
    private val longest = samples(rule.maxSpeech ?: 0.0) - grid.winLength
    private val limit = if (limited) (longest - padStart - padEnd) / grid.hopLength else 0L
    private val reach = min(frames(SMOOTHING_S), limit / 8)

    // A cut is decided at the latest when the gap that holds its limit is filled, or the stretch confirmed.
    private val late = if (confirms) max(minSilence, patience) else minSilence
    private val heard = FloatArray(if (limited) (limit / 2 + late + 2 * reach + 8).toInt() else 0)
    private val gaps = ArrayList<LongArray>()

    private var speech = false
    private var below = 0L // frames below the offset threshold up to now
    private var n = 0L // frames heard
    private var start = NONE // first frame of the stretch that gaps may still extend
    private var stop = NONE // frame after its speech, in a gap; NONE while speech goes on
    private var entered = 0L // frame in which its speech was last entered, or it was confirmed
    private var confirmed = false // it has reached confirmThreshold
    private var kept = false // it has reached minSpeech too
    private var told = NONE // sample with which it was said to start as a segment of its own
    private var pending = false // a kept segment, in samples, that what follows may still extend
    private var pendingStart = 0L
    private var pendingEnd = 0L
    private var pendingOffset = 0L
    private var due = NEVER // what happens next, and after how many frames
    private var act: () -> Unit = ::endPending
    private var events = ArrayList<Event>()

    init {
        reset()
    }

    /** Forgets everything heard, as before a new recording. */
    fun reset() {
        speech = false
        confirmed = false
        kept = false
        pending = false
        below = 0
        n = 0
        entered = 0
        start = NONE
        stop = NONE
        told = NONE
        gaps.clear()
        events = ArrayList()
        schedule()
    }

    /** Takes the next posterior and returns all that it makes certain, in order. */
    fun push(posterior: Float): List<Event> {
        require(posterior.isFinite()) { "the posterior of frame $n is not finite" }
        val frame = n
        if (limited) heard[(frame % heard.size).toInt()] = posterior
        below = if (posterior < offsetThreshold) below + 1 else 0
        val enters = !speech && posterior >= onsetThreshold
        val leaves = speech && below > hangover
        if (enters || leaves) {
            speech = enters
            elapse(frame)
            if (enters) enter(frame) else stop = frame
            schedule()
        }
        if (speech && !confirmed && posterior >= confirmThreshold) {
            confirmed = true
            entered = frame
            schedule()
        }
        elapse(frame + 1)
        return takeEvents()
    }

    /** Ends the recording of [nSamples], returns what this makes certain, and is ready for the next one. */
    fun finish(nSamples: Long): List<Event> {
        val wanted = if (nSamples < grid.winLength) 0 else 1 + (nSamples - grid.winLength) / grid.hopLength
        require(wanted == n) { "$nSamples samples have $wanted frames; received $n" }
        if (start != NONE) close(if (stop == NONE) n else stop, nSamples)
        if (pending) {
            pendingEnd = min(pendingEnd, nSamples)
            endPending()
        }
        val found = takeEvents()
        reset()
        return found
    }

    private fun takeEvents(): List<Event> {
        if (events.isEmpty()) return emptyList()
        val found = events
        events = ArrayList()
        return found
    }

    private fun samples(seconds: Double): Long = floor(seconds * grid.sampleRate + 0.5).toLong()

    private fun frames(seconds: Double): Long = ceil(samples(seconds) / grid.hopLength.toDouble()).toLong()

    private fun boundary(frame: Long): Long = grid.hopLength * frame + (grid.winLength - grid.hopLength) / 2

    private fun onset(frame: Long): Long = if (frame == 0L) 0 else boundary(frame)

    private fun paddedStart(frame: Long): Long = max(0, onset(frame) - padStart)

    private fun framesPast(sample: Long): Long = (sample - boundary(0)) / grid.hopLength + 1

    private fun firstApart(end: Long): Long = framesPast(end + mergeGap + padStart)

    private fun earliestCut(): Long = start + limit - limit / 2

    private fun elapse(until: Long) {
        while (due <= until) {
            n = max(n, due)
            act()
            schedule()
        }
        n = until
    }

    private fun schedule() {
        due = NEVER
        act = ::endPending
        if (start == NONE) {
            if (pending) due = max(n, firstApart(pendingEnd))
        } else if (stop != NONE) {
            due = stop + minSilence
            if (!confirmed) due = min(due, start + patience + 1)
            act = { close(stop, NONE) }
        } else if (!confirmed) {
            due = start + patience + 1
            act = ::giveUp
        } else if (!kept) {
            due = max(start + minSpeech, entered + 1)
            act = ::keep
        } else if (limited) {
            due = start + limit + 1
            act = ::cut
            if (pending) {
                val tooLong = framesPast(pendingStart + longest - padEnd)
                if (tooLong <= due) {
                    due = tooLong
                    act = ::part
                }
            }
            due = max(due, entered + 1)
        }
    }

    private fun enter(frame: Long) {
        if (start == NONE) {
            start = frame
            confirmed = !confirms
            kept = false
            told = NONE
            gaps.clear()
        } else if (limited && stop != NONE && frame >= earliestCut()) {
            gaps.add(longArrayOf(stop, frame))
        }
        stop = NONE
        entered = frame
    }

    private fun giveUp() {
        val until = start + patience
        close(until, NONE)
        if (pending && until >= firstApart(pendingEnd)) endPending()
        enter(until)
    }

    private fun keep() {
        kept = true
        if (!pending) tell(start, 0)
    }

    private fun tell(first: Long, notBefore: Long) {
        told = max(notBefore, paddedStart(first))
        events.add(Event.Start(told, onset(first), n))
    }

    private fun endPending() {
        if (pending) events.add(Event.End(pendingStart, pendingEnd, pendingOffset, n))
        pending = false
    }

    private fun close(at: Long, nSamples: Long) {
        val offset = if (nSamples != NONE && at == n) nSamples else boundary(at)
        if (!kept) {
            events.add(Event.Misfire(onset(start), offset, n))
        } else {
            if (!pending) pendingStart = if (told == NONE) paddedStart(start) else told
            pending = true
            pendingEnd = offset + padEnd
            pendingOffset = offset
        }
        start = NONE
        stop = NONE
        told = NONE
    }

    private fun part() {
        if (!pending || start == NONE) return
        var notBefore = 0L
        if (paddedStart(start) <= pendingEnd) {
            // The pads share the room between them, and leave a frame so that no one takes the two for one.
            val half = (onset(start) - pendingOffset - grid.hopLength) / 2
            pendingEnd = min(pendingEnd, pendingOffset + half)
            notBefore = onset(start) - half
        }
        endPending()
        tell(start, notBefore)
    }

    private fun cut() {
        val frame = deepest(earliestCut(), start + limit - reach + 1)
        var until = frame
        var following = frame + 1
        for ((left, right) in gaps) {
            if (left < frame && frame <= right) until = left
            if (left <= following && following < right) following = right
        }
        close(until, NONE)
        start = following
        kept = true
        gaps.removeAll { it[0] < following }
        part()
    }

    /** The frame with the lowest mean in [low, high); of several, the middle of the longest run, of the last of equals. */
    private fun deepest(low: Long, high: Long): Long {
        val sums = DoubleArray((high - low + 2 * reach).toInt() + 1)
        for (k in 1 until sums.size) sums[k] = sums[k - 1] + heard[((low - reach + k - 1) % heard.size).toInt()].toDouble()
        val width = (2 * reach + 1).toInt()
        val means = DoubleArray((high - low).toInt()) { (sums[it + width] - sums[it]) / width }
        val lowest = means.min()
        var bestStart = 0
        var bestStop = 0
        var from = 0
        for (k in means.indices) {
            if (means[k] > lowest + 1e-6) {
                from = k + 1
            } else if (k + 1 - from >= bestStop - bestStart) {
                bestStart = from
                bestStop = k + 1
            }
        }
        return low + (bestStart + bestStop - 1) / 2
    }

    private companion object {
        const val SMOOTHING_S = 0.1
        const val CONFIRM_WITHIN_S = 10.0 // so long a stretch may wait for a posterior of confirmThreshold
        const val NEVER = Long.MAX_VALUE
        const val NONE = -1L
    }
}
