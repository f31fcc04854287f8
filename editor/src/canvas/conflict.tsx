// Two people changed one draft: where they differ, and which one goes on. Nothing is lost meanwhile.
import { useDraft } from "../graph/draft";
import { differences } from "../graph/merge";
import { download } from "../pages/workflow-actions";
import { useText } from "../text";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Mark } from "../ui/page";
import { settle, useSaving } from "./autosave";

export function Conflict() {
  const t = useText();
  const c = t.canvas.conflict;
  const { state, theirs } = useSaving();
  const mine = useDraft((draft) => draft.file);
  if (state !== "conflict" || !theirs?.draft) return null;
  const other = { ...theirs.draft, nodes: theirs.draft.nodes ?? [], edges: theirs.draft.edges ?? [] };
  const words = { mine: c.onlyMine, theirs: c.onlyTheirs, both: c.both };
  return (
    <Dialog
      open
      onClose={() => undefined}
      title={c.title}
      lead={c.text}
      footer={
        <>
          <Button onClick={() => download(mine.name, mine)}>{c.download}</Button>
          <Button onClick={() => settle("theirs")}>{c.theirs}</Button>
          <Button onClick={() => settle("mine")}>{c.mine}</Button>
          <Button look="solid" onClick={() => settle("merge")}>
            {c.merge}
          </Button>
        </>
      }
    >
      <h3 className="mb-2 text-xs font-semibold">{c.differences}</h3>
      <ul className="flex flex-col gap-1.5">
        {differences(mine, other).map((difference) => (
          <li key={difference.id} className="flex items-center gap-2 text-sm">
            <bdi className="code min-w-0 flex-1 truncate">{difference.name}</bdi>
            <Mark tone={difference.kind === "both" ? "warn" : "quiet"}>{words[difference.kind]}</Mark>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
