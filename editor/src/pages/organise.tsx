// A workflow's folder and tags.
import { useState } from "react";
import type { WorkflowView } from "../api/shapes";
import { useText } from "../text";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Labelled, TextInput } from "../ui/page";
import { tellError } from "../ui/toast";
import { changeWorkflow } from "./workflow-actions";

export function OrganiseDialog({ workflow, onClose }: { workflow: WorkflowView; onClose: () => void }) {
  const t = useText();
  const [folder, setFolder] = useState(workflow.folder);
  const [tags, setTags] = useState(workflow.tags.join(", "));
  const save = () =>
    changeWorkflow(workflow, {
      folder: folder.trim(),
      tags: tags
        .split(/[,،]/)
        .map((tag) => tag.trim())
        .filter(Boolean),
    }).then(onClose, tellError);
  return (
    <Dialog
      open
      onClose={onClose}
      title={workflow.name}
      width={420}
      footer={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look="solid" onClick={save}>
            {t.common.save}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Labelled label={t.pages.home.folder}>
          {(id) => <TextInput id={id} value={folder} onChange={(event) => setFolder(event.target.value)} />}
        </Labelled>
        <Labelled label={t.pages.home.tags} hint={t.inspector.condition.list}>
          {(id) => <TextInput id={id} value={tags} onChange={(event) => setTags(event.target.value)} />}
        </Labelled>
      </div>
    </Dialog>
  );
}
