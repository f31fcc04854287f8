// Settings of the whole workflow: purpose, time zone, limits.
import type { JsonObject } from "../api/shapes";
import { edit, useDraft } from "../graph/draft";
import { NumberField } from "../inspector/behaviour";
import { useText } from "../text";
import { Select } from "../ui/choice";
import { Dialog } from "../ui/dialog";
import { Labelled, TextInput } from "../ui/page";

const zones = [
  "Asia/Riyadh",
  "Asia/Dubai",
  "Asia/Kuwait",
  "Asia/Qatar",
  "Asia/Bahrain",
  "Africa/Cairo",
  "Asia/Amman",
  "Europe/London",
  "UTC",
];

export function WorkflowSettings({ onClose }: { onClose: () => void }) {
  const t = useText();
  const w = t.inspector.workflowSettings;
  const file = useDraft((state) => state.file);
  const settings: JsonObject = file.settings ?? {};
  const concurrency = (settings.concurrency ?? null) as JsonObject | null;
  const set = (name: string, value: JsonObject[string] | undefined) =>
    edit(
      t.canvas.step.settings,
      (draft) => {
        draft.settings ??= {};
        if (value === undefined) delete draft.settings[name];
        else draft.settings[name] = value;
      },
      `settings ${name}`,
    );
  return (
    <Dialog open onClose={onClose} title={w.title}>
      <div className="flex flex-col gap-4">
        <Labelled label={w.description}>
          {(id) => (
            <textarea
              id={id}
              dir="auto"
              rows={3}
              className="field resize-y"
              value={file.description ?? ""}
              onChange={(event) => {
                const description = event.target.value;
                edit(
                  t.canvas.step.settings,
                  (draft) => {
                    draft.description = description;
                  },
                  "description",
                );
              }}
            />
          )}
        </Labelled>
        <Labelled label={w.timeZone}>
          {(id) => (
            <TextInput
              id={id}
              dir="ltr"
              list="zones"
              placeholder="Asia/Riyadh"
              value={String(settings.timeZone ?? "")}
              onChange={(event) => set("timeZone", event.target.value || undefined)}
            />
          )}
        </Labelled>
        <datalist id="zones">
          {zones.map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
        <div className="grid grid-cols-2 gap-4">
          <NumberField
            label={w.concurrency}
            value={concurrency ? Number(concurrency.limit) : undefined}
            min={1}
            onChange={(limit) =>
              set("concurrency", limit ? { ...concurrency, limit: Math.round(limit) } : undefined)
            }
          />
          {concurrency && (
            <Labelled label={w.overflow}>
              {(id) => (
                <Select
                  id={id}
                  label={w.overflow}
                  value={String(concurrency.policy ?? "queue")}
                  onChange={(policy) => set("concurrency", { ...concurrency, policy })}
                  options={[
                    { value: "queue", label: w.queue },
                    { value: "skip", label: w.skip },
                    { value: "replace", label: w.replace },
                  ]}
                />
              )}
            </Labelled>
          )}
          <NumberField
            label={w.timeout}
            value={settings.timeoutMs ? Number(settings.timeoutMs) / 60_000 : undefined}
            min={0.1}
            onChange={(minutes) => set("timeoutMs", minutes ? Math.round(minutes * 60_000) : undefined)}
          />
          <NumberField
            label={w.keep}
            value={settings.keepDays ? Number(settings.keepDays) : undefined}
            min={1}
            onChange={(days) => set("keepDays", days ? Math.round(days) : undefined)}
          />
        </div>
      </div>
    </Dialog>
  );
}
