/* See vad.h. The decision follows vad/decision/machine.py of lstm-vad function by function, as Decision.kt,
 * Decision.swift and decision.js do: change all or none. Shared vectors hold them equal.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "vad.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ================================================================ decision */

static const double SMOOTHING_S = 0.1;
static const double CONFIRM_WITHIN_S = 10.0; /* so long a stretch may wait for a posterior of confirm_threshold */
static const int64_t NEVER = INT64_MAX;
static const int64_t NONE = -1;

typedef enum { ACT_END, ACT_CLOSE, ACT_GIVE_UP, ACT_KEEP, ACT_CUT, ACT_PART } action;

struct vad_decision {
  vad_grid grid;
  vad_on_event on_event;
  void *user;
  float onset_threshold, offset_threshold, confirm_threshold;
  bool confirms;                               /* is there a confirm_threshold? */
  int64_t hangover, min_speech, min_silence;   /* frames */
  int64_t patience;                            /* frames that a stretch may wait to be confirmed */
  int64_t pad_start, pad_end, merge_gap;       /* samples */
  bool limited;                                /* is there a max_speech_s? */
  int64_t longest, limit, reach;               /* samples, frames, frames */
  /* the gate */
  bool speech;
  int64_t below; /* frames below the offset threshold up to now */
  /* the stretch at hand */
  int64_t n;       /* frames heard */
  int64_t start;   /* first frame of the stretch that gaps may still extend */
  int64_t stop;    /* frame after its speech, in a gap; NONE while speech goes on */
  int64_t entered; /* frame in which its speech was last entered, or it was confirmed */
  bool confirmed;  /* it has reached confirm_threshold */
  bool kept;       /* it has reached min_speech too */
  int64_t told;    /* sample with which it was said to start as a segment of its own */
  /* a kept segment, in samples, that what follows may still extend */
  bool pending;
  int64_t pending_start, pending_end, pending_offset;
  int64_t due; /* what happens next, and after how many frames */
  action act;
  /* the last posteriors and the filled gaps, among which a cut is looked for */
  float *heard;
  int64_t n_heard; /* size of the ring */
  int64_t (*gaps)[2];
  size_t n_gaps, most_gaps;
};

static int64_t to_samples(double seconds, const vad_grid *grid) {
  return (int64_t)floor(seconds * grid->sample_rate + 0.5);
}

