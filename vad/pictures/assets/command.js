// What to type for `vad detect` to decide by the same rule.
"use strict";

const vadCommand = (() => {
  // Fields that may be null, and what `vad detect` takes for that.
  const ABSENT = { max_speech_s: "inf", confirm_threshold: "0" };

  // Options for what differs between a rule and the model's own. All digits: a limit must not fall below the least that
  // the rule allows, and what is detected is to be what was shown.
  function options(rule, modelRule) {
    const changed = Object.keys(rule).filter((name) => rule[name] !== modelRule[name]);
    return changed.map((name) => ` --${name.replace(/_s$/, "").replaceAll("_", "-")} ${rule[name] ?? ABSENT[name]}`).join("");
  }

  return { options };
})();
