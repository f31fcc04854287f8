// How a step behaves: tries, time limit, joins, crash, notes.
import { useCatalogue } from "../api/catalogue";
import type { FileNode, JsonObject } from "../api/shapes";
import { edit, useDraft } from "../graph/draft";
import { useText } from "../text";
import { Select, Switch } from "../ui/choice";
import { Labelled, TextInput } from "../ui/page";

export function Behaviour({ node }: { node: FileNode }) {
  const t = useText();
  const i = t.inspector;
  const manifest = useCatalogue().get(node.type);
  const arrivals = useDraft((state) => state.file.edges.filter((edge) => edge.target === node.id).length);
  const change = (recipe: (node: FileNode) => void, merge?: string) =>
    edit(
      t.canvas.step.settings,
      (file) => {
        const mine = file.nodes.find((other) => other.id === node.id);
        if (mine) recipe(mine);
      },
      merge && `${merge} ${node.id}`,
    );
  const retry = node.retry;
  const setRetry = (part: JsonObject) =>
    change((mine) => {
      mine.retry = { maxAttempts: 3, delayMs: 5000, backoff: "exponential", ...mine.retry, ...part };
    }, "retry");
  const retries = manifest?.effect === "external";

  return (
    <div className="flex flex-col gap-4 p-4">
      {retries && (
        <div className="flex items-center gap-3">
          <span className="flex-1 text-sm">{i.retry}</span>
          <Switch
            label={i.retry}
            checked={!!retry}
            onChange={(on) =>
              on
                ? setRetry({})
                : change((mine) => {
                    delete mine.retry;
                  })
            }
          />
        </div>
      )}
      {retries && retry && (
        <div className="grid grid-cols-2 gap-3">
          <NumberField
            label={i.attempts}
            value={Number(retry.maxAttempts ?? 3)}
            min={1}
            max={100}
            onChange={(value) => setRetry({ maxAttempts: value ?? 3 })}
          />
          <NumberField
            label={i.delay}
            value={Number(retry.delayMs ?? 1000) / 1000}
            min={0}
            onChange={(value) => setRetry({ delayMs: Math.round((value ?? 1) * 1000) })}
          />
          <Labelled label={i.backoff}>
            {(id) => (
              <Select
                id={id}
                label={i.backoff}
                value={String(retry.backoff ?? "exponential")}
                onChange={(backoff) => setRetry({ backoff })}
                options={[
                  { value: "exponential", label: i.exponential },
                  { value: "fixed", label: i.fixedPause },
                ]}
              />
            )}
          </Labelled>
        </div>
      )}
      {manifest?.role !== "trigger" && (
        <NumberField
          label={i.timeout}
          value={node.timeoutMs ? node.timeoutMs / 1000 : undefined}
          min={0.1}
          onChange={(value) =>
            change((mine) => {
              if (value) mine.timeoutMs = Math.round(value * 1000);
              else delete mine.timeoutMs;
            }, "timeout")
          }
        />
      )}
      {manifest?.effect === "external" && (
        <Labelled label={i.onCrash}>
          {(id) => (
            <Select
              id={id}
              label={i.onCrash}
              value={node.onCrash ?? "type"}
              onChange={(value) =>
                change((mine) => {
                  if (value === "type") delete mine.onCrash;
                  else mine.onCrash = value as "retry" | "in_doubt";
                })
              }
              options={[
                { value: "type", label: i.typeDefault },
                { value: "retry", label: i.crashRetry },
                { value: "in_doubt", label: i.crashDoubt },
              ]}
            />
          )}
        </Labelled>
      )}
      {arrivals > 1 && (
        <Labelled label={i.join}>
          {(id) => (
            <Select
              id={id}
              label={i.join}
              value={node.join === "first" ? "first" : "all"}
              onChange={(value) =>
                change((mine) => {
                  mine.join = value as "all" | "first";
                })
              }
              options={[
                { value: "all", label: i.joinAll },
                { value: "first", label: i.joinFirst },
              ]}
            />
          )}
        </Labelled>
      )}
      <Labelled label={i.notes}>
        {(id) => (
          <textarea
            id={id}
            dir="auto"
            rows={4}
            placeholder={i.notesHint}
            value={node.notes ?? ""}
            onChange={(event) => {
              const notes = event.target.value;
              change((mine) => {
                if (notes) mine.notes = notes;
                else delete mine.notes;
              }, "notes");
            }}
            className="field resize-y"
          />
        )}
      </Labelled>
    </div>
  );
}

export function NumberField(props: {
  label: string;
  value: number | undefined;
  min?: number;
  max?: number;
  onChange: (value: number | undefined) => void;
}) {
  return (
    <Labelled label={props.label}>
      {(id) => (
        <TextInput
          id={id}
          type="number"
          dir="ltr"
          min={props.min}
          max={props.max}
          step="any"
          value={props.value ?? ""}
          onChange={(event) =>
            props.onChange(event.target.value === "" ? undefined : Number(event.target.value))
          }
        />
      )}
    </Labelled>
  );
}
