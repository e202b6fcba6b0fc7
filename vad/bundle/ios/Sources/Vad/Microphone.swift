import AVFoundation
import TensorFlowLite

/// What is read of vad.json.
struct Metadata: Decodable {
  struct Features: Decodable {
    var sampleRate: Int
    var winLength: Int
    var hopLength: Int
  }

  struct State: Decodable {
    var name: String
    var shape: [Int]
  }

  var features: Features
  var lookaheadFrames: Int
  var states: [State]
  var decision: Rule

  static func load(_ url: URL) throws -> Metadata {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Metadata.self, from: Data(contentsOf: url))
  }
}

/// The model in TensorFlow Lite: the signature of one frame per call, its state carried between calls.
final class LiteModel {
  private let interpreter: Interpreter
  private let runner: SignatureRunner
  private let states: [Metadata.State]
  private var state: [String: Data] = [:]

  init(path: String, states: [Metadata.State]) throws {
    var options = Interpreter.Options()
    options.threadCount = 1
    interpreter = try Interpreter(modelPath: path, options: options)
    runner = try interpreter.signatureRunner(with: "audio_1")
    self.states = states
    reset()
  }

  func reset() {
    for row in states { state[row.name] = Data(count: 4 * row.shape.reduce(1, *)) }
  }

  func step(_ audio: [Float]) throws -> Float {
    var inputs = state
    inputs["audio"] = audio.withUnsafeBufferPointer { Data(buffer: $0) }
    try runner.invoke(with: inputs)
    for row in states { state[row.name] = try runner.output(named: row.name).data }
    return try runner.output(named: "posteriors").data.withUnsafeBytes { $0.load(as: Float.self) }
  }
}

/// Listens to the microphone and calls back on the main queue. Info.plist needs NSMicrophoneUsageDescription.
///
/// Times are seconds from `start()`. All work is done on a queue of its own.
public final class VadMicrophone {
  public var onStart: (_ start: Double) -> Void = { _ in }
  public var onEnd: (_ start: Double, _ end: Double) -> Void = { _, _ in }
  public var onPosterior: (Float) -> Void = { _ in }
  public var onError: (Error) -> Void = { _ in }

  private let engine = AVAudioEngine()
  private let queue = DispatchQueue(label: "vad", qos: .userInitiated)
  private let metadata: Metadata
  private let grid: Grid
  private let model: LiteModel
  private let decision: Decision
  private var held: [Float] = []
  private var nSamples = 0
  private var toSkip = 0

  public init(bundle: Bundle = .main) throws {
    guard let path = bundle.path(forResource: "vad", ofType: "tflite"),
      let description = bundle.url(forResource: "vad", withExtension: "json")
    else { throw VadError.resource("vad.tflite and vad.json must be in the app's resources") }
    metadata = try Metadata.load(description)
    let features = metadata.features
    grid = Grid(sampleRate: features.sampleRate, winLength: features.winLength, hopLength: features.hopLength)
    model = try LiteModel(path: path, states: metadata.states)
    decision = Decision(rule: metadata.decision, grid: grid)
  }

  /// Asks for the microphone and begins to listen.
  public func start() {
    AVAudioSession.sharedInstance().requestRecordPermission { granted in
      DispatchQueue.main.async {
        do {
          guard granted else { throw VadError.microphone("the permission was refused") }
          try self.listen()
        } catch {
          self.onError(error)
        }
      }
    }
  }

  /// Ends listening, and tells of the speech that was still open.
  public func stop() {
    engine.inputNode.removeTap(onBus: 0)
    engine.stop()
    queue.async { self.flush() }
  }

  private func listen() throws {
    // `measurement`: the sound as it comes, as the model was trained on.
    try AVAudioSession.sharedInstance().setCategory(.record, mode: .measurement)
    try AVAudioSession.sharedInstance().setActive(true)
    let input = engine.inputNode
    let source = input.outputFormat(forBus: 0)
    guard let target = AVAudioFormat(standardFormatWithSampleRate: Double(grid.sampleRate), channels: 1),
      let converter = AVAudioConverter(from: source, to: target)
    else { throw VadError.rate(Int(source.sampleRate)) }
    queue.sync { restart() }
    input.installTap(onBus: 0, bufferSize: 1024, format: source) { [weak self] buffer, _ in
      guard let self, let samples = Self.convert(buffer, with: converter, to: target) else { return }
      self.queue.async { self.push(samples) }
    }
    try engine.start()
  }

  private static func convert(
    _ buffer: AVAudioPCMBuffer, with converter: AVAudioConverter, to target: AVAudioFormat
  ) -> [Float]? {
    let ratio = target.sampleRate / buffer.format.sampleRate
    let capacity = AVAudioFrameCount(Double(buffer.frameLength) * ratio) + 64
    guard let out = AVAudioPCMBuffer(pcmFormat: target, frameCapacity: capacity) else { return nil }
    var given = false
    converter.convert(to: out, error: nil) { _, status in
      // The converter keeps its filter between calls: there is more to come, only not now.
      status.pointee = given ? .noDataNow : .haveData
      defer { given = true }
      return given ? nil : buffer
    }
    guard let channel = out.floatChannelData else { return nil }
    return Array(UnsafeBufferPointer(start: channel[0], count: Int(out.frameLength)))
  }

  private func restart() {
    held = []
    nSamples = 0
    toSkip = metadata.lookaheadFrames
    model.reset()
    decision.reset()
  }

  private func push(_ samples: [Float]) {
    do {
      nSamples += samples.count
      tell(try advance(samples))
    } catch {
      DispatchQueue.main.async { self.onError(error) }
    }
  }

  private func flush() {
    do {
      // The last frames' posteriors come out only once the network has seen that many frames more.
      tell(try advance(Array(repeating: 0, count: metadata.lookaheadFrames * grid.hopLength)))
      tell(([], try decision.finish(nSamples)))
    } catch {
      DispatchQueue.main.async { self.onError(error) }
    }
    restart()
  }

  private func advance(_ samples: [Float]) throws -> ([Float], [Event]) {
    held += samples
    var posteriors: [Float] = []
    var events: [Event] = []
    var at = 0
    while at + grid.winLength <= held.count {
      let posterior = try model.step(Array(held[at..<(at + grid.winLength)]))
      at += grid.hopLength
      if toSkip > 0 {
        toSkip -= 1
        continue
      }
      posteriors.append(posterior)
      events += try decision.push(posterior)
    }
    held.removeFirst(at)
    return (posteriors, events)
  }

  private func tell(_ found: ([Float], [Event])) {
    let rate = Double(grid.sampleRate)
    DispatchQueue.main.async {
      found.0.forEach(self.onPosterior)
      for event in found.1 {
        switch event {
        case .start(let start, _, _): self.onStart(Double(start) / rate)
        case .end(let start, let end, _, _): self.onEnd(Double(start) / rate, Double(end) / rate)
        case .misfire: break
        }
      }
    }
  }
}
