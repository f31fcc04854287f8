// What can be done with one step: the same list for the outline, the inspector and the context menu.
import {
  ArrowRightFromLine,
  ArrowRightToLine,
  ChevronsDownUp,
  ChevronsUpDown,
  CircleOff,
  Copy,
  CopyPlus,
  Link2,
  Link2Off,
  Play,
  Plus,
  Replace,
  Trash2,
  Ungroup,
  Workflow,
} from "lucide-react";
import { useCatalogue } from "../api/catalogue";
import { portsOf } from "../graph/catalogue";
import { edit, useDraft } from "../graph/draft";
import { changeGroup, groupOf } from "../graph/groups";
import { useText } from "../text";
import type { MenuEntry } from "../ui/menu";
import * as actions from "./actions";
import { ask, select } from "./editor-state";
import { tryPart } from "./trial";

export function useNodeMenu(id: string): MenuEntry[] {
  const words = useText().canvas;
  const t = words.node;
  const catalogue = useCatalogue();
  const node = useDraft((state) => state.file.nodes.find((other) => other.id === id));
  const group = useDraft((state) => groupOf(state.file, id));
  if (!node) return [];
  const port = portsOf(node, catalogue.get(node.type))[0];
  const on = (run: () => void) => () => {
    select([id]);
    run();
  };
  return [
    {
      id: "add",
      label: t.addAfter,
      icon: Plus,
      keys: "N",
      disabled: !port,
      run: on(() => port && ask({ kind: "add", from: { node: id, port } })),
    },
    {
      id: "connect",
      label: t.connect,
      icon: Link2,
      keys: "C",
      disabled: !port,
      run: on(() => ask({ kind: "connect", from: id })),
    },
    {
      id: "disconnect",
      label: t.disconnect,
      icon: Link2Off,
      keys: "X",
      run: on(() => ask({ kind: "disconnect", node: id })),
    },
    {
      id: "replace",
      label: t.replace,
      icon: Replace,
      keys: "R",
      run: on(() => ask({ kind: "replace", node: id })),
    },
    {
      id: "run-to",
      label: t.runTo,
      icon: ArrowRightToLine,
      apart: true,
      mirror: true,
      run: on(() => tryPart(catalogue, { how: "to", node: id })),
    },
    ...(catalogue.get(node.type)?.role === "trigger"
      ? []
      : [
          {
            id: "run-from",
            label: t.runFrom,
            icon: ArrowRightFromLine,
            mirror: true,
            run: on(() => tryPart(catalogue, { how: "from", node: id })),
          },
          {
            id: "run-only",
            label: t.runOnly,
            icon: Play,
            run: on(() => tryPart(catalogue, { how: "only", node: id })),
          },
        ]),
    {
      id: "disable",
      label: node.disabled ? t.enable : t.disable,
      icon: CircleOff,
      keys: "D",
      apart: true,
      run: on(actions.toggleDisabled),
    },
    ...(group
      ? [
          {
            id: "fold",
            label: group.collapsed ? words.group.unfold : words.group.fold,
            icon: group.collapsed ? ChevronsUpDown : ChevronsDownUp,
            run: () => {
              edit(words.group.fold, (file) => changeGroup(file, group.id, { collapsed: !group.collapsed }));
              select([]);
            },
          },
          { id: "ungroup", label: words.group.dissolve, icon: Ungroup, run: on(actions.ungroupSelected) },
        ]
      : []),
    {
      id: "extract",
      label: words.extract.title,
      icon: Workflow,
      keys: "Alt X",
      run: on(() => actions.extractSelected(catalogue)),
    },
    { id: "copy", label: t.copy, icon: Copy, keys: "Ctrl C", run: on(() => void actions.copySelected()) },
    {
      id: "duplicate",
      label: t.duplicate,
      icon: CopyPlus,
      keys: "Ctrl D",
      run: on(actions.duplicateSelected),
    },
    {
      id: "delete",
      label: t.delete,
      icon: Trash2,
      keys: "Del",
      danger: true,
      apart: true,
      run: on(actions.removeSelected),
    },
  ];
}
