// The editor: opens a workflow's draft, keeps it saved and checked, and frames the canvas.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect } from "react";
import { manifestsQuery, workflowQuery } from "../api/queries";
import type { WorkflowFile, WorkflowView } from "../api/shapes";
import { openDraft, useDraft } from "../graph/draft";
import { Inspector } from "../inspector/inspector";
import { startSampling } from "../inspector/sample";
import { exampleFlows } from "../pages/examples";
import { hideRun, showRun, useShownRun } from "../runs/run-store";
import { text } from "../text";
import { Failed, Loading, Page } from "../ui/page";
import { tellError } from "../ui/toast";
import * as actions from "./actions";
import { Asking } from "./asking";
import { save, startSaving } from "./autosave";
import { Conflict } from "./conflict";
import { ask, resetEditor, select, useEditor } from "./editor-state";
import { EmptyCanvas } from "./empty-canvas";
import { FlowCanvas } from "./flow-canvas";
import { watchProblems } from "./problems-store";
import { SideBar } from "./side-bar";
import { TopBar } from "./top-bar";
import { useTrial } from "./trial";
import { TryPanel } from "./try-panel";

const route = getRouteApi("/workflows/$workflow");

export function EditorPage() {
  const { workflow } = route.useParams();
  const loaded = useQuery(workflowQuery(workflow));
  const manifests = useQuery(manifestsQuery);
  if (loaded.isError)
    return (
      <Page>
        <Failed error={loaded.error} retry={() => void loaded.refetch()} />
      </Page>
    );
  if (manifests.isError)
    return (
      <Page>
        <Failed error={manifests.error} retry={() => void manifests.refetch()} />
      </Page>
    );
  if (!loaded.data || !manifests.data)
    return (
      <Page>
        <Loading />
      </Page>
    );
  return <Editor key={loaded.data.id} view={loaded.data} />;
}

/** A draft as the editor wants it: lists always there. */
function normalised(view: WorkflowView): WorkflowFile {
  const draft = view.draft;
  return {
    ...draft,
    format: draft?.format ?? 1,
    name: draft?.name ?? view.name,
    nodes: draft?.nodes ?? [],
    edges: draft?.edges ?? [],
  };
}

function Editor({ view }: { view: WorkflowView }) {
  const search = route.useSearch();
  const ready = useDraft((state) => state.workflow === view.id);
  const file = useDraft((state) => state.file);
  const side = useEditor((state) => state.side);
  const trying = useEditor((state) => state.trying);
  const comparison = useEditor((state) => state.comparison);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a draft is opened once; later changes of the query are its own saves
  useEffect(() => {
    resetEditor();
    useTrial.setState({ part: null, sample: null, trigger: null, showing: search.run ? "result" : "setup" });
    const start = normalised(view);
    openDraft(view.id, start);
    const stops = [startSaving(view, start), watchProblems(), startSampling(view.id)];
    const phone = window.innerWidth < 900;
    useEditor.setState({ side: phone || start.nodes.length > 0 ? null : "palette" });
    const example = exampleFlows(text()).find((one) => one.id === search.example);
    if (example) {
      useTrial.setState({ source: "typed", typed: JSON.stringify(example.sample, null, 2) });
      useEditor.setState({ trying: true });
    }
    if (search.run) {
      // A run opened for repair: its result on the canvas, its data ready to be tried again.
      useEditor.setState({ trying: true });
      void showRun(search.run).then(() => {
        useTrial.setState({
          source: "typed",
          typed: JSON.stringify(useShownRun.getState().trigger, null, 2),
        });
      }, tellError);
    }
    const node = start.nodes.find((one) => one.key === search.node || one.id === search.node);
    if (node) {
      select([node.id]);
      if (search.field) useEditor.setState({ aimed: { node: node.key, field: search.field } });
    }
    return () => {
      for (const stop of stops) stop();
      hideRun();
      openDraft("", { format: 1, name: "", nodes: [], edges: [] });
    };
  }, [view.id]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const control = event.ctrlKey || event.metaKey;
      const writing = (event.target as HTMLElement).closest("input, textarea, [contenteditable]");
      if (control && event.code === "KeyS") {
        event.preventDefault();
        void save();
      } else if (control && event.code === "Enter") {
        event.preventDefault();
        useEditor.setState({ trying: true });
      } else if (control && event.code === "Slash") {
        event.preventDefault();
        ask({ kind: "keys" });
      } else if (control && !writing && (event.code === "KeyZ" || event.code === "KeyY")) {
        event.preventDefault();
        actions.travel(event.code === "KeyZ" && !event.shiftKey);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);

  if (!ready) return null;
  return (
    <div className="flex h-full flex-col">
      <TopBar view={view} />
      <div className="relative flex min-h-0 flex-1">
        {side && <SideBar side={side} workflow={view.id} />}
        <div className="flex min-w-0 flex-1 flex-col">
          <div className="relative min-h-0 flex-1">
            {comparison ? (
              <FlowCanvas key="comparison" file={comparison.file} editable={false} diff={comparison.marks} />
            ) : (
              <FlowCanvas key="draft" file={file} editable />
            )}
            {file.nodes.length === 0 && <EmptyCanvas />}
          </div>
          {trying && <TryPanel />}
        </div>
        {!comparison && <Inspector />}
      </div>
      <Asking workflow={view.id} />
      <Conflict />
    </div>
  );
}
