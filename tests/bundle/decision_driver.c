/* Reads cases from standard input and prints their events; tests/bundle/conftest.py writes the one and reads the other. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vad.h"

static void print_event(void *user, const vad_event *e) {
  (void)user;
  switch (e->kind) {
    case VAD_SPEECH_START: printf("start %" PRId64 " %" PRId64 " %" PRId64 "\n", e->start, e->onset, e->known); break;
    case VAD_SPEECH_END:
      printf("end %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", e->start, e->end, e->offset, e->known);
      break;
    case VAD_MISFIRE: printf("misfire %" PRId64 " %" PRId64 " %" PRId64 "\n", e->start, e->end, e->known); break;
  }
}

int main(void) {
  vad_grid grid;
  if (scanf("%d %d %d", &grid.sample_rate, &grid.win_length, &grid.hop_length) != 3) return 2;
  vad_rule r;
  while (scanf("%lf %lf %lf %lf %lf %lf %lf %lf %lf %lf", &r.onset_threshold, &r.offset_threshold, &r.hangover_s,
               &r.min_speech_s, &r.min_silence_s, &r.pad_start_s, &r.pad_end_s, &r.merge_gap_s, &r.max_speech_s,
               &r.confirm_threshold) == 10) {
    int64_t n_samples;
    size_t n_frames;
    if (scanf("%" SCNd64 " %zu", &n_samples, &n_frames) != 2) return 2;
    vad_decision *decision = vad_decision_create(&r, &grid, print_event, NULL);
    if (decision == NULL) return 3;
    for (size_t k = 0; k < n_frames; k++) {
      uint32_t bits;
      float posterior;
      if (scanf("%" SCNu32, &bits) != 1) return 2;
      memcpy(&posterior, &bits, sizeof posterior);
      if (vad_decision_push(decision, &posterior, 1) != VAD_OK) return 4;
    }
    if (vad_decision_finish(decision, n_samples) != VAD_OK) return 5;
    printf("done\n");
    vad_decision_destroy(decision);
  }
  return 0;
}
