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
final class LiteModel: VadModel {
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
  private var stream: VadStream?  // of the queue
  private var turn: NSObject?  // of the main queue: from start() to stop() or an error

  public init(bundle: Bundle = .main) throws {
    guard let path = bundle.path(forResource: "vad", ofType: "tflite"),
      let description = bundle.url(forResource: "vad", withExtension: "json")
    else { throw VadError.resource("vad.tflite and vad.json must be in the app's resources") }
    metadata = try Metadata.load(description)
    let features = metadata.features
    grid = Grid(sampleRate: features.sampleRate, winLength: features.winLength, hopLength: features.hopLength)
    model = try LiteModel(path: path, states: metadata.states)
  }

  /// Asks for the microphone and begins to listen; does nothing while it listens. To be called on the main queue.
  public func start() {
    guard turn == nil else { return }
    let own = NSObject()
    turn = own
    AVAudioSession.sharedInstance().requestRecordPermission { granted in
      DispatchQueue.main.async {
        // `stop()` may have been called before the answer came.
        guard self.turn === own else { return }
        do {
          guard granted else { throw VadError.microphone("the permission was refused") }
          try self.listen()
        } catch {
          self.stop()
          self.onError(error)
        }
      }
    }
  }

  /// Ends listening, and tells of the speech that was still open. To be called on the main queue.
  public func stop() {
    turn = nil
    engine.inputNode.removeTap(onBus: 0)
    engine.stop()
    queue.async {
      self.tell { try $0.flush() }
      self.stream = nil
    }
  }

  private func listen() throws {
    // `measurement`: the sound as it comes, as the model was trained on.
    try AVAudioSession.sharedInstance().setCategory(.record, mode: .measurement)
    try AVAudioSession.sharedInstance().setActive(true)
    let input = engine.inputNode
    let format = input.outputFormat(forBus: 0)
    try queue.sync {
      stream = try VadStream(
        model: model, rule: metadata.decision, grid: grid, lookaheadFrames: metadata.lookaheadFrames,
        sourceRate: Int(format.sampleRate))
    }
    input.installTap(onBus: 0, bufferSize: 1024, format: format) { [weak self] buffer, _ in
      guard let self, let samples = Self.mixed(buffer) else { return }
      self.queue.async { self.tell { try $0.push(samples) } }
    }
    try engine.start()
  }

  /// The mean of all channels.
  private static func mixed(_ buffer: AVAudioPCMBuffer) -> [Float]? {
    guard let channels = buffer.floatChannelData else { return nil }
    let count = Int(buffer.format.channelCount)
    return (0..<Int(buffer.frameLength)).map { k in
      (0..<count).reduce(Float(0)) { $0 + channels[$1][k] } / Float(count)
    }
  }

  private func tell(_ run: (VadStream) throws -> VadOutput) {
    guard let stream else { return }
    do {
      let output = try run(stream)
      let rate = Double(grid.sampleRate)
      DispatchQueue.main.async {
        output.posteriors.forEach(self.onPosterior)
        for event in output.events {
          switch event {
          case .start(let start, _, _): self.onStart(Double(start) / rate)
          case .end(let start, let end, _, _): self.onEnd(Double(start) / rate, Double(end) / rate)
          case .misfire: break
          }
        }
      }
    } catch {
      DispatchQueue.main.async { self.onError(error) }
    }
  }
}