static int64_t to_frames(double seconds, const vad_grid *grid) {
  return (to_samples(seconds, grid) + grid->hop_length - 1) / grid->hop_length;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t frame_count(const vad_grid *grid, int64_t n_samples) {
  return n_samples < grid->win_length ? 0 : 1 + (n_samples - grid->win_length) / grid->hop_length;
}

static int64_t boundary(const vad_decision *d, int64_t frame) {
  return d->grid.hop_length * frame + (d->grid.win_length - d->grid.hop_length) / 2;
}

static int64_t onset(const vad_decision *d, int64_t frame) { return frame == 0 ? 0 : boundary(d, frame); }

static int64_t padded_start(const vad_decision *d, int64_t frame) { return larger(0, onset(d, frame) - d->pad_start); }

static int64_t frames_past(const vad_decision *d, int64_t sample) {
  return (sample - boundary(d, 0)) / d->grid.hop_length + 1;
}

static int64_t first_apart(const vad_decision *d, int64_t end) {
  return frames_past(d, end + d->merge_gap + d->pad_start);
}

static int64_t earliest_cut(const vad_decision *d) { return d->start + d->limit - d->limit / 2; }

static void tell_event(const vad_decision *d, vad_event event) {
  event.known = d->n;
  if (d->on_event != NULL) d->on_event(d->user, &event);
}

static void schedule(vad_decision *d) {
  d->due = NEVER;
  d->act = ACT_END;
  if (d->start == NONE) {
    if (d->pending) d->due = larger(d->n, first_apart(d, d->pending_end));
  } else if (d->stop != NONE) {
    d->due = d->stop + d->min_silence;
    if (!d->confirmed) d->due = smaller(d->due, d->start + d->patience + 1);
    d->act = ACT_CLOSE;
  } else if (!d->confirmed) {
    d->due = d->start + d->patience + 1;
    d->act = ACT_GIVE_UP;
  } else if (!d->kept) {
    d->due = larger(d->start + d->min_speech, d->entered + 1);
    d->act = ACT_KEEP;
  } else if (d->limited) {
    d->due = d->start + d->limit + 1;
    d->act = ACT_CUT;
    if (d->pending) {
      int64_t too_long = frames_past(d, d->pending_start + d->longest - d->pad_end);
      if (too_long <= d->due) {
        d->due = too_long;
        d->act = ACT_PART;
      }
    }
    d->due = larger(d->due, d->entered + 1);
  }
}

static void enter(vad_decision *d, int64_t frame) {
  if (d->start == NONE) {
    d->start = frame;
    d->confirmed = !d->confirms;
    d->kept = false;
    d->told = NONE;
    d->n_gaps = 0;
  } else if (d->limited && d->stop != NONE && frame >= earliest_cut(d) && d->n_gaps < d->most_gaps) {
    d->gaps[d->n_gaps][0] = d->stop;
    d->gaps[d->n_gaps][1] = frame;
    d->n_gaps++;
  }
  d->stop = NONE;
  d->entered = frame;
}

static void tell(vad_decision *d, int64_t first, int64_t not_before) {
  d->told = larger(not_before, padded_start(d, first));
  tell_event(d, (vad_event){.kind = VAD_SPEECH_START, .start = d->told, .onset = onset(d, first)});
}

static void keep(vad_decision *d) {
  d->kept = true;
  if (!d->pending) tell(d, d->start, 0);
}

static void end_pending(vad_decision *d) {
  if (d->pending) {
    tell_event(d, (vad_event){.kind = VAD_SPEECH_END, .start = d->pending_start, .end = d->pending_end,
                              .offset = d->pending_offset});
  }
  d->pending = false;
}

static void close_stretch(vad_decision *d, int64_t stop, int64_t n_samples) {
  int64_t offset = n_samples != NONE && stop == d->n ? n_samples : boundary(d, stop);
  if (!d->kept) {
    tell_event(d, (vad_event){.kind = VAD_MISFIRE, .start = onset(d, d->start), .end = offset});
  } else {
    if (!d->pending) d->pending_start = d->told == NONE ? padded_start(d, d->start) : d->told;
    d->pending = true;
    d->pending_end = offset + d->pad_end;
    d->pending_offset = offset;
  }
  d->start = d->stop = d->told = NONE;
}

static void give_up(vad_decision *d) {
  int64_t stop = d->start + d->patience;
  close_stretch(d, stop, NONE);
  if (d->pending && stop >= first_apart(d, d->pending_end)) end_pending(d);
  enter(d, stop);
}

static void part(vad_decision *d) {
  if (!d->pending || d->start == NONE) return;
  int64_t not_before = 0;
  if (padded_start(d, d->start) <= d->pending_end) {
    int64_t half = (onset(d, d->start) - d->pending_offset - d->grid.hop_length) / 2;
    d->pending_end = smaller(d->pending_end, d->pending_offset + half);
    not_before = onset(d, d->start) - half;
  }
  end_pending(d);
  tell(d, d->start, not_before);
}

static double heard_at(const vad_decision *d, int64_t frame) { return (double)d->heard[frame % d->n_heard]; }

/* Means over `2 reach + 1` frames as differences of running sums, one after the other. */
typedef struct {
  int64_t next; /* frame that enters the upper sum next */
  double upper, lower;
} means;

static double next_mean(const vad_decision *d, means *m) {
  int64_t width = 2 * d->reach + 1;
  m->upper += heard_at(d, m->next);
  double mean = (m->upper - m->lower) / (double)width;
  m->lower += heard_at(d, m->next - width + 1);
  m->next++;
  return mean;
}

static means first_means(const vad_decision *d, int64_t low) {
  means m = {.next = low - d->reach, .upper = 0, .lower = 0};
  for (; m.next < low + d->reach; m.next++) m.upper += heard_at(d, m.next);
  return m;
}

/* The frame with the lowest mean in [low, high); of several, the middle of the longest run, of the last of equals. */
static int64_t deepest(const vad_decision *d, int64_t low, int64_t high) {
  means m = first_means(d, low);
  double lowest = INFINITY;
  for (int64_t t = low; t < high; t++) lowest = fmin(lowest, next_mean(d, &m));
  m = first_means(d, low);
  int64_t best_start = low, best_stop = low, start = low;
  for (int64_t t = low; t < high; t++) {
    if (next_mean(d, &m) > lowest + 1e-6) {
      start = t + 1;
    } else if (t + 1 - start >= best_stop - best_start) {
      best_start = start;
      best_stop = t + 1;
    }
  }
  return low + (best_start - low + best_stop - low - 1) / 2;
}

static void cut(vad_decision *d) {
  int64_t frame = deepest(d, earliest_cut(d), d->start + d->limit - d->reach + 1);
  int64_t stop = frame, following = frame + 1;
  for (size_t k = 0; k < d->n_gaps; k++) {
    if (d->gaps[k][0] < frame && frame <= d->gaps[k][1]) stop = d->gaps[k][0];
    if (d->gaps[k][0] <= following && following < d->gaps[k][1]) following = d->gaps[k][1];
  }
  close_stretch(d, stop, NONE);
  d->start = following;
  d->kept = true;
  size_t n_left = 0;
  for (size_t k = 0; k < d->n_gaps; k++) {
    if (d->gaps[k][0] >= following && d->gaps[k][1] >= earliest_cut(d)) {
      memmove(d->gaps[n_left++], d->gaps[k], sizeof d->gaps[k]);
    }
  }
  d->n_gaps = n_left;
  part(d);
}

static void elapse(vad_decision *d, int64_t n) {
  while (d->due <= n) {
    d->n = larger(d->n, d->due);
    switch (d->act) {
      case ACT_END: end_pending(d); break;
      case ACT_CLOSE: close_stretch(d, d->stop, NONE); break;
      case ACT_GIVE_UP: give_up(d); break;
      case ACT_KEEP: keep(d); break;
      case ACT_CUT: cut(d); break;
      case ACT_PART: part(d); break;
    }
    schedule(d);
  }
  d->n = n;
}

static void push_one(vad_decision *d, float posterior) {
  int64_t frame = d->n;
  if (d->limited) d->heard[frame % d->n_heard] = posterior;
  d->below = posterior < d->offset_threshold ? d->below + 1 : 0;
  bool enters = !d->speech && posterior >= d->onset_threshold;
  bool leaves = d->speech && d->below > d->hangover;
  if (enters || leaves) {
    d->speech = enters;
    elapse(d, frame);
    if (enters) enter(d, frame);
    else d->stop = frame;
    schedule(d);
  }
  if (d->speech && !d->confirmed && posterior >= d->confirm_threshold) {
    d->confirmed = true;
    d->entered = frame;
    schedule(d);
  }
  elapse(d, frame + 1);
}

int vad_decision_push(vad_decision *decision, const float *posteriors, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (!isfinite(posteriors[k])) return VAD_ERROR_NOT_FINITE;
  }
  for (size_t k = 0; k < count; k++) push_one(decision, posteriors[k]);
  return VAD_OK;
}

