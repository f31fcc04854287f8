// The run that the canvas shows, if any: its journal, the position in it, and the fold of both.
// Live records are appended as they come and drawn a few times a second; the journal is read only at first
// and where something was missed.
import { create } from "zustand";
import { answer, client } from "../api/client";
import { follow } from "../api/live";
import { journalQuery, queryClient, runQuery } from "../api/queries";
import type { JournalRecord, Json, LiveBatch, RunDetail } from "../api/shapes";
import { Fold, type RunView } from "./replay";

interface ShownRun {
  run: string | null;
  detail: RunDetail | null;
  records: JournalRecord[];
  /** How many records are folded; follows the end while `atEnd`. */
  at: number;
  atEnd: boolean;
  view: RunView | null;
  trigger: Json;
}

const nothing: ShownRun = {
  run: null,
  detail: null,
  records: [],
  at: 0,
  atEnd: true,
  view: null,
  trigger: null,
};

export const useShownRun = create<ShownRun>()(() => nothing);

/** Milliseconds between two pictures of a run that goes on: enough to look alive. */
const DRAWN_EVERY = 60;
/** Records of one reading where something was missed. */
const STRETCH = 5000;

/** What belongs to one showing of a run; a later showing leaves it alone. */
class Showing {
  readonly #run: string;
  #fold = new Fold();
  /** Grows in place; what is given out is cut from it. */
  #records: JournalRecord[] = [];
  #loaded = false;
  #ahead: LiveBatch[] = [];
  #drawing: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  #missed = false;
  readonly stop: () => void;

  constructor(run: string) {
    this.#run = run;
    const unfollow = follow(
      { run },
      { records: (batch) => this.#heard(batch), missed: () => void this.#catchUp() },
    );
    this.stop = () => {
      unfollow();
      clearTimeout(this.#drawing);
    };
  }

  get #current(): boolean {
    return showing === this;
  }

  async load(): Promise<void> {
    const [records, detail] = await Promise.all([
      queryClient.fetchQuery({ ...journalQuery(this.#run), staleTime: 0 }),
      queryClient.fetchQuery({ ...runQuery(this.#run), staleTime: 0 }),
    ]);
    if (!this.#current) return;
    this.#records = records.slice();
    this.#loaded = true;
    useShownRun.setState({ detail, trigger: detail.trigger_data });
    for (const batch of this.#ahead.splice(0)) this.#append(batch);
    this.#draw();
    if (this.#missed) void this.#catchUp();
  }

  #heard(batch: LiveBatch): void {
    if (!this.#current) return;
    if (!this.#loaded) this.#ahead.push(batch);
    else this.#append(batch);
  }

  #append(batch: LiveBatch): void {
    const known = this.#records.length;
    if (batch.first > known) {
      void this.#catchUp();
      return;
    }
    if (batch.first + batch.records.length <= known) return;
    for (const record of batch.records.slice(known - batch.first)) this.#records.push(record);
    this.#drawSoon();
  }

  /** Reads what lies between the last known record and the end. */
  async #catchUp(): Promise<void> {
    this.#missed = true;
    if (this.#reading || !this.#loaded) return;
    this.#reading = true;
    try {
      for (;;) {
        const known = this.#records.length;
        this.#missed = false;
        const more = await answer<JournalRecord[]>(
          client.GET("/api/v1/runs/{run}/journal", {
            params: {
              path: { run: this.#run },
              query: { after: known > 0 ? known - 1 : undefined, limit: STRETCH },
            },
          }),
        );
        if (!this.#current) return;
        // Live records may have come in the meantime.
        for (const record of more.slice(this.#records.length - known)) this.#records.push(record);
        if (more.length < STRETCH && !this.#missed) break;
      }
      this.#drawSoon();
    } catch {
      // Away; the stream tells when it is back.
    } finally {
      this.#reading = false;
    }
  }

  #drawSoon(): void {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#draw();
    }, DRAWN_EVERY);
  }

  #draw(): void {
    if (!this.#current) return;
    const state = useShownRun.getState();
    const records = this.#records.slice();
    const at = state.atEnd ? records.length : Math.min(state.at, records.length);
    useShownRun.setState({ records, at, view: this.#viewAt(at) });
    const over = records.at(-1)?.k === "ended";
    if (over && state.detail && !state.detail.ended_at) void this.#readDetail();
  }

  async #readDetail(): Promise<void> {
    const detail = await queryClient.fetchQuery({ ...runQuery(this.#run), staleTime: 0 }).catch(() => null);
    if (detail && this.#current) useShownRun.setState({ detail });
  }

  #viewAt(at: number): RunView {
    if (at < this.#fold.taken) this.#fold = new Fold();
    return this.#fold.take(this.#records, at);
  }

  move(to: number): void {
    const last = this.#records.length;
    const at = Math.max(0, Math.min(to, last));
    useShownRun.setState({ at, atEnd: at === last, view: this.#viewAt(at) });
  }
}

let showing: Showing | null = null;

/** Shows a run and follows it until it is hidden. */
export async function showRun(run: string): Promise<void> {
  hideRun();
  useShownRun.setState({ ...nothing, run });
  showing = new Showing(run);
  await showing.load();
}

export function hideRun(): void {
  showing?.stop();
  showing = null;
  useShownRun.setState(nothing);
}

export function moveTo(at: number): void {
  showing?.move(at);
}
