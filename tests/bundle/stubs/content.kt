// What Microphone.kt uses of Android, JSON and LiteRT, by their documented signatures: enough to check its types.
@file:Suppress("UNUSED_PARAMETER", "unused")

package android.content

open class Context { val assets: android.content.res.AssetManager get() = TODO() }
