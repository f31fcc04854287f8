// The bar over the canvas: name, state of saving, problems, trying, publishing.

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import {
  Activity,
  Check,
  ChevronLeft,
  CircleAlert,
  CircleCheck,
  CloudOff,
  Ellipsis,
  History,
  Keyboard,
  ListTree,
  LoaderCircle,
  type LucideIcon,
  Play,
  Plus,
  Settings2,
  Upload,
} from "lucide-react";
import { useMemo } from "react";
import { useCatalogue } from "../api/catalogue";
import { workflowsQuery } from "../api/queries";
import { useMay } from "../api/session";
import type { WorkflowView } from "../api/shapes";
import { edit, useDraft } from "../graph/draft";
import { download, readFile } from "../pages/workflow-actions";
import { useOffers } from "../shell/command-palette";
import { Logo } from "../shell/logo";
import { useText } from "../text";
import { number } from "../text/format";
import { Button, Hint, IconButton } from "../ui/button";
import { cx } from "../ui/cx";
import { Menu } from "../ui/menu";
import type { Pick } from "../ui/picker";
import { tellError } from "../ui/toast";
import * as actions from "./actions";
import { type SaveState, useSaving } from "./autosave";
import { ask, type SidePanel, select, useEditor } from "./editor-state";
import { errors, useProblems } from "./problems-store";
import { centreOn } from "./viewport";

const saveIcons: Record<SaveState, LucideIcon> = {
  saved: Check,
  saving: LoaderCircle,
  unsaved: LoaderCircle,
  offline: CloudOff,
  conflict: CircleAlert,
  refused: CircleAlert,
};

export function TopBar({ view }: { view: WorkflowView }) {
  const t = useText();
  const name = useDraft((state) => state.file.name);
  const side = useEditor((state) => state.side);
  const mayPublish = useMay("workflow.publish");
  const navigate = useNavigate();
  // The list is renewed by every save and publish, the opened draft is not.
  const live =
    useQuery(workflowsQuery).data?.find((other) => other.id === view.id)?.published ?? view.published;
  useEditorOffers();
  const toggle = (panel: SidePanel) => useEditor.setState({ side: side === panel ? null : panel });

  return (
    <header className="flex h-13 shrink-0 items-center gap-1.5 border-b border-line bg-surface px-2 sm:px-3">
      <Link
        to="/"
        aria-label={t.common.nav.workflows}
        className="flex h-8 shrink-0 items-center gap-0.5 rounded-md pe-1 hover:bg-ink/5"
      >
        <ChevronLeft aria-hidden className="mirror size-4 text-muted" />
        <Logo size={22} />
      </Link>
      <h1 className="sr-only">{name}</h1>
      <input
        dir="auto"
        aria-label={t.canvas.bar.rename}
        value={name}
        onChange={(event) => {
          const value = event.target.value;
          edit(
            t.canvas.step.rename,
            (file) => {
              file.name = value;
            },
            "name",
          );
        }}
        className="h-8 max-w-72 min-w-24 rounded-md border border-transparent bg-transparent px-2 text-sm font-semibold [field-sizing:content] hover:border-line focus:border-line-strong"
      />
      <Saved />
      {live && (
        <span className="rounded-full bg-good-soft px-2 py-0.5 text-2xs font-medium text-good max-lg:hidden">
          {t.canvas.bar.live(number(live))}
        </span>
      )}
      <div className="flex-1" />
      <nav className="flex items-center gap-0.5 max-md:hidden" aria-label={t.common.nav.menu}>
        <IconButton
          icon={Plus}
          label={t.canvas.bar.palette}
          active={side === "palette"}
          onClick={() => toggle("palette")}
        />
        <IconButton
          icon={ListTree}
          mirror
          label={t.canvas.bar.outline}
          active={side === "outline"}
          onClick={() => toggle("outline")}
        />
        <IconButton
          icon={History}
          label={t.canvas.bar.versions}
          active={side === "versions"}
          onClick={() => toggle("versions")}
        />
      </nav>
      <Problems />
      <Menu
        trigger={<IconButton icon={Ellipsis} label={t.common.moreActions} />}
        entries={[
          { id: "palette", label: t.canvas.bar.palette, icon: Plus, run: () => toggle("palette") },
          { id: "outline", label: t.canvas.bar.outline, icon: ListTree, run: () => toggle("outline") },
          { id: "versions", label: t.canvas.bar.versions, icon: History, run: () => toggle("versions") },
          {
            id: "runs",
            label: t.canvas.bar.runs,
            icon: Activity,
            run: () => void navigate({ to: "/runs", search: { workflow: view.id, tests: true } }),
          },
          {
            id: "settings",
            label: t.canvas.bar.settings,
            icon: Settings2,
            run: () => ask({ kind: "settings" }),
          },
          {
            id: "export",
            label: t.pages.home.export,
            icon: Upload,
            run: () => download(name, useDraft.getState().file),
          },
          {
            id: "keys",
            label: t.canvas.bar.keys,
            icon: Keyboard,
            keys: "Ctrl /",
            apart: true,
            run: () => ask({ kind: "keys" }),
          },
        ]}
      />
      <Button icon={Play} onClick={() => useEditor.setState({ trying: true })} className="ms-1">
        <span className="max-sm:sr-only">{t.canvas.bar.try}</span>
      </Button>
      {mayPublish && (
        <Button look="solid" onClick={() => ask({ kind: "publish" })}>
          {t.canvas.bar.publish}
        </Button>
      )}
    </header>
  );
}

