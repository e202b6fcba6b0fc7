/* Resamplers and streams, by commands on standard input; streams.py writes them and reads what is printed.
 *
 *   resample FROM TO CHUNK COUNT bits of float32 ...
 *   stream nine numbers of the rule, LOOKAHEAD CHUNK COUNT 16-bit samples ... COUNT bits of posteriors ...
 *   listen RATE CHUNK COUNT 16-bit samples ...         (compiled with -DVAD_LITERT: the model is the first argument)
 *
 * The model of `stream` tells the posteriors that it was given, one a window, and only where the window is the right one. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vad_model.h"

static int whole(void) {
  int value;
  if (scanf("%d", &value) != 1) exit(2);
  return value;
}

static double number(void) {
  double value;
  if (scanf("%lf", &value) != 1) exit(2);
  return value;
}

static float *floats(int *count) {
  *count = whole();
  float *values = calloc((size_t)*count + 1, sizeof *values);
  for (int k = 0; k < *count; k++) {
    uint32_t bits;
    if (scanf("%" SCNu32, &bits) != 1) exit(2);
    memcpy(values + k, &bits, sizeof bits);
  }
  return values;
}

static int16_t *shorts(int *count) {
  *count = whole();
  int16_t *values = calloc((size_t)*count + 1, sizeof *values);
  for (int k = 0; k < *count; k++) values[k] = (int16_t)whole();
  return values;
}

static void print_value(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  printf("value %" PRIu32 "\n", bits);
}

static void on_posterior(void *user, int64_t frame, float posterior) {
  (void)user, (void)frame;
  print_value(posterior);
}

static void on_event(void *user, const vad_event *e) {
  (void)user;
  switch (e->kind) {
    case VAD_SPEECH_START: printf("start %" PRId64 " %" PRId64 " %" PRId64 "\n", e->start, e->onset, e->known); break;
    case VAD_SPEECH_END:
      printf("end %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", e->start, e->end, e->offset, e->known);
      break;
    case VAD_MISFIRE: printf("misfire %" PRId64 " %" PRId64 " %" PRId64 "\n", e->start, e->end, e->known); break;
  }
}

static void resample(void) {
  int from = whole(), to = whole(), chunk = whole(), count;
  float *in = floats(&count);
  vad_resampler *resampler = vad_resampler_create(from, to);
  if (resampler == NULL) exit(3);
  size_t most = vad_resampler_bound(resampler, (size_t)chunk), rest = vad_resampler_bound(resampler, 0);
  float *out = calloc(most > rest ? most : rest, sizeof *out);
  for (int at = 0; at <= count; at += chunk) {
    size_t size = (size_t)(count - at < chunk ? count - at : chunk);
    size_t n = vad_resampler_push(resampler, in + at, size, out);
    for (size_t k = 0; k < n; k++) print_value(out[k]);
  }
  size_t n = vad_resampler_flush(resampler, out);
  for (size_t k = 0; k < n; k++) print_value(out[k]);
  vad_resampler_destroy(resampler);
  free(in);
  free(out);
}

/* What the model of `stream` knows. */
typedef struct {
  const int16_t *samples;
  const float *posteriors;
  int n_samples, n_frames, lookahead, call;
} answers;

static int answer(void *context, const float *audio, float *posterior) {
  answers *a = context;
  for (int k = 0; k < VAD_MODEL_GRID.win_length; k++) {
    int at = a->call * VAD_MODEL_GRID.hop_length + k;
    if (audio[k] != (at < a->n_samples ? (float)a->samples[at] / 32768 : 0)) return VAD_ERROR_MODEL;
  }
  int frame = a->call++ - a->lookahead;
  if (frame >= a->n_frames) return VAD_ERROR_MODEL;
  *posterior = frame < 0 ? NAN : a->posteriors[frame];
  return VAD_OK;
}

static void forget(void *context) { ((answers *)context)->call = 0; }

static void run(vad_settings settings, const vad_model *model, const int16_t *samples, int count, int chunk) {
  settings.on_event = on_event;
  settings.on_posterior = on_posterior;
  vad_stream *stream = vad_stream_create(&settings, model);
  if (stream == NULL) exit(3);
  for (int at = 0; at < count; at += chunk) {
    if (vad_stream_push_s16(stream, samples + at, (size_t)(count - at < chunk ? count - at : chunk))) exit(4);
  }
  if (vad_stream_flush(stream)) exit(5);
  vad_stream_destroy(stream);
}

static void stream(void) {
  vad_rule r;
  double *parts[] = {&r.onset_threshold, &r.offset_threshold, &r.hangover_s,  &r.min_speech_s, &r.min_silence_s,
                     &r.pad_start_s,     &r.pad_end_s,        &r.merge_gap_s, &r.max_speech_s,
                     &r.confirm_threshold};
  for (int k = 0; k < 10; k++) *parts[k] = number();
  answers a = {.lookahead = whole()};
  int chunk = whole();
  int16_t *samples = shorts(&a.n_samples);
  float *posteriors = floats(&a.n_frames);
  a.samples = samples;
  a.posteriors = posteriors;
  vad_model model = {.context = &a, .step = answer, .reset = forget};
  vad_settings settings = {.grid = VAD_MODEL_GRID, .rule = r, .lookahead_frames = a.lookahead, .source_rate = 16000};
  run(settings, &model, samples, a.n_samples, chunk);
  free(samples);
  free(posteriors);
}

#ifdef VAD_LITERT
static void listen(const char *path) {
  int rate = whole(), chunk = whole(), count;
  int16_t *samples = shorts(&count);
  FILE *file = fopen(path, "rb");
  if (file == NULL) exit(6);
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  char *content = malloc((size_t)size);
  if (content == NULL || fread(content, 1, (size_t)size, file) != (size_t)size) exit(6);
  fclose(file);
  vad_litert *litert = vad_litert_create(content, (size_t)size, VAD_MODEL_SIGNATURE);
  if (litert == NULL) exit(6);
  vad_model model = vad_litert_model(litert);
  vad_settings settings = {.grid = VAD_MODEL_GRID,
                           .rule = VAD_MODEL_RULE,
                           .lookahead_frames = VAD_MODEL_LOOKAHEAD_FRAMES,
                           .source_rate = rate};
  run(settings, &model, samples, count, chunk);
  vad_litert_destroy(litert);
  free(content);
  free(samples);
}
#endif

int main(int argc, char **argv) {
  char command[16];
  (void)argc, (void)argv;
  while (scanf("%15s", command) == 1) {
    if (strcmp(command, "resample") == 0) resample();
    else if (strcmp(command, "stream") == 0) stream();
#ifdef VAD_LITERT
    else if (strcmp(command, "listen") == 0 && argc > 1) listen(argv[1]);
#endif
    else return 2;
    printf("done\n");
  }
  return 0;
}
