// Resamplers and streams, by commands on standard input; stream_driver.c says which.
import vad.Event
import vad.Grid
import vad.Model
import vad.Output
import vad.Resampler
import vad.Rule
import vad.Stream

private val tokens =
    System.`in`.bufferedReader().readText().split(Regex("\\s+")).filter { it.isNotEmpty() }.iterator()
private val out = StringBuilder()

private fun number() = tokens.next().toDouble()

private fun whole() = tokens.next().toLong()

private fun floats() = FloatArray(whole().toInt()) { Float.fromBits(whole().toInt()) }

private fun shorts() = ShortArray(whole().toInt()) { whole().toShort() }

private fun print(values: FloatArray) {
    for (value in values) out.appendLine("value ${value.toRawBits().toUInt()}")
}

private fun resample() {
    val resampler = Resampler(whole().toInt(), whole().toInt())
    val size = whole().toInt()
    val samples = floats()
    for (from in samples.indices step size) {
        print(resampler.push(samples.copyOfRange(from, minOf(from + size, samples.size))))
    }
    print(resampler.flush())
}

/** Tells the posteriors that it was given, one a window, and only where the window is the right one. */
private class Answers(val samples: ShortArray, val posteriors: FloatArray, val lookahead: Int) : Model {
    private var call = 0

    override fun step(audio: FloatArray): Float {
        for (k in audio.indices) {
            val at = 160 * call + k
            check(audio[k] == if (at < samples.size) samples[at] / 32768f else 0f) { "call $call: another window" }
        }
        return posteriors.getOrElse(call++ - lookahead) { Float.NaN }
    }

    override fun reset() {
        call = 0
    }
}

private fun tell(output: Output) {
    print(output.posteriors)
    for (e in output.events) {
        when (e) {
            is Event.Start -> out.appendLine("start ${e.start} ${e.onset} ${e.known}")
            is Event.End -> out.appendLine("end ${e.start} ${e.end} ${e.offset} ${e.known}")
            is Event.Misfire -> out.appendLine("misfire ${e.start} ${e.end} ${e.known}")
        }
    }
}

private fun stream() {
    val r = DoubleArray(10) { number() }
    val rule = Rule(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8].takeIf { it > 0 }, r[9].takeIf { it > 0 })
    val lookahead = whole().toInt()
    val size = whole().toInt()
    val samples = shorts()
    val made = Stream(Answers(samples, floats(), lookahead), rule, Grid(16000, 512, 160), lookahead)
    for (from in samples.indices step size) tell(made.push(samples.copyOfRange(from, minOf(from + size, samples.size))))
    tell(made.flush())
}

fun main() {
    while (tokens.hasNext()) {
        when (tokens.next()) {
            "resample" -> resample()
            "stream" -> stream()
            else -> error("an unknown command")
        }
        out.appendLine("done")
    }
    print(out)
}
