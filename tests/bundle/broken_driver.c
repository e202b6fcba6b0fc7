/* A model that fails in the midst of a recording, and serves the next one; test_streams.py reads what is printed.
 * An argument makes it give NaN instead of an error. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "vad_model.h"

enum { SECOND = 16000, FAILS_AT = 50 };

typedef struct {
  int call;
  bool broken, tells_nan;
} model_state;

static int answer(void *context, const float *audio, float *posterior) {
  model_state *m = context;
  (void)audio;
  bool fails = m->broken && ++m->call == FAILS_AT;
  *posterior = fails ? NAN : m->broken ? 0.9f : 0.1f;
  return fails && !m->tells_nan ? VAD_ERROR_MODEL : VAD_OK;
}

static void forget(void *context) { ((model_state *)context)->call = 0; }

static void on_event(void *user, const vad_event *e) {
  (void)user;
  printf("event %d %" PRId64 "\n", (int)e->kind, e->start);
}

int main(int argc, char **argv) {
  (void)argv;
  static const float samples[SECOND];
  static const int16_t shorts[SECOND];
  model_state state = {.broken = true, .tells_nan = argc > 1};
  vad_model model = {.context = &state, .step = answer, .reset = forget};
  vad_rule rule = {.onset_threshold = 0.5, .offset_threshold = 0.35, .min_speech_s = 0.1, .min_silence_s = 0.1};
  vad_settings settings = {.grid = VAD_MODEL_GRID, .rule = rule, .lookahead_frames = 4, .source_rate = 16000,
                           .on_event = on_event};
  vad_stream *stream = vad_stream_create(&settings, &model);
  if (stream == NULL) return 2;
  printf("push %d\n", vad_stream_push(stream, samples, SECOND));
  printf("push %d\n", vad_stream_push_s16(stream, shorts, SECOND));
  printf("flush %d\n", vad_stream_flush(stream));
  state.broken = false;
  printf("push %d\n", vad_stream_push(stream, samples, SECOND));
  printf("flush %d\n", vad_stream_flush(stream));
  vad_stream_destroy(stream);
  return 0;
}
