// The questions of the canvas: which step to add, what to connect, and the like.
import { useMemo } from "react";
import { useCatalogue } from "../api/catalogue";
import { CATEGORIES, categoryOf, edgePort, portLabel, portsOf } from "../graph/catalogue";
import { refusal, removeEdges } from "../graph/commands";
import { edit, useDraft } from "../graph/draft";
import { readingOrder } from "../graph/traverse";
import { useSpoken, useText } from "../text";
import { usePreferences } from "../text/preferences";
import { NamedIcon } from "../ui/icon";
import { type Pick, Picker } from "../ui/picker";
import * as actions from "./actions";
import { ask, type Asking as Question, select, useEditor } from "./editor-state";
import { ExtractDialog } from "./extract-dialog";
import { KeyHelp } from "./key-help";
import { wordsOf } from "./palette";
import { PublishDialog } from "./publish-dialog";
import { centreOn } from "./viewport";
import { WorkflowSettings } from "./workflow-settings";

export function Asking({ workflow }: { workflow: string }) {
  const question = useEditor((state) => state.asking);
  const close = () => ask(null);
  if (!question) return null;
  switch (question.kind) {
    case "publish":
      return <PublishDialog workflow={workflow} onClose={close} />;
    case "settings":
      return <WorkflowSettings onClose={close} />;
    case "extract":
      return <ExtractDialog onClose={close} />;
    case "keys":
      return <KeyHelp onClose={close} />;
    default:
      return <AskPicker question={question} onClose={close} />;
  }
}

type PickQuestion = Exclude<NonNullable<Question>, { kind: "publish" | "settings" | "keys" | "extract" }>;

function AskPicker({ question, onClose }: { question: PickQuestion; onClose: () => void }) {
  const t = useText();
  const steps = useStepPicks(question);
  const types = useTypePicks(question);
  const byType = question.kind === "add" || question.kind === "replace";
  const empty = useDraft((state) => state.file.nodes.length === 0);
  const titles = {
    add: empty ? t.canvas.palette.first : t.canvas.palette.pick,
    replace: t.canvas.node.replace,
    connect: t.canvas.node.connect,
    disconnect: t.canvas.node.disconnect,
    find: t.canvas.find,
  };
  const title = titles[question.kind];
  return (
    <Picker
      open
      onClose={() => {
        onClose();
        document.querySelector<HTMLElement>("[data-testid=canvas]")?.focus();
      }}
      picks={byType ? types : steps}
      title={title}
      hint={title}
    />
  );
}

function useTypePicks(question: PickQuestion): Pick[] {
  const t = useText();
  const spoken = useSpoken();
  const catalogue = useCatalogue();
  const favourites = usePreferences((preferences) => preferences.favourites);
  const first = useDraft((state) => state.file.nodes.length === 0);
  return useMemo(() => {
    // After a port or on an edge no trigger fits; at the very beginning nothing else does.
    const placed = question.kind === "add" && (question.from || question.intoEdge);
    const fits = [...catalogue.values()].filter((manifest) => {
      if (placed || question.kind === "replace") return manifest.role !== "trigger";
      return !first || manifest.role === "trigger";
    });
    const rank = (type: string) => (favourites.includes(type) ? -1 : CATEGORIES.indexOf(categoryOf(type)));
    return fits
      .sort((a, b) => rank(a.type) - rank(b.type))
      .map((manifest): Pick => {
        const { name, summary } = spoken(manifest.texts);
        const category = categoryOf(manifest.type);
        return {
          id: manifest.type,
          label: name,
          note: summary,
          words: wordsOf(manifest),
          group: favourites.includes(manifest.type)
            ? t.canvas.palette.favourites
            : t.canvas.palette.category[category],
          icon: (
            <span
              className="grid size-8 shrink-0 place-items-center rounded-lg"
              style={{
                color: `var(--cat-${category})`,
                background: `color-mix(in srgb, var(--cat-${category}) 13%, transparent)`,
              }}
            >
              <NamedIcon name={manifest.icon} className="size-4" />
            </span>
          ),
          run: () => {
            if (question.kind === "replace") actions.replaceWith(catalogue, question.node, manifest.type);
            else if (question.kind === "add") actions.add(catalogue, manifest.type, question);
          },
        };
      });
  }, [question, catalogue, favourites, first, spoken, t]);
}

function useStepPicks(question: PickQuestion): Pick[] {
  const t = useText();
  const catalogue = useCatalogue();
  const file = useDraft((state) => state.file);
  return useMemo(() => {
    const icon = (type: string) => (
      <NamedIcon
        name={catalogue.get(type)?.icon ?? "puzzle"}
        className="size-4 shrink-0"
        style={{ color: `var(--cat-${categoryOf(type)})` }}
      />
    );
    const byId = new Map(file.nodes.map((node) => [node.id, node]));
    if (question.kind === "find") {
      return readingOrder(file).map((node) => ({
        id: node.id,
        label: actions.nodeTitle(catalogue, node),
        note: actions.typeName(catalogue, node.type),
        words: node.key,
        icon: icon(node.type),
        run: () => {
          select([node.id]);
          centreOn(node.id);
        },
      }));
    }
    if (question.kind === "connect") {
      const from = byId.get(question.from);
      if (!from) return [];
      return portsOf(from, catalogue.get(from.type)).flatMap((port) =>
        readingOrder(file).flatMap((node): Pick[] => {
          const origin = { node: from.id, port };
          if (node.id === from.id || refusal(file, catalogue, origin, node.id)) return [];
          return [
            {
              id: `${port} ${node.id}`,
              label: actions.nodeTitle(catalogue, node),
              note: actions.typeName(catalogue, node.type),
              group: portLabel(port, t),
              words: `${portLabel(port, t)} ${node.key}`,
              icon: icon(node.type),
              run: () => actions.link(catalogue, origin, node.id),
            },
          ];
        }),
      );
    }
    if (question.kind !== "disconnect") return [];
    return file.edges
      .filter((edge) => edge.source === question.node || edge.target === question.node)
      .flatMap((edge): Pick[] => {
        const [source, target] = [byId.get(edge.source), byId.get(edge.target)];
        if (!source || !target) return [];
        const port = portLabel(edgePort(edge, portsOf(source, catalogue.get(source.type))), t);
        return [
          {
            id: edge.id,
            label: `${actions.nodeTitle(catalogue, source)} (${port}) ⇢ ${actions.nodeTitle(catalogue, target)}`,
            icon: icon(source.type),
            run: () => edit(t.canvas.step.disconnect, (draft) => removeEdges(draft, new Set([edge.id]))),
          },
        ];
      });
  }, [question, catalogue, file, t]);
}
