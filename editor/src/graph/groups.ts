// Groups: steps that belong together, framed, and folded into one box when they are in the way. Only
// drawn, never executed. Pure; no React.
import type { Group, WorkflowFile } from "../api/shapes";
import { freshId } from "./commands";

/** Frames steps as a group; a step is in one group at most. */
export function makeGroup(file: WorkflowFile, ids: ReadonlySet<string>, title: string): string {
  file.canvas ??= {};
  const groups = file.canvas.groups ?? [];
  const id = freshId("g", groups);
  const nodes = file.nodes.filter((node) => ids.has(node.id)).map((node) => node.id);
  file.canvas.groups = [...without(groups, ids), { id, title, nodes }];
  return id;
}

function without(groups: readonly Group[], ids: ReadonlySet<string>): Group[] {
  return groups
    .map((group) =>
      group.nodes.some((id) => ids.has(id))
        ? { ...group, nodes: group.nodes.filter((id) => !ids.has(id)) }
        : group,
    )
    .filter((group) => group.nodes.length > 0);
}

/** Forgets steps that are no longer there. */
export function forgetInGroups(file: WorkflowFile, ids: ReadonlySet<string>): void {
  const groups = file.canvas?.groups;
  if (!file.canvas || !groups?.some((group) => group.nodes.some((id) => ids.has(id)))) return;
  file.canvas.groups = without(groups, ids);
}

export function ungroup(file: WorkflowFile, id: string): void {
  if (file.canvas?.groups) file.canvas.groups = file.canvas.groups.filter((group) => group.id !== id);
}

export function changeGroup(file: WorkflowFile, id: string, part: Partial<Group>): void {
  const group = file.canvas?.groups?.find((other) => other.id === id);
  if (group) Object.assign(group, part);
}

export function groupOf(file: WorkflowFile, node: string): Group | undefined {
  return file.canvas?.groups?.find((group) => group.nodes.includes(node));
}

const nowhere: ReadonlyMap<string, string> = new Map();

/** Which steps are folded away, and into which group. A group that holds something selected is open. */
export function folded(
  groups: readonly Group[] | undefined,
  selected: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  if (!groups?.some((group) => group.collapsed)) return nowhere;
  const hidden = new Map<string, string>();
  for (const group of groups) {
    if (!group.collapsed || group.nodes.some((id) => selected.has(id))) continue;
    for (const id of group.nodes) hidden.set(id, group.id);
  }
  return hidden;
}
