// Wheel, mouse and fingers: what they do on the picture and on the overview.
"use strict";

const vadPointers = (() => {
  function tie(canvas, { view, show, zoom, seek }) {
    const pointers = new Map();
    const timeAt = (clientX) => {
      const box = canvas.getBoundingClientRect();
      return view().start + ((clientX - box.left) / box.width) * (view().end - view().start);
    };
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const span = view().end - view().start;
      const lines = event.deltaMode === 1 ? 16 : 1;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const moved = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
        show(view().start + ((moved * lines) / canvas.clientWidth) * span, span);
      } else {
        zoom(Math.exp(-event.deltaY * lines * 0.0025), timeAt(event.clientX));
      }
    }, { passive: false });
    let travelled = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event.clientX);
      if (pointers.size === 1) travelled = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!pointers.has(event.pointerId)) return;
      const before = [...pointers.values()];
      const moved = event.clientX - pointers.get(event.pointerId);
      pointers.set(event.pointerId, event.clientX);
      travelled += Math.abs(moved);
      const span = view().end - view().start;
      if (pointers.size === 2) {
        const after = [...pointers.values()];
        const factor = Math.max(8, Math.abs(after[0] - after[1])) / Math.max(8, Math.abs(before[0] - before[1]));
        zoom(factor, timeAt((after[0] + after[1]) / 2));
      } else if (travelled > 4) {
        show(view().start - (moved / canvas.clientWidth) * span, span);
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      if (pointers.size === 1 && travelled <= 4) seek(timeAt(event.clientX));
      pointers.delete(event.pointerId);
    });
    canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  }

  function tieOverview(canvas, { view, whole, show }) {
    const centre = (event) => {
      const box = canvas.getBoundingClientRect();
      const time = whole.start + ((event.clientX - box.left) / box.width) * (whole.end - whole.start);
      const span = view().end - view().start;
      show(time - span / 2, span);
    };
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); centre(event); });
    canvas.addEventListener("pointermove", (event) => { if (event.buttons) centre(event); });
  }

  return { tie, tieOverview };
})();
