@file:Suppress("unused")

package androidx.annotation

annotation class RequiresPermission(val value: String)
