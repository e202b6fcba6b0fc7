import Foundation

/// Where frame t lies: the samples [hopLength * t, hopLength * t + winLength).
public struct Grid: Sendable {
  public var sampleRate: Int
  public var winLength: Int
  public var hopLength: Int

  public init(sampleRate: Int, winLength: Int, hopLength: Int) {
    self.sampleRate = sampleRate
    self.winLength = winLength
    self.hopLength = hopLength
  }
}

/// How posteriors become segments, as `decision` of vad.json has it; seconds, `maxSpeechS` nil for no limit. Speech that
/// nowhere reaches `confirmThreshold` is dropped; nil drops none for that.
public struct Rule: Codable, Sendable {
  public var onsetThreshold: Double
  public var offsetThreshold: Double
  public var hangoverS: Double
  public var minSpeechS: Double
  public var minSilenceS: Double
  public var padStartS: Double
  public var padEndS: Double
  public var mergeGapS: Double
  public var maxSpeechS: Double?
  public var confirmThreshold: Double?
}

/// What is found, in samples from the start of the recording; `known` is what had to be heard for it.
public enum Event: Equatable, Sendable {
  /// A segment has begun that will not be dropped; `onset` is its start without the pad.
  case start(start: Int, onset: Int, known: Int)
  /// The segment that was last said to have begun is over; `offset` is its end without the pad.
  case end(start: Int, end: Int, offset: Int, known: Int)
  /// What began like speech was too short, or not confirmed.
  case misfire(start: Int, end: Int, known: Int)
}

public enum VadError: Error {
  case notFinite(frame: Int)
  case length(samples: Int, frames: Int, received: Int)
  case rate(Int)
  case resource(String)
  case microphone(String)
}

/// The decision: posteriors in, events out, `known` in frames. It follows vad/decision/machine.py of lstm-vad function
/// by function, as vad.c, Decision.kt and decision.js do: change all or none. Shared vectors hold them equal.
public final class Decision {
  private enum Act { case end, close, giveUp, keep, cut, part }

  private static let smoothingS = 0.1
  private static let confirmWithinS = 10.0  // so long a stretch may wait for a posterior of confirmThreshold
  private static let never = Int.max

  private let grid: Grid
  private let onsetThreshold: Float
  private let offsetThreshold: Float
  private let confirms: Bool
  private let confirmThreshold: Float
  private let patience: Int
  private let hangover: Int
  private let minSpeech: Int
  private let minSilence: Int
  private let padStart: Int
  private let padEnd: Int
  private let mergeGap: Int
  private let limited: Bool
  private let longest: Int
  private let limit: Int
  private let reach: Int
  private var heard: [Float]
  private var gaps: [(left: Int, right: Int)] = []

  private var speech = false
  private var below = 0  // frames below the offset threshold up to now
  private var n = 0  // frames heard
  private var start: Int?  // first frame of the stretch that gaps may still extend
  private var stop: Int?  // frame after its speech, in a gap; nil while speech goes on
  private var entered = 0  // frame in which its speech was last entered, or it was confirmed
  private var confirmed = false  // it has reached confirmThreshold
  private var kept = false  // it has reached minSpeech too
  private var told: Int?  // sample with which it was said to start as a segment of its own
  private var pending: (start: Int, end: Int, offset: Int)?  // a kept segment, in samples, that may still be extended
  private var due = Decision.never  // what happens next, and after how many frames
  private var act = Act.end
  private var events: [Event] = []

  public init(rule: Rule, grid: Grid) {
    func samples(_ seconds: Double) -> Int { Int((seconds * Double(grid.sampleRate) + 0.5).rounded(.down)) }
    func frames(_ seconds: Double) -> Int { (samples(seconds) + grid.hopLength - 1) / grid.hopLength }
    self.grid = grid
    onsetThreshold = Float(rule.onsetThreshold)
    offsetThreshold = Float(rule.offsetThreshold)
    confirms = rule.confirmThreshold != nil
    confirmThreshold = Float(rule.confirmThreshold ?? 0)
    patience = frames(Decision.confirmWithinS)
    hangover = frames(rule.hangoverS)
    minSpeech = max(1, frames(rule.minSpeechS))
    minSilence = max(1, frames(rule.minSilenceS))
    padStart = samples(rule.padStartS)
    padEnd = samples(rule.padEndS)
    mergeGap = samples(rule.mergeGapS)
    limited = rule.maxSpeechS != nil
    // The first and the last frame of a recording own up to a window more than their hop.
    longest = samples(rule.maxSpeechS ?? 0) - grid.winLength
    limit = limited ? (longest - padStart - padEnd) / grid.hopLength : 0
    reach = min(frames(Decision.smoothingS), limit / 8)
    // A cut is decided at the latest when the gap that holds its limit is filled, or the stretch confirmed.
    let late = confirms ? max(minSilence, patience) : minSilence
    heard = Array(repeating: 0, count: limited ? limit / 2 + late + 2 * reach + 8 : 0)
    reset()
  }

  /// Forgets everything heard, as before a new recording.
  public func reset() {
    speech = false
    confirmed = false
    kept = false
    pending = nil
    below = 0
    n = 0
    entered = 0
    start = nil
    stop = nil
    told = nil
    gaps = []
    events = []
    schedule()
  }

  /// Takes the next posterior and returns all that it makes certain, in order.
  public func push(_ posterior: Float) throws -> [Event] {
    guard posterior.isFinite else { throw VadError.notFinite(frame: n) }
    let frame = n
    if limited { heard[frame % heard.count] = posterior }
    below = posterior < offsetThreshold ? below + 1 : 0
    let enters = !speech && posterior >= onsetThreshold
    let leaves = speech && below > hangover
    if enters || leaves {
      speech = enters
      elapse(frame)
      if enters { enter(frame) } else { stop = frame }
      schedule()
    }
    if speech && !confirmed && posterior >= confirmThreshold {
      confirmed = true
      entered = frame
      schedule()
    }
    elapse(frame + 1)
    return takeEvents()
  }

