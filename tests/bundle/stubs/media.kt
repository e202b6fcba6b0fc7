@file:Suppress("UNUSED_PARAMETER", "unused")

package android.media

object AudioFormat { const val CHANNEL_IN_MONO = 16; const val ENCODING_PCM_16BIT = 2 }

class MediaRecorder { object AudioSource { const val VOICE_RECOGNITION = 6 } }

class AudioRecord(source: Int, rate: Int, channels: Int, encoding: Int, bytes: Int) {
    val state: Int get() = TODO()
    fun startRecording() {}
    fun read(audio: ShortArray, offset: Int, size: Int): Int = TODO()
    fun release() {}

    companion object {
        const val STATE_INITIALIZED = 1
        fun getMinBufferSize(rate: Int, channels: Int, encoding: Int): Int = TODO()
    }
}
