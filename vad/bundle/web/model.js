// The model in LiteRT.js. State is an argument and a result of every call, never kept here.
"use strict";

const vadModel = (() => {
  const { Tensor, loadAndCompile, loadLiteRt } = self.litert;

  class Model {
    static async load(bytes, metadata, runtimeFolder) {
      // Emscripten would look beside the worker.
      self.Module = { locateFile: (file) => runtimeFolder + file };
      await loadLiteRt(runtimeFolder);
      return new Model(await loadAndCompile(bytes, { accelerator: "wasm" }), metadata);
    }

    constructor(compiled, metadata) {
      this.compiled = compiled;
      this.states = metadata.states;
    }

    newState() {
      const zeros = ({ name, shape }) => [name, new Tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)];
      return Object.fromEntries(this.states.map(zeros));
    }

    // Takes the state over: its tensors are freed, those of the result replace them.
    async run(signature, audio, state) {
      const input = new Tensor(audio, [1, audio.length]);
      const { posteriors, ...next } = await this.compiled.run(signature, { audio: input, ...state });
      const values = posteriors.toTypedArray();
      input.delete();
      posteriors.delete();
      this.free(state);
      return { posteriors: values, state: next };
    }

    free(state) {
      for (const tensor of Object.values(state)) tensor.delete();
    }
  }

  return { Model };
})();
