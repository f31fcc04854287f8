// Steps taken out into a workflow of their own: what they reach for from outside becomes the input of
// a call, what others reach for in them becomes its result. Pure; no React.
import type { FileNode, Json, JsonObject, WorkflowFile } from "../api/shapes";
import { type Catalogue, edgePort, freshKey, NODE_WIDTH, portsOf } from "./catalogue";
import { freshId } from "./commands";
import { type Root, rewriteParameters, rewriteRoots, rootsOf } from "./rewrite";
import { bodyOf } from "./traverse";

export type Refusal = "nothing" | "trigger" | "noEntry" | "entries" | "exits" | "branch" | "loop";

interface Ends {
  /** The step by which everything enters. */
  entry: string;
  /** The step by which it goes on, where it does. */
  exit: string | null;
}

/** Where a selection begins and ends, or why it cannot be taken out as one. */
export function endsOf(
  file: WorkflowFile,
  catalogue: Catalogue,
  chosen: ReadonlySet<string>,
): Ends | Refusal {
  const nodes = file.nodes.filter((node) => chosen.has(node.id));
  if (nodes.length === 0) return "nothing";
  if (nodes.some((node) => catalogue.get(node.type)?.role === "trigger")) return "trigger";
  for (const node of file.nodes) {
    const role = catalogue.get(node.type)?.role;
    if (role !== "for_each" && role !== "loop") continue;
    const body = bodyOf(file, node.id);
    const inside = [...body].filter((id) => chosen.has(id)).length;
    const cut = chosen.has(node.id) ? inside < body.size : inside > 0 && inside < nodes.length;
    if (cut) return "loop";
  }
  const into = file.edges.filter((edge) => chosen.has(edge.target));
  const entries = nodes.filter((node) => {
    const mine = into.filter((edge) => edge.target === node.id && edge.targetHandle !== "again");
    return mine.length === 0 || mine.some((edge) => !chosen.has(edge.source));
  });
  const [entry] = entries;
  if (!entry) return "noEntry";
  if (entries.length > 1) return "entries";
  const mixed = into.some(
    (edge) => edge.target === entry.id && edge.targetHandle !== "again" && chosen.has(edge.source),
  );
  if (mixed) return "entries";

  const leaving = file.edges.filter((edge) => chosen.has(edge.source) && !chosen.has(edge.target));
  const normal = leaving.filter((edge) => edge.sourceHandle !== "error");
  const exits = [...new Set(normal.map((edge) => edge.source))];
  if (exits.length > 1) return "exits";
  const exit = exits[0] ?? null;
  if (exit !== null) {
    // It goes on only where the exit was reached, so every way through must lead there.
    const inside = (id: string) => file.edges.filter((edge) => edge.source === id && chosen.has(edge.target));
    for (const node of nodes) {
      const manifest = catalogue.get(node.type);
      const ports = portsOf(node, manifest).filter((port) => port !== "error");
      const isLoop = manifest?.role === "for_each" || manifest?.role === "loop";
      if (node.id === exit) {
        const used = new Set(normal.map((edge) => edgePort(edge, portsOf(node, manifest))));
        if (isLoop ? used.has("body") : ports.length > 1) return "branch";
      } else if (isLoop) {
        if (!inside(node.id).some((edge) => edge.sourceHandle === "done")) return "branch";
      } else if (!isInBody(file, catalogue, chosen, node.id)) {
        const joined = new Set(inside(node.id).map((edge) => edgePort(edge, portsOf(node, manifest))));
        if (ports.some((port) => !joined.has(port))) return "branch";
      }
    }
  }
  return { entry: entry.id, exit };
}

/** Whether a step stands in the body of a chosen loop, so that `item` is that loop's. */
function isInBody(
  file: WorkflowFile,
  catalogue: Catalogue,
  chosen: ReadonlySet<string>,
  id: string,
): boolean {
  return file.nodes.some((node) => {
    const role = catalogue.get(node.type)?.role;
    return chosen.has(node.id) && (role === "for_each" || role === "loop") && bodyOf(file, node.id).has(id);
  });
}

export interface Extraction {
  /** The new workflow. */
  child: WorkflowFile;
  /** Puts the call in the place of the steps; gives the id of the call. */
  putCall: (file: WorkflowFile, workflow: string) => string;
}

const CALLED = "trigger.called";