  /// Ends the recording of `nSamples`, returns what this makes certain, and is ready for the next one.
  public func finish(_ nSamples: Int) throws -> [Event] {
    let wanted = nSamples < grid.winLength ? 0 : 1 + (nSamples - grid.winLength) / grid.hopLength
    guard wanted == n else { throw VadError.length(samples: nSamples, frames: wanted, received: n) }
    if start != nil { close(stop ?? n, nSamples) }
    if let last = pending {
      pending = (last.start, min(last.end, nSamples), last.offset)
      endPending()
    }
    let found = takeEvents()
    reset()
    return found
  }

  private func takeEvents() -> [Event] {
    defer { events = [] }
    return events
  }

  private func boundary(_ frame: Int) -> Int { grid.hopLength * frame + (grid.winLength - grid.hopLength) / 2 }

  private func onset(_ frame: Int) -> Int { frame == 0 ? 0 : boundary(frame) }

  private func paddedStart(_ frame: Int) -> Int { max(0, onset(frame) - padStart) }

  private func framesPast(_ sample: Int) -> Int { (sample - boundary(0)) / grid.hopLength + 1 }

  private func firstApart(_ end: Int) -> Int { framesPast(end + mergeGap + padStart) }

  private func earliestCut(_ start: Int) -> Int { start + limit - limit / 2 }

  private func elapse(_ until: Int) {
    while due <= until {
      n = max(n, due)
      switch act {
      case .end: endPending()
      case .close: close(stop ?? n, nil)
      case .giveUp: giveUp()
      case .keep: keep()
      case .cut: cut()
      case .part: part()
      }
      schedule()
    }
    n = until
  }

  private func schedule() {
    due = Decision.never
    act = .end
    guard let start else {
      if let pending { due = max(n, firstApart(pending.end)) }
      return
    }
    if let stop {
      due = stop + minSilence
      if !confirmed { due = min(due, start + patience + 1) }
      act = .close
    } else if !confirmed {
      due = start + patience + 1
      act = .giveUp
    } else if !kept {
      due = max(start + minSpeech, entered + 1)
      act = .keep
    } else if limited {
      due = start + limit + 1
      act = .cut
      if let pending {
        let tooLong = framesPast(pending.start + longest - padEnd)
        if tooLong <= due {
          due = tooLong
          act = .part
        }
      }
      due = max(due, entered + 1)
    }
  }

  private func enter(_ frame: Int) {
    if let start {
      if limited, let stop, frame >= earliestCut(start) { gaps.append((stop, frame)) }
    } else {
      start = frame
      confirmed = !confirms
      kept = false
      told = nil
      gaps = []
    }
    stop = nil
    entered = frame
  }

  private func giveUp() {
    guard let first = start else { return }
    let until = first + patience
    close(until, nil)
    if let pending, until >= firstApart(pending.end) { endPending() }
    enter(until)
  }

  private func keep() {
    kept = true
    if pending == nil, let start { tell(start, 0) }
  }

  private func tell(_ first: Int, _ notBefore: Int) {
    let sample = max(notBefore, paddedStart(first))
    told = sample
    events.append(.start(start: sample, onset: onset(first), known: n))
  }

  private func endPending() {
    if let pending {
      events.append(.end(start: pending.start, end: pending.end, offset: pending.offset, known: n))
    }
    pending = nil
  }

  private func close(_ at: Int, _ nSamples: Int?) {
    guard let first = start else { return }
    var offset = boundary(at)
    if let nSamples, at == n { offset = nSamples }
    if !kept {
      events.append(.misfire(start: onset(first), end: offset, known: n))
    } else {
      pending = (pending?.start ?? told ?? paddedStart(first), offset + padEnd, offset)
    }
    start = nil
    stop = nil
    told = nil
  }

  private func part() {
    guard let last = pending, let first = start else { return }
    var notBefore = 0
    if paddedStart(first) <= last.end {
      // The pads share the room between them, and leave a frame so that no one takes the two for one.
      let half = (onset(first) - last.offset - grid.hopLength) / 2
      pending = (last.start, min(last.end, last.offset + half), last.offset)
      notBefore = onset(first) - half
    }
    endPending()
    tell(first, notBefore)
  }

  private func cut() {
    guard let first = start else { return }
    let frame = deepest(earliestCut(first), first + limit - reach + 1)
    var until = frame
    var following = frame + 1
    for (left, right) in gaps {
      if left < frame && frame <= right { until = left }
      if left <= following && following < right { following = right }
    }
    close(until, nil)
    start = following
    kept = true
    gaps.removeAll { $0.left < following }
    part()
  }

  /// The frame with the lowest mean in [low, high); of several, the middle of the longest run, of the last of equals.
  private func deepest(_ low: Int, _ high: Int) -> Int {
    var sums: [Double] = [0]
    for t in (low - reach)..<(high + reach) { sums.append(sums[sums.count - 1] + Double(heard[t % heard.count])) }
    let width = 2 * reach + 1
    let means = (0..<(high - low)).map { (sums[$0 + width] - sums[$0]) / Double(width) }
    let lowest = means.min() ?? 0
    var best = (start: 0, stop: 0)
    var from = 0
    for (k, mean) in means.enumerated() {
      if mean > lowest + 1e-6 {
        from = k + 1
      } else if k + 1 - from >= best.stop - best.start {
        best = (from, k + 1)
      }
    }
    return low + (best.start + best.stop - 1) / 2
  }
}
