"""From a trained run to a `.tflite` that LiteRT has proved equal to Keras."""
