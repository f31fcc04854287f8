// Short messages that pass; never the only place of an error.
import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { text, useText } from "../text";
import { IconButton } from "./button";
import { cx } from "./cx";

const manager = Toast.createToastManager();

export function toast(title: string, options: { bad?: boolean; description?: string } = {}): void {
  manager.add({
    title,
    description: options.description,
    type: options.bad ? "bad" : "plain",
    timeout: 5000,
  });
}

/** What to tell of a failed call. */
export function tellError(error: unknown): void {
  const t = text();
  const network = error instanceof Error && "code" in error && error.code === "network";
  toast(network ? t.common.error.network : error instanceof Error ? error.message : String(error), {
    bad: true,
  });
}

function List() {
  const t = useText();
  const { toasts } = Toast.useToastManager();
  return toasts.map((item) => (
    <Toast.Root
      key={item.id}
      toast={item}
      className={cx(
        "pointer-events-auto flex items-start gap-3 rounded-lg border px-3 py-2 text-sm shadow-pop animate-[pop_140ms_ease-out]",
        item.type === "bad" ? "border-bad/40 bg-bad-soft text-ink" : "border-line bg-raised",
      )}
    >
      <div className="min-w-0 flex-1 py-0.5">
        <Toast.Title className="break-words" dir="auto" />
        <Toast.Description className="text-xs text-muted" />
      </div>
      <Toast.Close render={<IconButton icon={X} label={t.common.close} size="sm" />} />
    </Toast.Root>
  ));
}

export function Toaster() {
  return (
    <Toast.Provider toastManager={manager} limit={3}>
      <Toast.Portal>
        <Toast.Viewport className="pointer-events-none fixed end-4 bottom-4 z-60 flex w-[min(92vw,360px)] flex-col gap-2">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