int vad_decision_finish(vad_decision *decision, int64_t n_samples) {
  vad_decision *d = decision;
  if (frame_count(&d->grid, n_samples) != d->n) return VAD_ERROR_LENGTH;
  if (d->start != NONE) close_stretch(d, d->stop == NONE ? d->n : d->stop, n_samples);
  if (d->pending) {
    d->pending_end = smaller(d->pending_end, n_samples);
    end_pending(d);
  }
  vad_decision_reset(d);
  return VAD_OK;
}

void vad_decision_reset(vad_decision *decision) {
  vad_decision *d = decision;
  d->speech = d->confirmed = d->kept = d->pending = false;
  d->below = d->n = d->entered = 0;
  d->start = d->stop = d->told = NONE;
  d->n_gaps = 0;
  schedule(d);
}

static bool grid_is_valid(const vad_grid *grid) {
  return grid->sample_rate > 0 && grid->hop_length > 0 && grid->win_length >= grid->hop_length;
}

static bool rule_is_valid(const vad_rule *rule) {
  const double durations[] = {rule->hangover_s,  rule->min_speech_s, rule->min_silence_s,
                              rule->pad_start_s, rule->pad_end_s,    rule->merge_gap_s};
  for (size_t k = 0; k < sizeof durations / sizeof *durations; k++) {
    if (!isfinite(durations[k]) || durations[k] < 0) return false;
  }
  if (!(rule->onset_threshold > 0 && rule->onset_threshold <= 1)) return false;
  if (!(rule->offset_threshold >= 0 && rule->offset_threshold <= rule->onset_threshold)) return false;
  bool confirms = rule->confirm_threshold != 0;
  if (confirms && !(rule->confirm_threshold >= rule->onset_threshold && rule->confirm_threshold <= 1)) return false;
  if (rule->max_speech_s == 0) return true;
  double least = rule->pad_start_s + rule->pad_end_s + rule->min_speech_s + 0.5;
  return isfinite(rule->max_speech_s) && rule->max_speech_s >= least;
}

