/* Speech activity detection of live audio: posteriors from a LiteRT model, segments from a decision rule.
 *
 * Samples of any rate go in, events come out. Every function that creates something allocates all that it will ever
 * need; nothing is allocated afterwards. Nothing here is global: any number of streams may run side by side, each used
 * by one thread at a time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VAD_H
#define VAD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What functions return. */
enum {
  VAD_OK = 0,
  VAD_ERROR_NOT_FINITE = -1, /* a posterior is NaN or infinite; the state stands as before that frame */
  VAD_ERROR_LENGTH = -2,     /* the recording's length and the number of posteriors do not go together */
  VAD_ERROR_MODEL = -3       /* the model cannot be run */
};

/* Where frame t lies: the samples [hop_length * t, hop_length * t + win_length). */
typedef struct {
  int sample_rate;
  int win_length;
  int hop_length;
} vad_grid;

/* How posteriors become segments; `docs` of lstm-vad, `vad.decision`, have the order in which the parts act. */
typedef struct {
  double onset_threshold;   /* posterior that enters speech */
  double offset_threshold;  /* posterior below which speech is left */
  double hangover_s;        /* speech goes on for this long after falling below */
  double min_speech_s;      /* shorter speech is dropped */
  double min_silence_s;     /* shorter gaps are filled */
  double pad_start_s;       /* added before every segment */
  double pad_end_s;         /* added after every segment */
  double merge_gap_s;       /* padded segments no further apart are merged */
  double max_speech_s;      /* longer segments are cut at their deepest pause; 0 sets no limit */
  double confirm_threshold; /* speech that nowhere reaches this posterior is dropped; 0 drops none for that */
} vad_rule;

typedef enum {
  VAD_SPEECH_START, /* a segment has begun that will not be dropped: start, onset */
  VAD_SPEECH_END,   /* the segment that was last said to have begun is over: start, end, offset */
  VAD_MISFIRE       /* what began like speech was too short, or not confirmed: start, end */
} vad_kind;

/* Times are samples at the grid's rate from the start of the recording. */
typedef struct {
  vad_kind kind;
  int64_t start;  /* first sample, pad included */
  int64_t end;    /* the sample after the last, pad included; 0 for VAD_SPEECH_START */
  int64_t onset;  /* VAD_SPEECH_START: first sample of speech itself */
  int64_t offset; /* VAD_SPEECH_END: the sample after the last of speech itself */
  int64_t known;  /* a stream: samples heard when this became certain; a decision alone: frames */
} vad_event;

typedef void (*vad_on_event)(void *user, const vad_event *event);
typedef void (*vad_on_posterior)(void *user, int64_t frame, float posterior);

/* ---- The decision alone: posteriors in, events out. ---- */

typedef struct vad_decision vad_decision;

/* Returns NULL when memory is short or the rule is not one that lstm-vad accepts. */
vad_decision *vad_decision_create(const vad_rule *rule, const vad_grid *grid, vad_on_event on_event, void *user);
void vad_decision_destroy(vad_decision *decision);
void vad_decision_reset(vad_decision *decision);
int vad_decision_push(vad_decision *decision, const float *posteriors, size_t count);
/* Ends the recording of `n_samples` and is ready for the next one. */
int vad_decision_finish(vad_decision *decision, int64_t n_samples);

/* ---- Resampling, to be used alone or by a stream. ---- */

typedef struct vad_resampler vad_resampler;

/* Returns NULL when memory is short or a rate is no multiple of 25 Hz from 8000 to 192000. */
vad_resampler *vad_resampler_create(int source_rate, int target_rate);
void vad_resampler_destroy(vad_resampler *resampler);
void vad_resampler_reset(vad_resampler *resampler);
/* No push of `count` samples, and no flush where `count` is 0, gives more than this. */
size_t vad_resampler_bound(const vad_resampler *resampler, size_t count);
/* Both return how many samples they wrote to `out`. */
size_t vad_resampler_push(vad_resampler *resampler, const float *in, size_t count, float *out);
size_t vad_resampler_flush(vad_resampler *resampler, float *out);

/* ---- A stream: samples in, posteriors and events out. ---- */

/* One step of a model that carries its state itself: `win_length` samples in, one posterior out. */
typedef struct {
  void *context;
  int (*step)(void *context, const float *audio, float *posterior);
  void (*reset)(void *context);
} vad_model;

typedef struct {
  vad_grid grid;
  vad_rule rule;
  int lookahead_frames; /* the posterior of frame t comes out with frame t + lookahead_frames */
  int source_rate;      /* Hz of what is pushed */
  vad_on_event on_event;
  vad_on_posterior on_posterior; /* may be NULL */
  void *user;
} vad_settings;

typedef struct vad_stream vad_stream;

/* The model must outlive the stream and serve no other. */
vad_stream *vad_stream_create(const vad_settings *settings, const vad_model *model);
void vad_stream_destroy(vad_stream *stream);
/* Takes mono samples with full scale at +-1, any number of them; callbacks are called from here. An error ends the
 * recording: it is returned again, and nothing more is taken, until vad_stream_flush. */
int vad_stream_push(vad_stream *stream, const float *samples, size_t count);
/* The same for 16-bit samples, as microphones give them. */
int vad_stream_push_s16(vad_stream *stream, const int16_t *samples, size_t count);
/* Ends the recording, tells what was held back unless there was an error, and is ready for the next one. */
int vad_stream_flush(vad_stream *stream);

#ifdef VAD_LITERT
/* ---- The model in LiteRT (libLiteRt); compile vad.c with -DVAD_LITERT. ---- */

typedef struct vad_litert vad_litert;

/* `content` is the whole vad.tflite and must stay in memory; `signature` is that of one frame per call. */
vad_litert *vad_litert_create(const void *content, size_t size, const char *signature);
void vad_litert_destroy(vad_litert *litert);
vad_model vad_litert_model(vad_litert *litert);
#endif

#ifdef __cplusplus
}
#endif
#endif
