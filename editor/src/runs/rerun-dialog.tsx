// Running again: from which step, with which data.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answer, client } from "../api/client";
import type { Json, Started, WorkflowFile } from "../api/shapes";
import { readingOrder } from "../graph/traverse";
import { CodeInput } from "../inspector/code/code-input";
import { useText } from "../text";
import { Button } from "../ui/button";
import { Select } from "../ui/choice";
import { Dialog } from "../ui/dialog";
import { Labelled } from "../ui/page";
import { tellError, toast } from "../ui/toast";
import { useShownRun } from "./run-store";

const START = "";

export function RerunDialog({
  run,
  file,
  from,
  onClose,
}: {
  run: string;
  file: WorkflowFile;
  from: string | null;
  onClose: () => void;
}) {
  const t = useText();
  const navigate = useNavigate();
  const trigger = useShownRun((state) => state.trigger);
  const [step, setStep] = useState(from ?? START);
  const [text, setText] = useState(JSON.stringify(trigger, null, 2));
  const data = parse(text);
  const start = async () => {
    try {
      const changed = JSON.stringify(data) !== JSON.stringify(trigger);
      const started = await answer<Started>(
        client.POST("/api/v1/runs/{run}/rerun", {
          params: { path: { run } },
          body: { from: step || null, ...(changed ? { data: data as Record<string, unknown> } : {}) },
        }),
      );
      toast(t.runs.newRun);
      onClose();
      if (started.run) await navigate({ to: "/runs/$run", params: { run: started.run } });
    } catch (error) {
      tellError(error);
    }
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t.runs.rerunTitle}
      lead={t.runs.rerunText}
      footer={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look="solid" disabled={data === undefined} onClick={() => void start()}>
            {t.canvas.try.again}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Labelled label={t.runs.rerunFrom}>
          {(id) => (
            <Select
              id={id}
              label={t.runs.rerunFrom}
              value={step}
              onChange={setStep}
              options={[
                { value: START, label: t.runs.fromStart },
                ...readingOrder(file).map((node) => ({ value: node.key, label: node.key })),
              ]}
            />
          )}
        </Labelled>
        <Labelled label={t.runs.rerunData} error={data === undefined ? t.canvas.try.badJson : undefined}>
          {(id) => (
            <CodeInput
              id={id}
              label={t.runs.rerunData}
              language="json"
              tall
              value={text}
              onChange={setText}
            />
          )}
        </Labelled>
      </div>
    </Dialog>
  );
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
