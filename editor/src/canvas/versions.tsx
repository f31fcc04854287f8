// The versions of the workflow: which is live, what changed, going back.
import { useQuery } from "@tanstack/react-query";
import { Ellipsis, GitCompareArrows, Radio, RotateCcw, Undo2 } from "lucide-react";
import { useEffect } from "react";
import { answer, client } from "../api/client";
import { diffQuery, queryClient, versionQuery, versionsQuery, workflowsQuery } from "../api/queries";
import type { Json, VersionDiff, VersionView, WorkflowFile } from "../api/shapes";
import { compare } from "../graph/diff";
import { edit, useDraft } from "../graph/draft";
import { useText } from "../text";
import { moment, number } from "../text/format";
import { Button, IconButton } from "../ui/button";
import { Menu } from "../ui/menu";
import { Failed, Loading, Mark } from "../ui/page";
import { tellError, toast } from "../ui/toast";
import { save } from "./autosave";
import { none, useEditor } from "./editor-state";

async function goLive(workflow: string, version: number | null): Promise<void> {
  await answer(
    client.POST("/api/v1/workflows/{workflow}/roll-back", {
      params: { path: { workflow } },
      body: { version },
    }),
  );
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["workflows"] }),
    queryClient.invalidateQueries({ queryKey: ["versions", workflow] }),
  ]);
}

export function Versions({ workflow }: { workflow: string }) {
  const t = useText();
  const v = t.canvas.versions;
  const versions = useQuery(versionsQuery(workflow));
  const live = useQuery(workflowsQuery).data?.find((one) => one.id === workflow)?.published ?? null;
  const compared = useEditor((state) => state.comparison?.version ?? null);
  const leave = () => useEditor.setState({ comparison: null });
  const beside = async (number_: number) => {
    await save();
    const { body } = await queryClient.fetchQuery(versionQuery(workflow, number_));
    if (body) {
      const before = { ...body, nodes: body.nodes ?? [], edges: body.edges ?? [] };
      useEditor.setState({
        comparison: { ...compare(before, useDraft.getState().file), version: number_ },
        selected: none,
      });
    }
  };
  useEffect(() => () => useEditor.setState({ comparison: null }), []);

  const toDraft = async (number_: number) => {
    const { body } = await queryClient.fetchQuery(versionQuery(workflow, number_));
    if (body) {
      edit(t.canvas.step.restore, (file) => {
        const next: WorkflowFile = structuredClone(body);
        for (const name of Object.keys(file))
          if (!(name in next)) delete (file as unknown as Record<string, unknown>)[name];
        Object.assign(file, { ...next, nodes: next.nodes ?? [], edges: next.edges ?? [] });
      });
    }
  };
  const entries = (version: VersionView) => [
    {
      id: "compare",
      label: v.compare,
      icon: GitCompareArrows,
      run: () => void beside(version.number).catch(tellError),
    },
    { id: "draft", label: v.toDraft, icon: Undo2, run: () => void toDraft(version.number).catch(tellError) },
    version.number === live
      ? {
          id: "off",
          label: v.unpublish,
          icon: Radio,
          danger: true,
          apart: true,
          run: () => void goLive(workflow, null).catch(tellError),
        }
      : {
          id: "live",
          label: v.restore,
          icon: RotateCcw,
          apart: true,
          run: () =>
            void goLive(workflow, version.number).then(
              () => toast(v.restored(number(version.number))),
              tellError,
            ),
        },
  ];

  if (versions.isPending)
    return (
      <div className="px-4">
        <Loading />
      </div>
    );
  if (versions.isError)
    return (
      <div className="px-4">
        <Failed error={versions.error} />
      </div>
    );
  const shown = versions.data.filter((version) => version.number > 0);
  return (
    <div className="scroll min-h-0 flex-1 px-3 pb-4">
      {shown.length === 0 && <p className="px-1 text-sm text-muted">{v.none}</p>}
      <ol className="flex flex-col gap-1">
        {shown.map((version) => (
          <li key={version.number} className="flex items-start gap-2 rounded-lg px-1.5 py-2 hover:bg-ink/4">
            <span className="mt-px grid size-6 shrink-0 place-items-center rounded-full bg-sunken text-2xs font-semibold">
              {number(version.number)}
            </span>
            <div className="min-w-0 flex-1">
              <p className="flex items-center gap-2 text-sm">
                <bdi className="truncate">{version.note || moment(version.at)}</bdi>
                {version.number === live && (
                  <Mark tone="good" icon={Radio}>
                    {v.live}
                  </Mark>
                )}
              </p>
              {version.note && <p className="text-2xs text-muted">{moment(version.at)}</p>}
              <p className="code text-2xs text-muted">{version.hash.slice(0, 10)}</p>
            </div>
            <Menu
              trigger={
                <IconButton
                  icon={Ellipsis}
                  size="sm"
                  label={`${t.common.moreActions}: ${number(version.number)}`}
                />
              }
              entries={entries(version)}
            />
          </li>
        ))}
      </ol>
      {compared !== null && <Comparison workflow={workflow} version={compared} onClose={leave} />}
    </div>
  );
}

