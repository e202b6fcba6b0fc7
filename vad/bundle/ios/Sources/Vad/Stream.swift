import Foundation

/// One step of a model that carries its state itself.
public protocol VadModel: AnyObject {
  /// Returns the posterior of one window of samples.
  func step(_ audio: [Float]) throws -> Float

  /// Back to the state before the first frame: zeros.
  func reset()
}

/// What a chunk brought to light: posteriors of the frames from `firstFrame` on, and events, `known` in samples.
public struct VadOutput {
  public var firstFrame: Int
  public var posteriors: [Float]
  public var events: [Event]
}

/// One recording as it comes in, in chunks of any size; to be used by one thread at a time.
public final class VadStream {
  private let model: VadModel
  private let grid: Grid
  private let lookaheadFrames: Int
  private let resampler: Resampler
  private let decision: Decision
  private var held: [Float] = []  // samples that later frames see
  private var nSamples = 0
  private var nFrames = 0
  private var toSkip: Int  // outputs that belong to frames before the first

  public init(model: VadModel, rule: Rule, grid: Grid, lookaheadFrames: Int, sourceRate: Int) throws {
    self.model = model
    self.grid = grid
    self.lookaheadFrames = lookaheadFrames
    resampler = try Resampler(from: sourceRate, to: grid.sampleRate)
    decision = Decision(rule: rule, grid: grid)
    toSkip = lookaheadFrames
    model.reset()
  }

  /// Takes mono samples, full scale at ±1.
  public func push(_ samples: [Float]) throws -> VadOutput {
    var output = VadOutput(firstFrame: nFrames, posteriors: [], events: [])
    try hear(resampler.push(samples), &output)
    return output
  }

  /// Ends the recording, tells what was held back, and is ready for the next one.
  public func flush() throws -> VadOutput {
    defer { restart() }
    var output = VadOutput(firstFrame: nFrames, posteriors: [], events: [])
    try hear(resampler.flush(), &output)
    // The last frames' posteriors come out only once the network has seen that many frames more.
    try advance(Array(repeating: 0, count: lookaheadFrames * grid.hopLength), &output)
    output.events += try decision.finish(nSamples).map(inSamples)
    return output
  }

  private func restart() {
    held = []
    nSamples = 0
    nFrames = 0
    toSkip = lookaheadFrames
    decision.reset()
    model.reset()
  }

  private func hear(_ samples: [Float], _ output: inout VadOutput) throws {
    nSamples += samples.count
    try advance(samples, &output)
  }

  private func advance(_ samples: [Float], _ output: inout VadOutput) throws {
    held += samples
    var at = 0
    while at + grid.winLength <= held.count {
      let posterior = try model.step(Array(held[at..<(at + grid.winLength)]))
      at += grid.hopLength
      if toSkip > 0 {
        toSkip -= 1
        continue
      }
      nFrames += 1
      output.posteriors.append(posterior)
      output.events += try decision.push(posterior).map(inSamples)
    }
    held.removeFirst(at)
  }

  private func inSamples(_ event: Event) -> Event {
    func heard(_ frames: Int) -> Int {
      min(grid.winLength + grid.hopLength * (frames + lookaheadFrames - 1), nSamples)
    }
    switch event {
    case .start(let start, let onset, let known):
      return .start(start: start, onset: onset, known: heard(known))
    case .end(let start, let end, let offset, let known):
      return .end(start: start, end: end, offset: offset, known: heard(known))
    case .misfire(let start, let end, let known):
      return .misfire(start: start, end: end, known: heard(known))
    }
  }
}
