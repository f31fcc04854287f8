// One polite live region for the whole application.
import { create } from "zustand";

const useSaid = create<{ text: string; count: number }>()(() => ({ text: "", count: 0 }));

/** Has a screen reader say it. */
export function announce(text: string): void {
  useSaid.setState((state) => ({ text, count: state.count + 1 }));
}

export function Announcer() {
  const { text, count } = useSaid();
  return (
    <div aria-live="polite" role="status" className="sr-only" data-testid="announcer">
      {/* A new element each time, so that the same words are said again. */}
      <span key={count}>{text}</span>
    </div>
  );
}
