import Foundation

/// Any rate to the model's: a windowed sinc in as many phases as the two rates need, as vad_resampler in vad.c.
public final class Resampler {
  private static let zeroCrossings = 32.0
  private static let rolloff = 0.945
  private static let kaiserBeta = 8.6

  private let phases: Int  // output k lies at input k * step / phases
  private let step: Int
  private let half: Int
  private let table: [[Float]]
  private var ring: [Float]  // every sample stands twice, so that any window is in one piece
  private var nIn = 0
  private var nOut = 0

  /// Rates are multiples of 25 Hz from 8000 to 192000.
  public init(from sourceRate: Int, to targetRate: Int) throws {
    for rate in [sourceRate, targetRate] {
      guard (8000...192_000).contains(rate), rate % 25 == 0 else { throw VadError.rate(rate) }
    }
    let divisor = Resampler.greatestDivisor(sourceRate, targetRate)
    let phases = targetRate / divisor
    let narrowing = min(1, Double(targetRate) / Double(sourceRate))
    let half = Int((Resampler.zeroCrossings / narrowing).rounded(.up))
    self.phases = phases
    step = sourceRate / divisor
    self.half = half
    let rows = sourceRate == targetRate ? 0 : phases
    table = (0..<rows).map { phase in
      Resampler.row(Double(phase) / Double(phases), half, narrowing)
    }
    ring = Array(repeating: 0, count: 4 * half)
  }

  /// Returns the samples whose window is complete.
  public func push(_ samples: [Float]) -> [Float] {
    if table.isEmpty { return samples }
    var out: [Float] = []
    for sample in samples { take(sample, Int.max, &out) }
    return out
  }

  /// Returns the rest, so that the length is the input's at the new rate, halves rounded up.
  public func flush() -> [Float] {
    var out: [Float] = []
    if !table.isEmpty {
      let total = (2 * nIn * phases + step) / (2 * step)
      for _ in 0...half { take(0, total, &out) }
    }
    ring = Array(repeating: 0, count: 4 * half)
    nIn = 0
    nOut = 0
    return out
  }

  private func take(_ sample: Float, _ last: Int, _ out: inout [Float]) {
    let taps = 2 * half
    let at = nIn % taps
    ring[at] = sample
    ring[at + taps] = sample
    nIn += 1
    while nOut < last && nOut * step / phases + half < nIn {
      let from = (nOut * step / phases + half + 1) % taps
      var sum: Float = 0
      for (k, weight) in table[nOut * step % phases].enumerated() { sum += weight * ring[from + k] }
      out.append(sum)
      nOut += 1
    }
  }

  /// Tap k is the input sample floor(position) - half + 1 + k.
  private static func row(_ fraction: Double, _ half: Int, _ narrowing: Double) -> [Float] {
    let values = (0..<(2 * half)).map { kernel(Double($0 - half + 1) - fraction, Double(half), narrowing) }
    let sum = values.reduce(0, +)
    return values.map { Float($0 / sum) }
  }

  private static func kernel(_ x: Double, _ half: Double, _ narrowing: Double) -> Double {
    if abs(x) >= half { return 0 }
    let angle = Double.pi * narrowing * rolloff * x
    let sinc = abs(angle) < 1e-9 ? 1 : sin(angle) / angle
    return sinc * besselI0(kaiserBeta * (1 - (x / half) * (x / half)).squareRoot())
  }

  private static func besselI0(_ x: Double) -> Double {
    var sum = 1.0
    var term = 1.0
    for k in 1..<50 {
      term *= (x / Double(2 * k)) * (x / Double(2 * k))
      sum += term
    }
    return sum
  }

  private static func greatestDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestDivisor(b, a % b) }
}