static bool prepare_cuts(vad_decision *d, const vad_rule *rule) {
  /* The first and the last frame of a recording own up to a window more than their hop. */
  d->longest = to_samples(rule->max_speech_s, &d->grid) - d->grid.win_length;
  d->limit = (d->longest - d->pad_start - d->pad_end) / d->grid.hop_length;
  d->reach = smaller(to_frames(SMOOTHING_S, &d->grid), d->limit / 8);
  /* A cut is decided at the latest when the gap that holds its limit is filled, or the stretch confirmed. */
  int64_t late = d->confirms ? larger(d->min_silence, d->patience) : d->min_silence;
  d->n_heard = d->limit / 2 + late + 2 * d->reach + 8;
  d->most_gaps = (size_t)(d->n_heard / 2 + 1);
  d->heard = calloc((size_t)d->n_heard, sizeof *d->heard);
  d->gaps = calloc(d->most_gaps, sizeof *d->gaps);
  return d->heard != NULL && d->gaps != NULL;
}

vad_decision *vad_decision_create(const vad_rule *rule, const vad_grid *grid, vad_on_event on_event, void *user) {
  if (!rule_is_valid(rule) || !grid_is_valid(grid)) return NULL;
  vad_decision *d = calloc(1, sizeof *d);
  if (d == NULL) return NULL;
  d->grid = *grid;
  d->on_event = on_event;
  d->user = user;
  d->onset_threshold = (float)rule->onset_threshold;
  d->offset_threshold = (float)rule->offset_threshold;
  d->confirm_threshold = (float)rule->confirm_threshold;
  d->confirms = rule->confirm_threshold != 0;
  d->patience = to_frames(CONFIRM_WITHIN_S, grid);
  d->hangover = to_frames(rule->hangover_s, grid);
  d->min_speech = larger(1, to_frames(rule->min_speech_s, grid));
  d->min_silence = larger(1, to_frames(rule->min_silence_s, grid));
  d->pad_start = to_samples(rule->pad_start_s, grid);
  d->pad_end = to_samples(rule->pad_end_s, grid);
  d->merge_gap = to_samples(rule->merge_gap_s, grid);
  d->limited = rule->max_speech_s > 0;
  if (d->limited && !prepare_cuts(d, rule)) {
    vad_decision_destroy(d);
    return NULL;
  }
  vad_decision_reset(d);
  return d;
}

void vad_decision_destroy(vad_decision *decision) {
  if (decision == NULL) return;
  free(decision->heard);
  free(decision->gaps);
  free(decision);
}

/* ================================================================ resampling */

/* A windowed sinc in as many phases as the two rates need: output k lies at input k * step / phases. */
enum { ZERO_CROSSINGS = 32 };
static const double ROLLOFF = 0.945, KAISER_BETA = 8.6, PI = 3.14159265358979323846;

struct vad_resampler {
  int64_t phases, step, half; /* `2 half` taps of the input */
  float *table;               /* (phases, 2 half) */
  float *ring;                /* (4 half): every sample stands twice, so that any window is in one piece */
  int64_t n_in, n_out;
};

static int64_t greatest_divisor(int64_t a, int64_t b) { return b == 0 ? a : greatest_divisor(b, a % b); }

static double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; k < 50; k++) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

static double kernel(double x, double half, double cutoff) {
  if (fabs(x) >= half) return 0;
  double angle = PI * 2 * cutoff * x;
  double sinc = fabs(angle) < 1e-9 ? 1 : sin(angle) / angle;
  return sinc * bessel_i0(KAISER_BETA * sqrt(1 - (x / half) * (x / half)));
}

static void fill_table(vad_resampler *r, double cutoff) {
  int64_t taps = 2 * r->half;
  for (int64_t phase = 0; phase < r->phases; phase++) {
    float *row = r->table + phase * taps;
    double sum = 0;
    for (int pass = 0; pass < 2; pass++) {
      for (int64_t k = 0; k < taps; k++) {
        /* Tap k is the input sample floor(position) - half + 1 + k. */
        double x = (double)(k - r->half + 1) - (double)phase / (double)r->phases;
        double value = kernel(x, (double)r->half, cutoff);
        if (pass == 0) sum += value;
        else row[k] = (float)(value / sum);
      }
    }
  }
}

vad_resampler *vad_resampler_create(int source_rate, int target_rate) {
  const int rates[] = {source_rate, target_rate};
  for (int k = 0; k < 2; k++) {
    if (rates[k] < 8000 || rates[k] > 192000 || rates[k] % 25 != 0) return NULL;
  }
  vad_resampler *r = calloc(1, sizeof *r);
  if (r == NULL) return NULL;
  int64_t divisor = greatest_divisor(source_rate, target_rate);
  r->phases = target_rate / divisor;
  r->step = source_rate / divisor;
  double narrowing = target_rate < source_rate ? (double)target_rate / source_rate : 1;
  r->half = source_rate == target_rate ? 1 : (int64_t)ceil(ZERO_CROSSINGS / narrowing);
  r->table = calloc((size_t)(r->phases * 2 * r->half), sizeof *r->table);
  r->ring = calloc((size_t)(4 * r->half), sizeof *r->ring);
  if (r->table == NULL || r->ring == NULL) {
    vad_resampler_destroy(r);
    return NULL;
  }
  if (source_rate != target_rate) fill_table(r, 0.5 * narrowing * ROLLOFF);
  return r;
}