function Saved() {
  const t = useText();
  const { state, reason } = useSaving();
  const Icon = saveIcons[state];
  const bad = state === "offline" || state === "conflict" || state === "refused";
  return (
    <Hint text={reason || t.canvas.save[state]}>
      <span
        role="status"
        data-save={state}
        className={cx(
          "flex shrink-0 items-center gap-1 text-2xs",
          bad ? "font-medium text-bad" : "text-muted",
        )}
      >
        <Icon aria-hidden className={cx("size-3.5", state === "saving" && "animate-spin")} />
        <span className={bad ? "" : "max-sm:sr-only"}>{t.canvas.save[state]}</span>
      </span>
    </Hint>
  );
}

function Problems() {
  const t = useText();
  const { list, checked } = useProblems();
  const side = useEditor((state) => state.side);
  const count = errors(list).length;
  if (checked < 0) return null;
  return (
    <button
      type="button"
      aria-pressed={side === "problems"}
      onClick={() => useEditor.setState({ side: side === "problems" ? null : "problems" })}
      className={cx(
        "flex h-8 shrink-0 items-center gap-1.5 rounded-md px-2 text-xs font-medium",
        count > 0 ? "text-bad hover:bg-bad-soft" : "text-muted hover:bg-ink/5",
      )}
    >
      {count > 0 ? (
        <CircleAlert aria-hidden className="size-4" />
      ) : (
        <CircleCheck aria-hidden className="size-4" />
      )}
      <span className="max-md:sr-only">
        {count > 0 ? t.common.count.problems(count) : t.canvas.bar.noProblems}
      </span>
    </button>
  );
}

/** What the editor adds to the command palette. */
function useEditorOffers(): void {
  const t = useText();
  const catalogue = useCatalogue();
  const nodes = useDraft((state) => state.file.nodes);
  const offers = useMemo<Pick[]>(() => {
    const groups = t.canvas.commands.group;
    const act = (id: string, label: string, run: () => void, keys?: string): Pick => ({
      id,
      label,
      run,
      keys,
      group: groups.actions,
    });
    return [
      act("try", t.canvas.bar.try, () => useEditor.setState({ trying: true }), "Ctrl ⏎"),
      act("publish", t.canvas.bar.publish, () => ask({ kind: "publish" })),
      act("add", t.canvas.palette.pick, () => ask({ kind: "add" }), "N"),
      act("tidy", t.canvas.step.tidy, () => void actions.tidy(catalogue)),
      act("settings", t.canvas.bar.settings, () => ask({ kind: "settings" })),
      act("keys", t.canvas.bar.keys, () => ask({ kind: "keys" }), "Ctrl /"),
      act("import", t.pages.home.import, chooseAndPaste),
      ...nodes.map((node) => ({
        id: `node ${node.id}`,
        label: actions.nodeTitle(catalogue, node),
        note: actions.typeName(catalogue, node.type),
        words: node.key,
        group: groups.steps,
        run: () => {
          select([node.id]);
          centreOn(node.id);
        },
      })),
    ];
  }, [t, catalogue, nodes]);
  useOffers(offers);
}

/** Adds the steps of a file to the canvas. */
function chooseAndPaste(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json";
  input.onchange = () => {
    const file = input.files?.[0];
    if (file) readFile(file).then((read) => actions.pasteText(JSON.stringify(read), null), tellError);
  };
  input.click();
}