/** What the draft changed since a version, node by node and field by field. */
function Comparison({
  workflow,
  version,
  onClose,
}: {
  workflow: string;
  version: number;
  onClose: () => void;
}) {
  const t = useText();
  const v = t.canvas.versions;
  const diff = useQuery(diffQuery(workflow, version, 0));
  return (
    <section className="mt-4 border-t border-line pt-3" aria-label={v.comparing(number(version))}>
      <h3 className="mb-2 text-xs font-semibold">{v.comparing(number(version))}</h3>
      {diff.isError && <Failed error={diff.error} />}
      {diff.data && <Changes diff={diff.data} />}
      <Button size="sm" className="mt-3" onClick={onClose}>
        {v.stop}
      </Button>
    </section>
  );
}

const onlyMoved = (fields: { path: string }[]) => fields.every((field) => field.path.startsWith("position"));

export function Changes({ diff }: { diff: VersionDiff }) {
  const v = useText().canvas.versions;
  const { nodes, edges, workflow } = diff;
  const none =
    [nodes, edges].every((side) => side.added.length + side.removed.length + side.changed.length === 0) &&
    workflow.length === 0;
  if (none) return <p className="text-sm text-muted">{v.same}</p>;
  return (
    <ul className="flex flex-col gap-2 text-xs">
      {nodes.added.map((node) => (
        <li key={node.id}>
          <Mark tone="good">{v.added}</Mark> <bdi className="code">{node.key}</bdi>
        </li>
      ))}
      {nodes.removed.map((node) => (
        <li key={node.id}>
          <Mark tone="bad">{v.removed}</Mark> <bdi className="code">{node.key}</bdi>
        </li>
      ))}
      {nodes.changed.map((node) => (
        <li key={node.id}>
          <Mark tone={onlyMoved(node.fields) ? "quiet" : "warn"}>
            {onlyMoved(node.fields) ? v.moved : v.changed}
          </Mark>{" "}
          <bdi className="code">{node.key}</bdi>
          {!onlyMoved(node.fields) && (
            <ul className="mt-1 flex flex-col gap-1 border-s-2 border-line ps-2">
              {node.fields
                .filter((field) => !field.path.startsWith("position"))
                .map((field) => (
                  <li key={field.path} className="text-2xs">
                    <span className="code text-muted">{field.path}</span>
                    <del className="code block break-words text-bad">{brief(field.before)}</del>
                    <ins className="code block break-words text-good no-underline">{brief(field.after)}</ins>
                  </li>
                ))}
            </ul>
          )}
        </li>
      ))}
      {edges.added.length + edges.removed.length > 0 && (
        <li className="text-muted">
          {number(edges.added.length)} + / {number(edges.removed.length)} −
        </li>
      )}
    </ul>
  );
}

function brief(value: Json): string {
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 160);
}