void vad_resampler_destroy(vad_resampler *resampler) {
  if (resampler == NULL) return;
  free(resampler->table);
  free(resampler->ring);
  free(resampler);
}

void vad_resampler_reset(vad_resampler *resampler) {
  memset(resampler->ring, 0, (size_t)(4 * resampler->half) * sizeof *resampler->ring);
  resampler->n_in = resampler->n_out = 0;
}

size_t vad_resampler_bound(const vad_resampler *resampler, size_t count) {
  size_t most = count == 0 ? (size_t)resampler->half + 1 : count;
  /* In 64 bits: with 44.1 kHz a call of half an hour would overflow the 32 of small devices. */
  return (size_t)((uint64_t)most * (uint64_t)resampler->phases / (uint64_t)resampler->step + 2);
}

/* Writes the outputs whose window is complete, up to `last`. */
static size_t emit(vad_resampler *r, int64_t last, float *out) {
  size_t written = 0;
  int64_t taps = 2 * r->half;
  while (r->n_out < last && r->n_out * r->step / r->phases + r->half < r->n_in) {
    int64_t position = r->n_out * r->step;
    const float *row = r->table + position % r->phases * taps;
    const float *window = r->ring + (position / r->phases + r->half + 1) % taps;
    float sum = 0;
    for (int64_t k = 0; k < taps; k++) sum += row[k] * window[k];
    out[written++] = sum;
    r->n_out++;
  }
  return written;
}

static void take(vad_resampler *r, float sample) {
  int64_t at = r->n_in % (2 * r->half);
  r->ring[at] = r->ring[at + 2 * r->half] = sample;
  r->n_in++;
}

size_t vad_resampler_push(vad_resampler *resampler, const float *in, size_t count, float *out) {
  size_t written = 0;
  if (resampler->step == resampler->phases) {
    memcpy(out, in, count * sizeof *in);
    return count;
  }
  for (size_t k = 0; k < count; k++) {
    take(resampler, in[k]);
    written += emit(resampler, INT64_MAX, out + written);
  }
  return written;
}

size_t vad_resampler_flush(vad_resampler *resampler, float *out) {
  vad_resampler *r = resampler;
  size_t written = 0;
  if (r->step != r->phases) {
    /* As many samples as the length at the new rate, halves rounded up. */
    int64_t total = (2 * r->n_in * r->phases + r->step) / (2 * r->step);
    for (int64_t k = 0; k <= r->half; k++) {
      take(r, 0);
      written += emit(r, total, out + written);
    }
  }
  vad_resampler_reset(r);
  return written;
}

/* ================================================================ stream */

enum { BLOCK = 256 };

struct vad_stream {
  vad_settings settings;
  vad_model model;
  vad_resampler *resampler;
  vad_decision *decision;
  float *resampled; /* of one block */
  float *window;    /* (win_length) */
  int n_window;     /* samples in it */
  int64_t n_samples, n_frames;
  int to_skip; /* outputs that belong to frames before the first */
  int status;  /* an error ends the recording: nothing more of it is taken */
};

static void pass_on(void *user, const vad_event *event) {
  const vad_stream *s = user;
  const vad_grid *grid = &s->settings.grid;
  vad_event told = *event;
  int64_t frames = event->known + s->settings.lookahead_frames;
  told.known = smaller(grid->win_length + grid->hop_length * (frames - 1), s->n_samples);
  if (s->settings.on_event != NULL) s->settings.on_event(s->settings.user, &told);
}

static void restart(vad_stream *s) {
  s->n_window = 0;
  s->n_samples = s->n_frames = 0;
  s->to_skip = s->settings.lookahead_frames;
  s->status = VAD_OK;
  vad_decision_reset(s->decision);
  s->model.reset(s->model.context);
}

vad_stream *vad_stream_create(const vad_settings *settings, const vad_model *model) {
  if (settings->lookahead_frames < 0) return NULL;
  vad_stream *s = calloc(1, sizeof *s);
  if (s == NULL) return NULL;
  s->settings = *settings;
  s->model = *model;
  s->decision = vad_decision_create(&settings->rule, &settings->grid, pass_on, s);
  s->resampler = vad_resampler_create(settings->source_rate, settings->grid.sample_rate);
  s->window = calloc((size_t)settings->grid.win_length, sizeof *s->window);
  if (s->resampler != NULL) {
    size_t most = vad_resampler_bound(s->resampler, BLOCK);
    size_t rest = vad_resampler_bound(s->resampler, 0);
    s->resampled = calloc(most > rest ? most : rest, sizeof *s->resampled);
  }
  if (s->decision == NULL || s->resampler == NULL || s->window == NULL || s->resampled == NULL) {
    vad_stream_destroy(s);
    return NULL;
  }
  restart(s);
  return s;
}

