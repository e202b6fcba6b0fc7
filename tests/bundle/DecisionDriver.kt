// Reads cases from standard input and prints their events; see conftest.py.
import vad.Decision
import vad.Event
import vad.Grid
import vad.Rule

fun main() {
    val tokens = System.`in`.bufferedReader().readText().split(Regex("\\s+")).filter { it.isNotEmpty() }.iterator()
    fun number() = tokens.next().toDouble()
    fun whole() = tokens.next().toLong()
    val grid = Grid(whole().toInt(), whole().toInt(), whole().toInt())
    val out = StringBuilder()
    while (tokens.hasNext()) {
        val r = DoubleArray(10) { number() }
        val (limit, confirm) = r.drop(8).map { value -> value.takeIf { it > 0 } }
        val rule = Rule(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], limit, confirm)
        val decision = Decision(rule, grid)
        val nSamples = whole()
        val events = ArrayList<Event>()
        repeat(whole().toInt()) { events.addAll(decision.push(Float.fromBits(whole().toInt()))) }
        events.addAll(decision.finish(nSamples))
        for (e in events) {
            when (e) {
                is Event.Start -> out.appendLine("start ${e.start} ${e.onset} ${e.known}")
                is Event.End -> out.appendLine("end ${e.start} ${e.end} ${e.offset} ${e.known}")
                is Event.Misfire -> out.appendLine("misfire ${e.start} ${e.end} ${e.known}")
            }
        }
        out.appendLine("done")
    }
    print(out)
}
