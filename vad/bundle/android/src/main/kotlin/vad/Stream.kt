package vad

import kotlin.math.PI
import kotlin.math.abs
import kotlin.math.ceil
import kotlin.math.min
import kotlin.math.sin
import kotlin.math.sqrt

/** One step of a model that carries its state itself. */
interface Model {
    /** Returns the posterior of one window of samples. */
    fun step(audio: FloatArray): Float

    /** Back to the state before the first frame: zeros. */
    fun reset()
}

/** What a chunk brought to light: posteriors of the frames from [firstFrame] on, and events, `known` in samples. */
class Output(val firstFrame: Long, val posteriors: FloatArray, val events: List<Event>)

/** One recording as it comes in, in chunks of any size; to be used by one thread at a time. */
class Stream(
    private val model: Model,
    rule: Rule,
    private val grid: Grid,
    private val lookaheadFrames: Int,
    sourceRate: Int = grid.sampleRate,
) {
    private val resampler = Resampler(sourceRate, grid.sampleRate)
    private val decision = Decision(rule, grid)
    private val window = FloatArray(grid.winLength)
    private var filled = 0
    private var nSamples = 0L
    private var nFrames = 0L
    private var toSkip = lookaheadFrames // outputs that belong to frames before the first

    init {
        model.reset()
    }

    /** Takes mono samples, full scale at ±1. After an exception only [flush] makes the stream usable again. */
    fun push(samples: FloatArray): Output = collect { posteriors, events ->
        advance(resampler.push(samples), true, posteriors, events)
    }

    /** Takes mono samples as microphones give them. */
    fun push(samples: ShortArray, count: Int = samples.size): Output =
        push(FloatArray(count) { samples[it] / 32768f })

    /** Ends the recording, tells what was held back, and is ready for the next one. */
    fun flush(): Output {
        try {
            return collect { posteriors, events ->
                advance(resampler.flush(), true, posteriors, events)
                // The last frames' posteriors come out only once the network has seen that many frames more.
                advance(FloatArray(lookaheadFrames * grid.hopLength), false, posteriors, events)
                decision.finish(nSamples).mapTo(events, ::inSamples)
            }
        } finally {
            restart()
        }
    }

    private fun restart() {
        filled = 0
        nSamples = 0
        nFrames = 0
        toSkip = lookaheadFrames
        decision.reset()
        model.reset()
    }

    private inline fun collect(run: (MutableList<Float>, MutableList<Event>) -> Unit): Output {
        val first = nFrames
        val posteriors = ArrayList<Float>()
        val events = ArrayList<Event>()
        run(posteriors, events)
        return Output(first, posteriors.toFloatArray(), events)
    }

    private fun advance(samples: FloatArray, heard: Boolean, posteriors: MutableList<Float>, events: MutableList<Event>) {
        for (sample in samples) {
            window[filled++] = sample
            if (heard) nSamples++
            if (filled < window.size) continue
            val posterior = model.step(window)
            window.copyInto(window, 0, grid.hopLength)
            filled -= grid.hopLength
            if (toSkip > 0) {
                toSkip--
                continue
            }
            nFrames++
            posteriors.add(posterior)
            decision.push(posterior).mapTo(events, ::inSamples)
        }
    }

    private fun inSamples(event: Event): Event {
        val known = min(grid.winLength + grid.hopLength * (event.known + lookaheadFrames - 1), nSamples)
        return when (event) {
            is Event.Start -> event.copy(known = known)
            is Event.End -> event.copy(known = known)
            is Event.Misfire -> event.copy(known = known)
        }
    }
}

/** Any rate to the model's: a windowed sinc in as many phases as the two rates need, as vad_resampler in vad.c. */
class Resampler(sourceRate: Int, targetRate: Int) {
    private val divisor = greatestDivisor(sourceRate, targetRate)
    private val phases = targetRate / divisor // output k lies at input k * step / phases
    private val step = sourceRate / divisor
    private val narrowing = min(1.0, targetRate.toDouble() / sourceRate)
    private val half = ceil(ZERO_CROSSINGS / narrowing).toInt()
    private val table: Array<FloatArray>? = if (step == phases) null else Array(phases, ::row)
    private val ring = FloatArray(4 * half) // every sample stands twice, so that any window is in one piece
    private var nIn = 0L
    private var nOut = 0L

    init {
        for (rate in listOf(sourceRate, targetRate)) {
            require(rate in 8000..192000 && rate % 25 == 0) {
                "a sample rate must be a multiple of 25 Hz from 8000 to 192000; received $rate"
            }
        }
    }

    fun push(samples: FloatArray): FloatArray {
        if (table == null) return samples
        val out = ArrayList<Float>()
        for (sample in samples) take(sample, Long.MAX_VALUE, out)
        return out.toFloatArray()
    }

    /** Returns the rest, so that the length is the input's at the new rate, halves rounded up. */
    fun flush(): FloatArray {
        val out = ArrayList<Float>()
        if (table != null) {
            val total = (2 * nIn * phases + step) / (2 * step)
            for (k in 0..half) take(0f, total, out)
        }
        ring.fill(0f)
        nIn = 0
        nOut = 0
        return out.toFloatArray()
    }

    private fun take(sample: Float, last: Long, out: MutableList<Float>) {
        val taps = 2 * half
        val at = (nIn % taps).toInt()
        ring[at] = sample
        ring[at + taps] = sample
        nIn++
        while (nOut < last && nOut * step / phases + half < nIn) {
            val row = table!![(nOut * step % phases).toInt()]
            val from = ((nOut * step / phases + half + 1) % taps).toInt()
            var sum = 0f
            for (k in 0 until taps) sum += row[k] * ring[from + k]
            out.add(sum)
            nOut++
        }
    }

    private fun row(phase: Int): FloatArray {
        // Tap k is the input sample floor(position) - half + 1 + k.
        val values = DoubleArray(2 * half) { kernel(it - half + 1 - phase.toDouble() / phases) }
        val sum = values.sum()
        return FloatArray(values.size) { (values[it] / sum).toFloat() }
    }

    private fun kernel(x: Double): Double {
        if (abs(x) >= half) return 0.0
        val angle = PI * narrowing * ROLLOFF * x
        val sinc = if (abs(angle) < 1e-9) 1.0 else sin(angle) / angle
        return sinc * besselI0(KAISER_BETA * sqrt(1 - (x / half) * (x / half)))
    }

    private fun besselI0(x: Double): Double {
        var sum = 1.0
        var term = 1.0
        for (k in 1 until 50) {
            term *= (x / (2 * k)) * (x / (2 * k))
            sum += term
        }
        return sum
    }

    private companion object {
        const val ZERO_CROSSINGS = 32
        const val ROLLOFF = 0.945
        const val KAISER_BETA = 8.6

        fun greatestDivisor(a: Int, b: Int): Int = if (b == 0) a else greatestDivisor(b, a % b)
    }
}
