// What Microphone.swift uses of AVFoundation, by its documented signatures: enough to check its types.
@_exported import Foundation

public typealias AVAudioFrameCount = UInt32
public typealias AVAudioChannelCount = UInt32
public typealias AVAudioNodeBus = Int
public typealias AVAudioNodeTapBlock = (AVAudioPCMBuffer, AVAudioTime) -> Void

public class AVAudioTime {}

public class AVAudioFormat {
  public var sampleRate: Double { fatalError() }
  public var channelCount: AVAudioChannelCount { fatalError() }
}

public class AVAudioPCMBuffer {
  public var format: AVAudioFormat { fatalError() }
  public var frameLength: AVAudioFrameCount { fatalError() }
  public var floatChannelData: UnsafePointer<UnsafeMutablePointer<Float>>? { fatalError() }
}

public class AVAudioNode {
  public func outputFormat(forBus bus: AVAudioNodeBus) -> AVAudioFormat { fatalError() }
  public func installTap(
    onBus bus: AVAudioNodeBus, bufferSize: AVAudioFrameCount, format: AVAudioFormat?,
    block: @escaping AVAudioNodeTapBlock
  ) { fatalError() }
  public func removeTap(onBus bus: AVAudioNodeBus) { fatalError() }
}

public class AVAudioInputNode: AVAudioNode {}

public class AVAudioEngine {
  public init() {}
  public var inputNode: AVAudioInputNode { fatalError() }
  public func start() throws { fatalError() }
  public func stop() { fatalError() }
}

public class AVAudioSession {
  public struct Category { public static let record = Category() }
  public struct Mode { public static let measurement = Mode() }
  public struct CategoryOptions: OptionSet {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
  }

  public class func sharedInstance() -> AVAudioSession { fatalError() }
  public func setCategory(_ category: Category, mode: Mode, options: CategoryOptions = []) throws { fatalError() }
  public func setActive(_ active: Bool) throws { fatalError() }
  public func requestRecordPermission(_ response: @escaping (Bool) -> Void) { fatalError() }
}
