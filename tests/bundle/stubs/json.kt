@file:Suppress("UNUSED_PARAMETER", "unused")

package org.json

class JSONObject(text: String) {
    fun getJSONObject(name: String): JSONObject = TODO()
    fun getJSONArray(name: String): JSONArray = TODO()
    fun getInt(name: String): Int = TODO()
    fun getDouble(name: String): Double = TODO()
    fun getString(name: String): String = TODO()
    fun isNull(name: String): Boolean = TODO()
}

class JSONArray(text: String) {
    fun length(): Int = TODO()
    fun getInt(index: Int): Int = TODO()
    fun getJSONObject(index: Int): JSONObject = TODO()
}
