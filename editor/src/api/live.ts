// Server-sent events over fetch, because the browser's own reader cannot send the token.
// Comes back by itself after a break, each time a little later.
import { useSession } from "./session";
import type { LiveBatch } from "./shapes";

export interface Follower {
  records: (batch: LiveBatch) => void;
  /** Something may have been lost: read the runs anew. Also told once the stream is there. */
  missed: () => void;
}

/** Follows runs until the returned function is called. */
export function follow(filter: { run?: string; workflow?: string }, follower: Follower): () => void {
  const stop = new AbortController();
  void keepReading(filter, follower, stop.signal);
  return () => stop.abort();
}

async function keepReading(
  filter: { run?: string; workflow?: string },
  follower: Follower,
  signal: AbortSignal,
): Promise<void> {
  let pause = 500;
  while (!signal.aborted) {
    try {
      const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== undefined));
      const response = await fetch(`/api/v1/live?${query}`, {
        headers: { authorization: `Bearer ${useSession.getState().token ?? ""}` },
        signal,
      });
      if (response.ok && response.body) {
        follower.missed();
        pause = 500;
        await read(response.body, follower);
      }
    } catch {
      // Gone; tried again below.
    }
    if (signal.aborted) return;
    await new Promise((wake) => setTimeout(wake, pause));
    pause = Math.min(pause * 2, 15_000);
  }
}

async function read(body: ReadableStream<Uint8Array>, follower: Follower): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    let end = rest.indexOf("\n\n");
    while (end >= 0) {
      deliver(rest.slice(0, end), follower);
      rest = rest.slice(end + 2);
      end = rest.indexOf("\n\n");
    }
  }
}

function deliver(block: string, follower: Follower): void {
  let name = "";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).trim());
  }
  if (name === "records") follower.records(JSON.parse(data.join("\n")) as LiveBatch);
  else if (name === "missed") follower.missed();
}