export function extraction(
  file: WorkflowFile,
  catalogue: Catalogue,
  chosen: ReadonlySet<string>,
  name: string,
): Extraction | Refusal {
  const ends = endsOf(file, catalogue, chosen);
  if (typeof ends === "string") return ends;
  const nodes = file.nodes.filter((node) => chosen.has(node.id));
  const others = file.nodes.filter((node) => !chosen.has(node.id));
  const own = new Set(nodes.map((node) => node.key));

  // What comes from outside: by its own name, steps by their keys.
  const needed = new Map<string, string>();
  const nameOf = (root: Root): string | null => {
    if (root.name === "steps") return root.key && !own.has(root.key) ? root.key : null;
    const inLoop = root.name === "item" || root.name === "index";
    // The input of the entry is given through; any other step has its input from inside.
    if (root.name === "input" || (inLoop && nodes.some((node) => isInBody(file, catalogue, chosen, node.id))))
      return null;
    return root.name;
  };
  for (const node of nodes) {
    for (const root of rootsOf(node)) {
      const outer = nameOf(root);
      if (outer !== null) needed.set(outer, root.name === "steps" ? `steps.${outer}` : outer);
    }
  }
  const mapped = needed.size > 0;

  // What others reach for inside.
  const wanted = new Set<string>();
  for (const node of others)
    for (const root of rootsOf(node)) if (root.key && own.has(root.key)) wanted.add(root.key);
  const exitKey = nodes.find((node) => node.id === ends.exit)?.key ?? null;
  const several = [...wanted].some((key) => key !== exitKey);
  if (several && exitKey) wanted.add(exitKey);

  return {
    child: childOf(file, nodes, ends, { name, mapped, nameOf, returns: several ? [...wanted] : null }),
    putCall: (draft, workflow) => {
      const left = Math.min(...nodes.map((node) => node.position.x));
      const top = nodes.find((node) => node.id === ends.entry)?.position.y ?? 0;
      const width = Math.max(...nodes.map((node) => node.position.x)) - left;
      const into = draft.edges.filter((edge) => edge.target === ends.entry && !chosen.has(edge.source));
      const out = draft.edges.filter((edge) => chosen.has(edge.source) && !chosen.has(edge.target));
      const entryNode = draft.nodes.find((node) => node.id === ends.entry);
      draft.nodes = draft.nodes.filter((node) => !chosen.has(node.id));
      draft.edges = draft.edges.filter((edge) => !chosen.has(edge.source) && !chosen.has(edge.target));
      const keys = new Set(draft.nodes.map((node) => node.key));
      const call: FileNode = {
        id: freshId("n", [...draft.nodes, ...nodes]),
        key: freshKey("flow.call", keys),
        type: "flow.call",
        typeVersion: catalogue.get("flow.call")?.version ?? null,
        position: { x: left, y: top },
        parameters: { workflow },
        ...(entryNode?.join === undefined ? {} : { join: entryNode.join }),
      };
      if (mapped && call.parameters) {
        const input: JsonObject = { input: { $expr: "input" } };
        for (const [outer, path] of needed) input[outer] = { $expr: path };
        call.parameters.input = input;
      }
      draft.nodes.push(call);
      for (const edge of into)
        draft.edges.push({ ...edge, id: freshId("e", [...draft.edges, ...file.edges]), target: call.id });

      const result = (key: string) => `steps.${call.key}.result${several ? `.${key}` : ""}`;
      for (const node of draft.nodes) {
        if (node === call || ![...rootsOf(node)].some((root) => root.key && own.has(root.key))) continue;
        node.parameters = rewriteParameters(node, (text, kind) =>
          rewriteRoots(text, kind, (root) => (root.key && own.has(root.key) ? result(root.key) : null)),
        );
      }
      // Whoever reads what comes over the edge finds the value there, not the call's wrapping.
      let from = call.id;
      let port = "out";
      const normal = out.filter((edge) => edge.sourceHandle !== "error");
      const reads = normal.some((edge) => readsInput(draft, catalogue, edge.target));
      if (exitKey && reads) {
        const unwrap: FileNode = {
          id: freshId("n", [...draft.nodes, ...nodes]),
          key: freshKey("x.result", new Set(draft.nodes.map((node) => node.key))),
          type: "data.rhai",
          typeVersion: catalogue.get("data.rhai")?.version ?? null,
          position: { x: left + Math.max(width, NODE_WIDTH + 92), y: top },
          parameters: { script: result(exitKey) },
        };
        draft.nodes.push(unwrap);
        draft.edges.push({
          id: freshId("e", [...draft.edges, ...file.edges]),
          source: call.id,
          sourceHandle: "out",
          target: unwrap.id,
        });
        from = unwrap.id;
        port = "out";
      }
      const joined = new Set<string>();
      for (const edge of out) {
        const isError = edge.sourceHandle === "error";
        const mark = `${isError} ${edge.target} ${edge.targetHandle ?? ""}`;
        if (joined.has(mark)) continue;
        joined.add(mark);
        draft.edges.push({
          ...edge,
          id: freshId("e", [...draft.edges, ...file.edges]),
          source: isError ? call.id : from,
          sourceHandle: isError ? "error" : port,
        });
      }
      const canvas = draft.canvas;
      for (const id of chosen) {
        if (canvas?.labels) delete canvas.labels[id];
        if (canvas?.pins) delete canvas.pins[id];
      }
      if (canvas) {
        canvas.labels ??= {};
        canvas.labels[call.id] = name;
      }
      return call.id;
    },
  };
}

