package vad

import android.Manifest
import android.content.Context
import android.media.AudioFormat
import android.media.AudioRecord
import android.media.MediaRecorder
import android.os.Handler
import android.os.Looper
import android.os.Process
import androidx.annotation.RequiresPermission
import org.json.JSONObject
import org.tensorflow.lite.Interpreter
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer
import kotlin.concurrent.thread

/** The model in LiteRT: the signature of one frame per call, its state carried between calls. */
class LiteRtModel(content: ByteBuffer, metadata: JSONObject) : Model, AutoCloseable {
    private val interpreter = Interpreter(content, Interpreter.Options().setNumThreads(1))
    private val audio = floats(metadata.getJSONObject("features").getInt("win_length"))
    private val posterior = floats(1)
    private val names: List<String>
    private var before: Map<String, FloatBuffer>
    private var after: Map<String, FloatBuffer>

    init {
        val states = metadata.getJSONArray("states").let { rows -> List(rows.length()) { rows.getJSONObject(it) } }
        names = states.map { it.getString("name") }
        val sizes = states.map { row ->
            row.getJSONArray("shape").let { shape -> (0 until shape.length()).fold(1) { n, k -> n * shape.getInt(k) } }
        }
        before = names.zip(sizes.map(::floats)).toMap()
        after = names.zip(sizes.map(::floats)).toMap()
    }

    override fun step(audio: FloatArray): Float {
        this.audio.rewind()
        this.audio.put(audio)
        for (buffer in before.values + after.values + this.audio + posterior) buffer.rewind()
        interpreter.runSignature(before + ("audio" to this.audio), after + ("posteriors" to posterior), "audio_1")
        // What came out is the state before the next frame.
        before = after.also { after = before }
        return posterior.get(0)
    }

    override fun reset() {
        for (buffer in before.values) for (k in 0 until buffer.capacity()) buffer.put(k, 0f)
    }

    override fun close() = interpreter.close()

    private fun floats(count: Int): FloatBuffer =
        ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder()).asFloatBuffer()
}

/**
 * Listens to the microphone in a thread of its own and calls back on the main thread.
 *
 * Times are seconds from [start]. The app must hold the permission RECORD_AUDIO before [start].
 */
class VadMicrophone(
    context: Context,
    private val onStart: (start: Double) -> Unit,
    private val onEnd: (start: Double, end: Double) -> Unit,
    private val onPosterior: (Float) -> Unit = {},
    private val onError: (Exception) -> Unit = {},
) {
    private val metadata = JSONObject(context.assets.open("vad.json").bufferedReader().use { it.readText() })
    private val content = context.assets.open("vad.tflite").use { it.readBytes() }
    private val main = Handler(Looper.getMainLooper())
    private var worker: Thread? = null

    @Volatile
    private var running = false

    /** Begins to listen; nothing happens when it does already. */
    @RequiresPermission(Manifest.permission.RECORD_AUDIO)
    fun start() {
        if (running) return
        running = true
        worker = thread(name = "vad") {
            Process.setThreadPriority(Process.THREAD_PRIORITY_AUDIO)
            try {
                listen()
            } catch (error: Exception) {
                main.post { onError(error) }
            } finally {
                running = false
            }
        }
    }

    /** Ends listening, and waits until the speech that was still open has been told of. */
    fun stop() {
        running = false
        worker?.join()
        worker = null
    }

    @RequiresPermission(Manifest.permission.RECORD_AUDIO)
    private fun listen() {
        val direct = ByteBuffer.allocateDirect(content.size).order(ByteOrder.nativeOrder()).put(content)
        direct.rewind()
        LiteRtModel(direct, metadata).use { model ->
            val grid = grid(metadata)
            val (record, rate) = open(grid.sampleRate)
            val stream = Stream(model, rule(metadata), grid, metadata.getInt("lookahead_frames"), rate)
            val chunk = ShortArray(rate / 50)
            try {
                record.startRecording()
                while (running) {
                    val count = record.read(chunk, 0, chunk.size)
                    check(count >= 0) { "the microphone failed: $count" }
                    tell(stream.push(chunk, count), grid)
                }
                tell(stream.flush(), grid)
            } finally {
                record.release()
            }
        }
    }

    /** The first rate that the device records at; every device has 44100. */
    @RequiresPermission(Manifest.permission.RECORD_AUDIO)
    private fun open(wanted: Int): Pair<AudioRecord, Int> {
        for (rate in listOf(wanted, 48000, 44100)) {
            val least = AudioRecord.getMinBufferSize(rate, AudioFormat.CHANNEL_IN_MONO, AudioFormat.ENCODING_PCM_16BIT)
            if (least <= 0) continue
            // Unprocessed where the device has it: the model was trained on sound as it comes.
            val source = MediaRecorder.AudioSource.VOICE_RECOGNITION
            val format = AudioFormat.ENCODING_PCM_16BIT
            val record = AudioRecord(source, rate, AudioFormat.CHANNEL_IN_MONO, format, maxOf(least, rate))
            if (record.state == AudioRecord.STATE_INITIALIZED) return record to rate
            record.release()
        }
        error("no microphone that records 16-bit mono")
    }

    private fun tell(output: Output, grid: Grid) {
        if (output.posteriors.isEmpty() && output.events.isEmpty()) return
        fun seconds(sample: Long) = sample / grid.sampleRate.toDouble()
        main.post {
            output.posteriors.forEach(onPosterior)
            for (event in output.events) when (event) {
                is Event.Start -> onStart(seconds(event.start))
                is Event.End -> onEnd(seconds(event.start), seconds(event.end))
                is Event.Misfire -> Unit
            }
        }
    }
}

/** The grid of `vad.json`. */
fun grid(metadata: JSONObject): Grid = metadata.getJSONObject("features").let {
    Grid(it.getInt("sample_rate"), it.getInt("win_length"), it.getInt("hop_length"))
}

/** The rule of `vad.json`. */
fun rule(metadata: JSONObject): Rule = metadata.getJSONObject("decision").let {
    Rule(
        it.getDouble("onset_threshold"),
        it.getDouble("offset_threshold"),
        it.getDouble("hangover_s"),
        it.getDouble("min_speech_s"),
        it.getDouble("min_silence_s"),
        it.getDouble("pad_start_s"),
        it.getDouble("pad_end_s"),
        it.getDouble("merge_gap_s"),
        if (it.isNull("max_speech_s")) null else it.getDouble("max_speech_s"),
        if (it.isNull("confirm_threshold")) null else it.getDouble("confirm_threshold"),
    )
}