void vad_stream_destroy(vad_stream *stream) {
  if (stream == NULL) return;
  vad_decision_destroy(stream->decision);
  vad_resampler_destroy(stream->resampler);
  free(stream->resampled);
  free(stream->window);
  free(stream);
}

static int step(vad_stream *s) {
  const vad_grid *grid = &s->settings.grid;
  float posterior = 0;
  int status = s->model.step(s->model.context, s->window, &posterior);
  if (status != VAD_OK) return status;
  s->n_window = grid->win_length - grid->hop_length;
  memmove(s->window, s->window + grid->hop_length, (size_t)s->n_window * sizeof *s->window);
  if (s->to_skip > 0) {
    s->to_skip--;
    return VAD_OK;
  }
  if (!isfinite(posterior)) return VAD_ERROR_NOT_FINITE;
  if (s->settings.on_posterior != NULL) s->settings.on_posterior(s->settings.user, s->n_frames, posterior);
  s->n_frames++;
  return vad_decision_push(s->decision, &posterior, 1);
}

/* `heard`: these samples are the recording's, not the silence after it. */
static int advance(vad_stream *s, const float *samples, size_t count, bool heard) {
  for (size_t k = 0; k < count; k++) {
    s->window[s->n_window++] = samples == NULL ? 0 : samples[k];
    s->n_samples += heard;
    if (s->n_window == s->settings.grid.win_length) {
      int status = step(s);
      if (status != VAD_OK) return status;
    }
  }
  return VAD_OK;
}

int vad_stream_push(vad_stream *stream, const float *samples, size_t count) {
  for (size_t done = 0; done < count && stream->status == VAD_OK; done += BLOCK) {
    size_t size = count - done < BLOCK ? count - done : BLOCK;
    size_t n = vad_resampler_push(stream->resampler, samples + done, size, stream->resampled);
    stream->status = advance(stream, stream->resampled, n, true);
  }
  return stream->status;
}

int vad_stream_push_s16(vad_stream *stream, const int16_t *samples, size_t count) {
  float block[BLOCK];
  for (size_t done = 0; done < count && stream->status == VAD_OK; done += BLOCK) {
    size_t size = count - done < BLOCK ? count - done : BLOCK;
    for (size_t k = 0; k < size; k++) block[k] = (float)samples[done + k] / 32768.0f;
    vad_stream_push(stream, block, size);
  }
  return stream->status;
}

int vad_stream_flush(vad_stream *stream) {
  vad_stream *s = stream;
  size_t n = vad_resampler_flush(s->resampler, s->resampled);
  int status = s->status;
  if (status == VAD_OK) status = advance(s, s->resampled, n, true);
  /* The last frames' posteriors come out only once the network has seen that many frames more. */
  size_t silence = (size_t)(s->settings.lookahead_frames * s->settings.grid.hop_length);
  if (status == VAD_OK) status = advance(s, NULL, silence, false);
  if (status == VAD_OK) status = vad_decision_finish(s->decision, s->n_samples);
  restart(s);
  return status;
}

/* ================================================================ LiteRT */

#ifdef VAD_LITERT

/* What is used of LiteRT's C API (libLiteRt 2.3), declared here because its own headers are C++ in places. */
typedef struct LiteRtObject *LiteRtHandle;
typedef struct {
  unsigned int rank : 7;
  bool has_strides : 1;
  int32_t dimensions[8];
  uint32_t strides[8];
} LiteRtLayout;
typedef struct {
  int element_type;
  LiteRtLayout layout;
} LiteRtRankedTensorType;

