// Whether a pointer is pressed. While it is, nothing may move under it: no panel opens, no view turns.
import { create } from "zustand";

export const usePressed = create<{ pressed: boolean }>()(() => ({ pressed: false }));

for (const name of ["pointerdown", "pointerup", "pointercancel", "dragend"] as const) {
  window.addEventListener(name, () => usePressed.setState({ pressed: name === "pointerdown" }), true);
}