/** Whether a step, or what it passes on to, looks at what comes over the edge. */
function readsInput(file: WorkflowFile, catalogue: Catalogue, id: string, depth = 0): boolean {
  const node = file.nodes.find((other) => other.id === id);
  if (!node || depth > 40) return false;
  const manifest = catalogue.get(node.type);
  if (!manifest || rootsOf(node).some((root) => root.name === "input")) return true;
  if (node.type === "flow.call" && node.parameters?.input === undefined) return true;
  if (manifest.output !== "input") return false;
  const next = file.edges.filter((edge) => edge.source === id && edge.targetHandle !== "again");
  return next.length === 0 || next.some((edge) => readsInput(file, catalogue, edge.target, depth + 1));
}

function childOf(
  file: WorkflowFile,
  nodes: FileNode[],
  ends: Ends,
  how: { name: string; mapped: boolean; nameOf: (root: Root) => string | null; returns: string[] | null },
): WorkflowFile {
  const left = Math.min(...nodes.map((node) => node.position.x));
  const top = Math.min(...nodes.map((node) => node.position.y));
  const steps = (how.mapped ? 2 : 1) * (NODE_WIDTH + 92);
  const chosen = new Set(nodes.map((node) => node.id));
  const taken = new Set(nodes.map((node) => node.key));
  const made: FileNode[] = nodes.map((node) => ({
    ...structuredClone(node),
    position: { x: node.position.x - left + steps, y: node.position.y - top },
    parameters: rewriteParameters(node, (text, kind) =>
      rewriteRoots(text, kind, (root) => {
        const outer = how.nameOf(root);
        return outer === null ? null : `trigger.${outer}`;
      }),
    ),
  }));
  const edges = file.edges
    .filter((edge) => chosen.has(edge.source) && chosen.has(edge.target))
    .map((edge) => ({ ...edge }));
  const row = made.find((node) => node.id === ends.entry)?.position.y ?? 0;
  const fresh = (base: string) => {
    const key = freshKey(`x.${base}`, taken);
    taken.add(key);
    return key;
  };
  const put = (
    type: string,
    key: string,
    x: number,
    parameters: JsonObject,
    typeVersion?: number,
  ): FileNode => {
    const node: FileNode = {
      id: freshId("n", made),
      key: fresh(key),
      type,
      position: { x, y: row },
      parameters,
    };
    if (typeVersion !== undefined) node.typeVersion = typeVersion;
    made.push(node);
    return node;
  };
  const join = (source: string, target: string) =>
    edges.push({ id: freshId("e", edges), source, sourceHandle: "out", target });
  const start = put(CALLED, "called", 0, {});
  if (how.mapped) {
    const given = put("data.rhai", "given", NODE_WIDTH + 92, { script: "trigger.input" });
    join(start.id, given.id);
    join(given.id, ends.entry);
  } else join(start.id, ends.entry);
  if (how.returns && ends.exit) {
    const value: { [name: string]: Json } = Object.fromEntries(
      how.returns.map((key) => [key, { $expr: `steps.${key}` }]),
    );
    const far = Math.max(...made.map((node) => node.position.x)) + NODE_WIDTH + 92;
    const stop = put("flow.stop", "result", far, { value });
    join(ends.exit, stop.id);
  }
  const labels = Object.fromEntries(
    Object.entries(file.canvas?.labels ?? {}).filter(([id]) => chosen.has(id)),
  );
  return {
    format: file.format,
    name: how.name,
    nodes: made,
    edges,
    ...(Object.keys(labels).length > 0 ? { canvas: { labels } } : {}),
  };
}
