@file:Suppress("UNUSED_PARAMETER", "unused")

package android.os

class Looper { companion object { fun getMainLooper(): Looper = TODO() } }

class Handler(looper: Looper) { fun post(run: Runnable): Boolean = TODO() }

object Process {
    const val THREAD_PRIORITY_AUDIO = -16
    fun setThreadPriority(priority: Int) {}
}
