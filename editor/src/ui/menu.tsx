// A button's menu, and a context menu with the same entries.
import { ContextMenu } from "@base-ui/react/context-menu";
import { Menu as Base } from "@base-ui/react/menu";
import type { LucideIcon } from "lucide-react";
import type { ReactElement } from "react";
import { cx } from "./cx";

export interface MenuEntry {
  id: string;
  label: string;
  icon?: LucideIcon;
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
  /** The icon points along the direction of reading. */
  mirror?: boolean;
  /** A line above it. */
  apart?: boolean;
  run: () => void;
}

const popup =
  "z-50 min-w-44 rounded-lg border border-line bg-raised p-1 shadow-pop outline-none animate-[pop_100ms_ease-out]";

function Entries({ entries, of }: { entries: MenuEntry[]; of: typeof Base | typeof ContextMenu }) {
  return entries.map((entry) => (
    <div key={entry.id}>
      {entry.apart && <of.Separator className="mx-1 my-1 h-px bg-line" />}
      <of.Item
        disabled={entry.disabled}
        onClick={entry.run}
        className={cx(
          "flex min-h-7 cursor-default items-center gap-2 rounded-md px-2 py-1 text-sm outline-none select-none",
          "data-[highlighted]:bg-accent-soft data-[disabled]:opacity-45",
          entry.danger && "text-bad",
        )}
      >
        {entry.icon ? (
          <entry.icon aria-hidden className={cx("size-4 shrink-0 opacity-75", entry.mirror && "mirror")} />
        ) : (
          <span className="w-0" />
        )}
        <span className="flex-1">{entry.label}</span>
        {entry.keys && (
          <kbd dir="ltr" className="ms-4 font-sans text-2xs text-muted">
            {entry.keys}
          </kbd>
        )}
      </of.Item>
    </div>
  ));
}

export function Menu({ trigger, entries }: { trigger: ReactElement; entries: MenuEntry[] }) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" className="z-50">
          <Base.Popup className={popup}>
            <Entries entries={entries} of={Base} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function WithContextMenu({ children, entries }: { children: ReactElement; entries: MenuEntry[] }) {
  return (
    <ContextMenu.Root>
      <ContextMenu.Trigger render={children} />
      <ContextMenu.Portal>
        <ContextMenu.Positioner className="z-50">
          <ContextMenu.Popup className={popup}>
            <Entries entries={entries} of={ContextMenu} />
          </ContextMenu.Popup>
        </ContextMenu.Positioner>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}