int LiteRtCreateEnvironment(int n_options, const void *options, LiteRtHandle *environment);
void LiteRtDestroyEnvironment(LiteRtHandle environment);
int LiteRtCreateModelFromBuffer(LiteRtHandle environment, const void *content, size_t size, LiteRtHandle *model);
void LiteRtDestroyModel(LiteRtHandle model);
int LiteRtCreateOptions(LiteRtHandle *options);
int LiteRtSetOptionsHardwareAccelerators(LiteRtHandle options, int accelerators);
void LiteRtDestroyOptions(LiteRtHandle options);
int LiteRtCreateCompiledModel(LiteRtHandle environment, LiteRtHandle model, LiteRtHandle options, LiteRtHandle *made);
void LiteRtDestroyCompiledModel(LiteRtHandle compiled);
int LiteRtGetNumModelSignatures(LiteRtHandle model, size_t *count);
int LiteRtGetModelSignature(LiteRtHandle model, size_t index, LiteRtHandle *signature);
int LiteRtGetSignatureKey(LiteRtHandle signature, const char **key);
int LiteRtGetNumSignatureInputs(LiteRtHandle signature, size_t *count);
int LiteRtGetNumSignatureOutputs(LiteRtHandle signature, size_t *count);
int LiteRtGetSignatureInputName(LiteRtHandle signature, size_t index, const char **name);
int LiteRtGetSignatureOutputName(LiteRtHandle signature, size_t index, const char **name);
int LiteRtGetSignatureInputTensorByIndex(LiteRtHandle signature, size_t index, LiteRtHandle *tensor);
int LiteRtGetSignatureOutputTensorByIndex(LiteRtHandle signature, size_t index, LiteRtHandle *tensor);
int LiteRtGetRankedTensorType(LiteRtHandle tensor, LiteRtRankedTensorType *type);
int LiteRtCreateManagedTensorBuffer(LiteRtHandle environment, int kind, const LiteRtRankedTensorType *type, size_t size,
                                    LiteRtHandle *buffer);
int LiteRtLockTensorBuffer(LiteRtHandle buffer, void **memory, int mode);
int LiteRtUnlockTensorBuffer(LiteRtHandle buffer);
void LiteRtDestroyTensorBuffer(LiteRtHandle buffer);
int LiteRtRunCompiledModel(LiteRtHandle compiled, size_t signature, size_t n_inputs, LiteRtHandle *inputs,
                           size_t n_outputs, LiteRtHandle *outputs);

enum { ON_CPU = 1, FLOAT32 = 1, HOST_MEMORY = 1, LOCK_READ = 0, LOCK_WRITE = 1, MOST_TENSORS = 64 };

typedef struct {
  LiteRtHandle buffer;
  const char *name;
  size_t n_values;
} tensor;

struct vad_litert {
  LiteRtHandle environment, model, options, compiled;
  size_t signature, n_inputs, n_outputs;
  tensor inputs[MOST_TENSORS], outputs[MOST_TENSORS];
};

static bool open_tensor(vad_litert *l, LiteRtHandle handle, tensor *made) {
  LiteRtRankedTensorType type;
  memset(&type, 0, sizeof type);
  if (LiteRtGetRankedTensorType(handle, &type) != 0 || type.element_type != FLOAT32) return false;
  made->n_values = 1;
  for (unsigned int k = 0; k < type.layout.rank; k++) made->n_values *= (size_t)type.layout.dimensions[k];
  size_t size = made->n_values * sizeof(float);
  return LiteRtCreateManagedTensorBuffer(l->environment, HOST_MEMORY, &type, size, &made->buffer) == 0;
}

static bool open_tensors(vad_litert *l, LiteRtHandle signature) {
  LiteRtHandle handle = NULL;
  if (LiteRtGetNumSignatureInputs(signature, &l->n_inputs) != 0 || l->n_inputs > MOST_TENSORS) return false;
  if (LiteRtGetNumSignatureOutputs(signature, &l->n_outputs) != 0 || l->n_outputs > MOST_TENSORS) return false;
  for (size_t k = 0; k < l->n_inputs; k++) {
    if (LiteRtGetSignatureInputName(signature, k, &l->inputs[k].name) != 0) return false;
    if (LiteRtGetSignatureInputTensorByIndex(signature, k, &handle) != 0) return false;
    if (!open_tensor(l, handle, &l->inputs[k])) return false;
  }
  for (size_t k = 0; k < l->n_outputs; k++) {
    if (LiteRtGetSignatureOutputName(signature, k, &l->outputs[k].name) != 0) return false;
    if (LiteRtGetSignatureOutputTensorByIndex(signature, k, &handle) != 0) return false;
    if (!open_tensor(l, handle, &l->outputs[k])) return false;
  }
  return true;
}

static bool find_signature(vad_litert *l, const char *wanted, LiteRtHandle *signature) {
  size_t count = 0;
  const char *key = NULL;
  if (LiteRtGetNumModelSignatures(l->model, &count) != 0) return false;
  for (l->signature = 0; l->signature < count; l->signature++) {
    if (LiteRtGetModelSignature(l->model, l->signature, signature) != 0) return false;
    if (LiteRtGetSignatureKey(*signature, &key) == 0 && strcmp(key, wanted) == 0) return true;
  }
  return false;
}

