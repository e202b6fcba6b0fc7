/* Reads 16-bit mono samples of the given rate from standard input and prints speech as it is found:
 *
 *   arecord -q -f S16_LE -c 1 -r 16000 | ./example vad.tflite 16000
 *
 * A third argument prints the posteriors too. SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "vad_model.h"

static double seconds(int64_t sample) { return (double)sample / VAD_MODEL_GRID.sample_rate; }

static void on_event(void *user, const vad_event *event) {
  (void)user;
  switch (event->kind) {
    case VAD_SPEECH_START: printf("start %.6f\n", seconds(event->start)); break;
    case VAD_SPEECH_END: printf("end %.6f %.6f\n", seconds(event->start), seconds(event->end)); break;
    case VAD_MISFIRE: break;
  }
  fflush(stdout);
}

static void on_posterior(void *user, int64_t frame, float posterior) {
  (void)user;
  printf("posterior %" PRId64 " %.9g\n", frame, (double)posterior);
}

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  fseek(file, 0, SEEK_END);
  long length = ftell(file);
  rewind(file);
  char *content = length > 0 ? malloc((size_t)length) : NULL;
  *size = content == NULL ? 0 : fread(content, 1, (size_t)length, file);
  fclose(file);
  return content;
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "usage: example vad.tflite RATE [posteriors] < samples\n"), 2;
  size_t size = 0;
  char *content = read_file(argv[1], &size);
  vad_litert *litert = content == NULL ? NULL : vad_litert_create(content, size, VAD_MODEL_SIGNATURE);
  if (litert == NULL) return fprintf(stderr, "%s: cannot run the model\n", argv[1]), 1;
  vad_model model = vad_litert_model(litert);
  vad_settings settings = {.grid = VAD_MODEL_GRID,
                           .rule = VAD_MODEL_RULE,
                           .lookahead_frames = VAD_MODEL_LOOKAHEAD_FRAMES,
                           .source_rate = atoi(argv[2]),
                           .on_event = on_event,
                           .on_posterior = argc > 3 ? on_posterior : NULL};
  vad_stream *stream = vad_stream_create(&settings, &model);
  if (stream == NULL) return fprintf(stderr, "%s Hz: cannot be converted\n", argv[2]), 1;
  int16_t chunk[320];
  int status = VAD_OK;
  for (size_t n; status == VAD_OK && (n = fread(chunk, sizeof *chunk, 320, stdin)) > 0;) {
    status = vad_stream_push_s16(stream, chunk, n);
  }
  if (status == VAD_OK) status = vad_stream_flush(stream);
  vad_stream_destroy(stream);
  vad_litert_destroy(litert);
  free(content);
  return status == VAD_OK ? 0 : 1;
}
