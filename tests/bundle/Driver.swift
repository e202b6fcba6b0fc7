// Decisions (conftest.py says how), resamplers and streams (stream_driver.c does) from standard input.
import Foundation

struct Driver {
  private let tokens: [Substring]
  private let grid = Grid(sampleRate: 16000, winLength: 512, hopLength: 160)
  private var at = 0
  private var out = ""

  init(_ text: String) {
    tokens = text.split(whereSeparator: \.isWhitespace)
  }

  private mutating func word() -> Substring {
    at += 1
    return tokens[at - 1]
  }

  private mutating func whole() -> Int { Int(word())! }

  private mutating func number() -> Double { Double(word())! }

  private mutating func floats() -> [Float] {
    let count = whole()
    return (0..<count).map { _ in Float(bitPattern: UInt32(word())!) }
  }

  private mutating func rule() -> Rule {
    let r = (0..<10).map { _ in number() }
    return Rule(
      onsetThreshold: r[0], offsetThreshold: r[1], hangoverS: r[2], minSpeechS: r[3], minSilenceS: r[4],
      padStartS: r[5], padEndS: r[6], mergeGapS: r[7], maxSpeechS: r[8] > 0 ? r[8] : nil,
      confirmThreshold: r[9] > 0 ? r[9] : nil)
  }

  private mutating func tell(_ values: [Float]) {
    for value in values { out += "value \(value.bitPattern)\n" }
  }

  private mutating func tell(_ events: [Event]) {
    for event in events {
      switch event {
      case .start(let start, let onset, let known): out += "start \(start) \(onset) \(known)\n"
      case .end(let start, let end, let offset, let known): out += "end \(start) \(end) \(offset) \(known)\n"
      case .misfire(let start, let end, let known): out += "misfire \(start) \(end) \(known)\n"
      }
    }
  }

  private func chunks(_ values: [Float], _ size: Int) -> [[Float]] {
    stride(from: 0, to: values.count, by: size).map { Array(values[$0..<min($0 + size, values.count)]) }
  }

  private mutating func resample() throws {
    let (from, to, size) = (whole(), whole(), whole())
    let resampler = try Resampler(from: from, to: to)
    for chunk in chunks(floats(), size) { tell(resampler.push(chunk)) }
    tell(resampler.flush())
  }

  private mutating func stream() throws {
    let rule = rule()
    let (lookahead, size, count) = (whole(), whole(), whole())
    let samples = (0..<count).map { _ in Float(whole()) / 32768 }
    let model = Answers(samples, floats(), lookahead)
    let stream = try VadStream(model: model, rule: rule, grid: grid, lookaheadFrames: lookahead, sourceRate: 16000)
    for output in try chunks(samples, size).map(stream.push) + [stream.flush()] {
      tell(output.posteriors)
      tell(output.events)
    }
  }

  mutating func decisions() throws -> String {
    let grid = Grid(sampleRate: whole(), winLength: whole(), hopLength: whole())
    while at < tokens.count {
      let decision = Decision(rule: rule(), grid: grid)
      let nSamples = whole()
      for posterior in floats() { tell(try decision.push(posterior)) }
      tell(try decision.finish(nSamples))
      out += "done\n"
    }
    return out
  }

  mutating func commands() throws -> String {
    while at < tokens.count {
      switch word() {
      case "resample": try resample()
      case "stream": try stream()
      default: fatalError("an unknown command")
      }
      out += "done\n"
    }
    return out
  }
}

/// Tells the posteriors that it was given, one a window, and only where the window is the right one.
final class Answers: VadModel {
  private let samples: [Float]
  private let posteriors: [Float]
  private let lookahead: Int
  private var call = 0

  init(_ samples: [Float], _ posteriors: [Float], _ lookahead: Int) {
    self.samples = samples
    self.posteriors = posteriors
    self.lookahead = lookahead
  }

  func step(_ audio: [Float]) -> Float {
    for (k, value) in audio.enumerated() {
      let at = 160 * call + k
      precondition(value == (at < samples.count ? samples[at] : 0), "call \(call): another window")
    }
    call += 1
    let frame = call - 1 - lookahead
    return posteriors.indices.contains(frame) ? posteriors[frame] : .nan
  }

  func reset() { call = 0 }
}

@main
enum Main {
  static func main() throws {
    var driver = Driver(String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self))
    let isDecisions = CommandLine.arguments.last == "decisions"
    print(isDecisions ? try driver.decisions() : try driver.commands(), terminator: "")
  }
}