static bool write_tensor(const tensor *t, const float *values) {
  void *memory = NULL;
  if (LiteRtLockTensorBuffer(t->buffer, &memory, LOCK_WRITE) != 0) return false;
  if (values == NULL) memset(memory, 0, t->n_values * sizeof(float));
  else memcpy(memory, values, t->n_values * sizeof(float));
  return LiteRtUnlockTensorBuffer(t->buffer) == 0;
}

static void litert_reset(void *context) {
  vad_litert *l = context;
  for (size_t k = 0; k < l->n_inputs; k++) write_tensor(&l->inputs[k], NULL);
}

/* The state before the next frame is what came out under the same name. */
static bool carry_state(vad_litert *l, const tensor *input) {
  for (size_t k = 0; k < l->n_outputs; k++) {
    void *memory = NULL;
    if (strcmp(l->outputs[k].name, input->name) != 0) continue;
    if (LiteRtLockTensorBuffer(l->outputs[k].buffer, &memory, LOCK_READ) != 0) return false;
    bool written = write_tensor(input, memory);
    return LiteRtUnlockTensorBuffer(l->outputs[k].buffer) == 0 && written;
  }
  return false;
}

static bool read_posterior(const vad_litert *l, float *posterior) {
  for (size_t k = 0; k < l->n_outputs; k++) {
    void *memory = NULL;
    if (strcmp(l->outputs[k].name, "posteriors") != 0) continue;
    if (LiteRtLockTensorBuffer(l->outputs[k].buffer, &memory, LOCK_READ) != 0) return false;
    *posterior = *(const float *)memory;
    return LiteRtUnlockTensorBuffer(l->outputs[k].buffer) == 0;
  }
  return false;
}

static int litert_step(void *context, const float *audio, float *posterior) {
  vad_litert *l = context;
  LiteRtHandle inputs[MOST_TENSORS], outputs[MOST_TENSORS];
  for (size_t k = 0; k < l->n_inputs; k++) {
    inputs[k] = l->inputs[k].buffer;
    if (strcmp(l->inputs[k].name, "audio") == 0 && !write_tensor(&l->inputs[k], audio)) return VAD_ERROR_MODEL;
  }
  for (size_t k = 0; k < l->n_outputs; k++) outputs[k] = l->outputs[k].buffer;
  if (LiteRtRunCompiledModel(l->compiled, l->signature, l->n_inputs, inputs, l->n_outputs, outputs) != 0) {
    return VAD_ERROR_MODEL;
  }
  for (size_t k = 0; k < l->n_inputs; k++) {
    if (strcmp(l->inputs[k].name, "audio") != 0 && !carry_state(l, &l->inputs[k])) return VAD_ERROR_MODEL;
  }
  return read_posterior(l, posterior) ? VAD_OK : VAD_ERROR_MODEL;
}

vad_litert *vad_litert_create(const void *content, size_t size, const char *signature) {
  LiteRtHandle found = NULL;
  vad_litert *l = calloc(1, sizeof *l);
  if (l == NULL) return NULL;
  bool made = LiteRtCreateEnvironment(0, NULL, &l->environment) == 0 &&
              LiteRtCreateModelFromBuffer(l->environment, content, size, &l->model) == 0 &&
              LiteRtCreateOptions(&l->options) == 0 &&
              LiteRtSetOptionsHardwareAccelerators(l->options, ON_CPU) == 0 &&
              LiteRtCreateCompiledModel(l->environment, l->model, l->options, &l->compiled) == 0 &&
              find_signature(l, signature, &found) && open_tensors(l, found);
  if (!made) {
    vad_litert_destroy(l);
    return NULL;
  }
  return l;
}

void vad_litert_destroy(vad_litert *litert) {
  vad_litert *l = litert;
  if (l == NULL) return;
  for (size_t k = 0; k < MOST_TENSORS; k++) {
    if (l->inputs[k].buffer != NULL) LiteRtDestroyTensorBuffer(l->inputs[k].buffer);
    if (l->outputs[k].buffer != NULL) LiteRtDestroyTensorBuffer(l->outputs[k].buffer);
  }
  if (l->compiled != NULL) LiteRtDestroyCompiledModel(l->compiled);
  if (l->options != NULL) LiteRtDestroyOptions(l->options);
  if (l->model != NULL) LiteRtDestroyModel(l->model);
  if (l->environment != NULL) LiteRtDestroyEnvironment(l->environment);
  free(l);
}

vad_model vad_litert_model(vad_litert *litert) {
  return (vad_model){.context = litert, .step = litert_step, .reset = litert_reset};
}

#endif
