// What Microphone.swift uses of TensorFlowLiteSwift, by its documented signatures: enough to check its types.
import Foundation

public final class Interpreter {
  public struct Options {
    public var threadCount: Int?
    public init() {}
  }

  public init(modelPath: String, options: Options? = nil) throws { fatalError() }
  public func signatureRunner(with signatureKey: String) throws -> SignatureRunner { fatalError() }
}

public final class SignatureRunner {
  public func invoke(with inputs: [String: Data]) throws { fatalError() }
  public func output(named name: String) throws -> Tensor { fatalError() }
}

public struct Tensor { public let data: Data }
