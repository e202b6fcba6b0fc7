// swift-tools-version:5.9
import PackageDescription

// All that runs anywhere: resampler, stream and decision; the microphone needs the pod TensorFlowLiteSwift and is added to the app.
let package = Package(
  name: "Vad",
  platforms: [.iOS(.v15), .macOS(.v12)],
  products: [.library(name: "Vad", targets: ["Vad"])],
  targets: [.target(name: "Vad", exclude: ["Microphone.swift"], resources: [.copy("Resources")])]
)
