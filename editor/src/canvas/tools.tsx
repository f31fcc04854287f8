// The strip of tools over the canvas.
import {
  AlignCenterHorizontal,
  LayoutDashboard,
  Maximize,
  Plus,
  Redo2,
  Search,
  StickyNote,
  Undo2,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import { useCatalogue } from "../api/catalogue";
import { useDraft } from "../graph/draft";
import { useText } from "../text";
import { IconButton } from "../ui/button";
import { Menu } from "../ui/menu";
import * as actions from "./actions";
import { ask, useEditor } from "./editor-state";
import { fromScreen, showAll, zoom } from "./viewport";

export function CanvasTools({ editable }: { editable: boolean }) {
  const t = useText();
  const catalogue = useCatalogue();
  const past = useDraft((state) => state.past.at(-1)?.label);
  const future = useDraft((state) => state.future.at(-1)?.label);
  const several = useEditor((state) => state.selected.size > 1);
  const tools = t.canvas.tools;
  return (
    <div
      role="toolbar"
      aria-label={tools.label}
      className="absolute inset-x-0 bottom-4 z-10 mx-auto flex w-fit items-center gap-0.5 rounded-xl border border-line bg-raised p-1 shadow-pop"
    >
      {editable && (
        <>
          <IconButton icon={Plus} label={tools.add} onClick={() => ask({ kind: "add" })} look="soft" />
          <IconButton
            icon={StickyNote}
            label={tools.note}
            onClick={() =>
              actions.addSticky(fromScreen({ x: window.innerWidth / 2, y: window.innerHeight / 2 }))
            }
            className="@max-xl:hidden"
          />
          <Divider />
          <IconButton
            icon={Undo2}
            mirror
            label={past ? t.canvas.undo(past) : t.common.undo}
            disabled={!past}
            onClick={() => actions.travel(true)}
          />
          <IconButton
            icon={Redo2}
            mirror
            label={future ? t.canvas.redo(future) : t.common.redo}
            disabled={!future}
            onClick={() => actions.travel(false)}
          />
          <Divider />
          <IconButton
            icon={LayoutDashboard}
            label={tools.tidy}
            onClick={() => void actions.tidy(catalogue)}
          />
          {several && (
            <Menu
              trigger={<IconButton icon={AlignCenterHorizontal} label={tools.align} />}
              entries={[
                { id: "top", label: tools.alignTop, run: () => actions.alignSelected("top") },
                { id: "row", label: tools.alignMiddle, run: () => actions.alignSelected("row") },
                { id: "column", label: tools.alignColumn, run: () => actions.alignSelected("column") },
                { id: "distribute", label: tools.distribute, run: () => actions.alignSelected("distribute") },
              ]}
            />
          )}
        </>
      )}
      <IconButton
        icon={Search}
        className="@max-xl:hidden"
        label={tools.find}
        onClick={() => ask({ kind: "find" })}
      />
      <Divider />
      <IconButton
        icon={ZoomOut}
        label={tools.zoomOut}
        onClick={() => zoom("out")}
        className="@max-xl:hidden"
      />
      <IconButton icon={ZoomIn} label={tools.zoomIn} onClick={() => zoom("in")} className="@max-xl:hidden" />
      <IconButton icon={Maximize} label={tools.fit} onClick={() => showAll()} />
    </div>
  );
}

function Divider() {
  return <span className="mx-0.5 h-5 w-px bg-line @max-xl:hidden" />;
}
