// Making a workflow of the selected steps: its name, then the new workflow is made and published, and
// a call takes the place of the steps in one act that can be undone.
import { useState } from "react";
import { useCatalogue } from "../api/catalogue";
import { ApiError, answer, client } from "../api/client";
import { queryClient, workflowsQuery } from "../api/queries";
import type { WorkflowFile, WorkflowView } from "../api/shapes";
import { edit, useDraft } from "../graph/draft";
import { extraction } from "../graph/extract";
import { useText } from "../text";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Labelled, TextInput } from "../ui/page";
import { tellError, toast } from "../ui/toast";
import * as actions from "./actions";
import { select, useEditor } from "./editor-state";

/** Makes and publishes; a workflow that cannot be published is not left behind. */
async function make(child: WorkflowFile): Promise<void> {
  const made = await answer<WorkflowView>(
    client.POST("/api/v1/workflows", { body: { draft: child as unknown as Record<string, unknown> } }),
  );
  const path = { params: { path: { workflow: made.id } } };
  try {
    await client.POST("/api/v1/workflows/{workflow}/publish", { ...path, body: { note: "" } });
  } catch (error) {
    await client.DELETE("/api/v1/workflows/{workflow}", path).catch(() => undefined);
    throw error;
  }
  await queryClient.invalidateQueries({ queryKey: workflowsQuery.queryKey });
}

export function ExtractDialog({ onClose }: { onClose: () => void }) {
  const t = useText();
  const catalogue = useCatalogue();
  const [chosen] = useState(() => useEditor.getState().selected);
  const [name, setName] = useState(() => {
    const { file } = useDraft.getState();
    const first = file.nodes.find((node) => chosen.has(node.id));
    return first ? `${file.name}: ${actions.nodeTitle(catalogue, first)}` : file.name;
  });
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);

  const go = async () => {
    const taken = extraction(useDraft.getState().file, catalogue, chosen, name.trim());
    if (typeof taken === "string") return;
    setBusy(true);
    try {
      await make(taken.child);
      let call = "";
      edit(t.canvas.step.extract, (file) => {
        call = taken.putCall(file, taken.child.name);
      });
      select([call]);
      toast(t.canvas.extract.done(taken.child.name));
      onClose();
    } catch (error) {
      if (error instanceof ApiError && error.code === "duplicate") setFault(error.detail);
      else tellError(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title={t.canvas.extract.title}
      lead={t.canvas.extract.lead}
      footer={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look="solid" disabled={busy || !name.trim()} onClick={() => void go()}>
            {t.canvas.extract.go}
          </Button>
        </>
      }
    >
      <Labelled label={t.canvas.extract.name}>
        {(id) => (
          <TextInput
            id={id}
            value={name}
            aria-invalid={fault !== null}
            onChange={(event) => setName(event.target.value)}
            onKeyDown={(event) => event.key === "Enter" && void go()}
          />
        )}
      </Labelled>
      {fault && (
        <p role="alert" className="mt-2 text-xs text-bad">
          <bdi>{fault}</bdi>
        </p>
      )}
    </Dialog>
  );
}
