// Publishing: a note about what changed, or the problems that stand in the way.
import { useState } from "react";
import { answer, client } from "../api/client";
import { queryClient } from "../api/queries";
import type { VersionView } from "../api/shapes";
import { useDraft } from "../graph/draft";
import { useText } from "../text";
import { number } from "../text/format";
import { announce } from "../ui/announce";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Failed, Labelled, TextInput } from "../ui/page";
import { toast } from "../ui/toast";
import { save } from "./autosave";
import { ProblemEntry } from "./problem-list";
import { errors, useProblems } from "./problems-store";

export function PublishDialog({ workflow, onClose }: { workflow: string; onClose: () => void }) {
  const t = useText();
  const p = t.canvas.publish;
  const blocking = errors(useProblems((state) => state.list));
  const pins = useDraft((state) => Object.keys(state.file.canvas?.pins ?? {}).length);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const blocked = blocking.length > 0;

  const publish = async () => {
    setBusy(true);
    setError(null);
    try {
      await save();
      const version = await answer<VersionView>(
        client.POST("/api/v1/workflows/{workflow}/publish", {
          params: { path: { workflow } },
          body: { note },
        }),
      );
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: ["workflows"] }),
        queryClient.invalidateQueries({ queryKey: ["versions", workflow] }),
      ]);
      toast(p.done(number(version.number)));
      announce(p.done(number(version.number)));
      onClose();
    } catch (refused) {
      setError(refused);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title={p.title}
      lead={blocked ? undefined : p.text}
      footer={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look="solid" disabled={blocked || busy} onClick={() => void publish()}>
            {t.canvas.bar.publish}
          </Button>
        </>
      }
    >
      {blocked ? (
        <>
          <p className="mb-1 text-sm font-medium text-bad">{p.blocked}</p>
          {/* A click closes the dialogue and goes to the field. */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: the buttons inside take the keys */}
          <ul onClick={onClose}>
            {blocking.map((problem) => (
              <ProblemEntry key={JSON.stringify(problem)} problem={problem} />
            ))}
          </ul>
        </>
      ) : (
        <div className="flex flex-col gap-3">
          <Labelled label={p.note}>
            {(id) => (
              <TextInput
                id={id}
                placeholder={p.noteHint}
                value={note}
                onChange={(event) => setNote(event.target.value)}
                onKeyDown={(event) => event.key === "Enter" && void publish()}
              />
            )}
          </Labelled>
          {pins > 0 && <p className="rounded-md bg-warn-soft px-2.5 py-1.5 text-xs text-warn">{p.pins}</p>}
          {error !== null && <Failed error={error} />}
        </div>
      )}
    </Dialog>
  );
}
