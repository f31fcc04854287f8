// The canvas's context menu: for the selected step, for several, or for the empty canvas.
import {
  ClipboardPaste,
  Copy,
  Group,
  LayoutDashboard,
  Plus,
  SquareDashedMousePointer,
  StickyNote,
  Trash2,
  Workflow,
} from "lucide-react";
import type { ReactElement } from "react";
import { useCatalogue } from "../api/catalogue";
import { useDraft } from "../graph/draft";
import { useText } from "../text";
import { type MenuEntry, WithContextMenu } from "../ui/menu";
import * as actions from "./actions";
import { ask, select, soleSelection, useEditor } from "./editor-state";
import { useNodeMenu } from "./node-menu";
import { fromScreen } from "./viewport";

export function CanvasMenu({ editable, children }: { editable: boolean; children: ReactElement }) {
  const t = useText();
  const catalogue = useCatalogue();
  const sole = useEditor(soleSelection);
  const several = useEditor((state) => state.selected.size > 1);
  const forNode = useNodeMenu(sole ?? "");
  if (!editable) return children;
  const tidy: MenuEntry = {
    id: "tidy",
    label: t.canvas.step.tidy,
    icon: LayoutDashboard,
    keys: "⇧⌥T",
    run: () => void actions.tidy(catalogue),
  };
  const middle = () => fromScreen({ x: window.innerWidth / 2, y: window.innerHeight / 2 });
  const forSeveral: MenuEntry[] = [
    {
      id: "copy",
      label: t.canvas.node.copy,
      icon: Copy,
      keys: "Ctrl C",
      run: () => void actions.copySelected(),
    },
    {
      id: "group",
      label: t.canvas.group.make,
      icon: Group,
      keys: "Ctrl G",
      apart: true,
      run: actions.groupSelected,
    },
    {
      id: "extract",
      label: t.canvas.extract.title,
      icon: Workflow,
      keys: "Alt X",
      run: () => actions.extractSelected(catalogue),
    },
    tidy,
    {
      id: "delete",
      label: t.canvas.node.delete,
      icon: Trash2,
      keys: "Del",
      danger: true,
      apart: true,
      run: actions.removeSelected,
    },
  ];
  const forPane: MenuEntry[] = [
    { id: "add", label: t.canvas.palette.pick, icon: Plus, keys: "N", run: () => ask({ kind: "add" }) },
    { id: "note", label: t.canvas.tools.note, icon: StickyNote, run: () => actions.addSticky(middle()) },
    {
      id: "paste",
      label: t.canvas.node.paste,
      icon: ClipboardPaste,
      keys: "Ctrl V",
      run: () => void actions.pasteClipboard(),
    },
    {
      id: "all",
      label: t.canvas.keys.selectAll,
      icon: SquareDashedMousePointer,
      keys: "Ctrl A",
      apart: true,
      run: () => select(useDraft.getState().file.nodes.map((node) => node.id)),
    },
    tidy,
  ];
  return (
    <WithContextMenu entries={several ? forSeveral : forNode.length > 0 ? forNode : forPane}>
      {children}
    </WithContextMenu>
  );
}
