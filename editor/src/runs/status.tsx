// How a run's or a step's state looks: colour, icon and word together, never colour alone.
import {
  Ban,
  Check,
  CircleDashed,
  CircleHelp,
  Clock,
  Hourglass,
  LoaderCircle,
  type LucideIcon,
  Repeat,
  RotateCw,
  SkipForward,
  X,
} from "lucide-react";
import type { RunStatus, StepState } from "../api/shapes";
import { useText } from "../text";
import { Mark, type Tone } from "../ui/page";

export const runLook: Record<RunStatus, { tone: Tone; icon: LucideIcon }> = {
  queued: { tone: "quiet", icon: Clock },
  running: { tone: "busy", icon: LoaderCircle },
  waiting: { tone: "warn", icon: Hourglass },
  in_doubt: { tone: "warn", icon: CircleHelp },
  succeeded: { tone: "good", icon: Check },
  failed: { tone: "bad", icon: X },
  cancelled: { tone: "quiet", icon: Ban },
};

export const stepLook: Record<StepState, { tone: Tone; icon: LucideIcon }> = {
  done: { tone: "good", icon: Check },
  failed: { tone: "bad", icon: X },
  retrying: { tone: "warn", icon: RotateCw },
  running: { tone: "busy", icon: LoaderCircle },
  waiting: { tone: "warn", icon: Hourglass },
  in_doubt: { tone: "warn", icon: CircleHelp },
  looping: { tone: "busy", icon: Repeat },
  skipped: { tone: "quiet", icon: SkipForward },
  pending: { tone: "quiet", icon: CircleDashed },
};

export function RunStatusMark({ status }: { status: RunStatus }) {
  const t = useText();
  const { tone, icon } = runLook[status];
  return (
    <span data-run-status={status} className="contents">
      <Mark tone={tone} icon={icon}>
        {t.runs.status[status]}
      </Mark>
    </span>
  );
}

export function StepStateMark({ state }: { state: StepState }) {
  const t = useText();
  const { tone, icon } = stepLook[state];
  return (
    <Mark tone={tone} icon={icon}>
      {t.runs.step[state]}
    </Mark>
  );
}
