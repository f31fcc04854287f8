// Choosing one of few: a select, a row of segments, tabs, a switch, a tick.
import { Checkbox } from "@base-ui/react/checkbox";
import { Select as Base } from "@base-ui/react/select";
import { Switch as BaseSwitch } from "@base-ui/react/switch";
import { Tabs as BaseTabs } from "@base-ui/react/tabs";
import { Check, ChevronsUpDown, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Hint } from "./button";
import { cx } from "./cx";

export interface Option<T extends string = string> {
  value: T;
  label: string;
  note?: string;
}

export function Select<T extends string>(props: {
  value: T | null;
  options: Option<T>[];
  onChange: (value: T) => void;
  label: string;
  placeholder?: string;
  id?: string;
  className?: string;
  disabled?: boolean;
}) {
  return (
    <Base.Root
      value={props.value}
      onValueChange={(value) => value !== null && props.onChange(value as T)}
      items={props.options}
      disabled={props.disabled}
    >
      <Base.Trigger
        id={props.id}
        aria-label={props.label}
        className={cx("field flex cursor-default items-center gap-2 text-start", props.className)}
      >
        <Base.Value className={cx("min-w-0 flex-1 truncate", props.value === null && "text-muted")}>
          {props.value === null ? props.placeholder : undefined}
        </Base.Value>
        <Base.Icon className="shrink-0 text-muted">
          <ChevronsUpDown aria-hidden className="size-3.5" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="z-50 outline-none" sideOffset={4} alignItemWithTrigger={false}>
          <Base.Popup className="scroll max-h-72 min-w-[var(--anchor-width)] rounded-lg border border-line bg-raised p-1 shadow-pop outline-none">
            {props.options.map((option) => (
              <Base.Item
                key={option.value}
                value={option.value}
                className="flex min-h-7 cursor-default items-center gap-2 rounded-md px-2 py-1 text-sm outline-none select-none data-[highlighted]:bg-accent-soft"
              >
                <Base.ItemText className="flex-1">{option.label}</Base.ItemText>
                {option.note && <span className="text-2xs text-muted">{option.note}</span>}
                <Base.ItemIndicator>
                  <Check aria-hidden className="size-3.5 text-accent" />
                </Base.ItemIndicator>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** A few choices side by side. */
export function Segments<T extends string>(props: {
  value: T;
  options: { value: T; label: string; icon?: LucideIcon; hint?: string }[];
  onChange: (value: T) => void;
  label: string;
  small?: boolean;
}) {
  return (
    <fieldset
      className="inline-flex w-fit shrink-0 gap-px rounded-md border border-line bg-sunken p-px"
      aria-label={props.label}
    >
      {props.options.map((option) => {
        const chosen = option.value === props.value;
        const button = (
          <button
            key={option.value}
            type="button"
            aria-pressed={chosen}
            aria-label={option.label}
            onClick={() => props.onChange(option.value)}
            className={cx(
              "inline-flex items-center justify-center gap-1 rounded-[6px] transition-colors",
              props.small ? "h-6 min-w-6 px-1 text-2xs" : "h-7 px-2.5 text-xs",
              chosen ? "bg-surface font-medium text-ink shadow-card" : "text-muted hover:text-ink",
            )}
          >
            {option.icon && <option.icon aria-hidden className="size-3.5" />}
            {(!option.icon || !props.small) && option.label}
          </button>
        );
        return option.hint ? (
          <Hint key={option.value} text={option.hint}>
            {button}
          </Hint>
        ) : (
          button
        );
      })}
    </fieldset>
  );
}

export function Tabs<T extends string>(props: {
  value: T;
  tabs: { value: T; label: ReactNode }[];
  onChange: (value: T) => void;
  children: ReactNode;
  className?: string;
}) {
  return (
    <BaseTabs.Root
      value={props.value}
      onValueChange={(value) => props.onChange(value as T)}
      className={cx("flex min-h-0 flex-col", props.className)}
    >
      <BaseTabs.List className="flex shrink-0 gap-4 border-b border-line px-4">
        {props.tabs.map((tab) => (
          <BaseTabs.Tab
            key={tab.value}
            value={tab.value}
            className="-mb-px flex h-9 items-center gap-1.5 border-b-2 border-transparent text-sm text-muted outline-none hover:text-ink focus-visible:outline-2 data-[active]:border-accent data-[active]:font-medium data-[active]:text-ink"
          >
            {tab.label}
          </BaseTabs.Tab>
        ))}
      </BaseTabs.List>
      <BaseTabs.Panel value={props.value} className="scroll min-h-0 flex-1 outline-none" tabIndex={-1}>
        {props.children}
      </BaseTabs.Panel>
    </BaseTabs.Root>
  );
}

export function Switch(props: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  id?: string;
}) {
  return (
    <BaseSwitch.Root
      id={props.id}
      checked={props.checked}
      onCheckedChange={props.onChange}
      aria-label={props.label}
      className="inline-flex h-6 w-10 shrink-0 items-center rounded-full bg-line-strong p-0.5 transition-colors data-[checked]:bg-accent"
    >
      <BaseSwitch.Thumb className="size-5 rounded-full bg-surface shadow-card transition-transform data-[checked]:translate-x-4 rtl:data-[checked]:-translate-x-4" />
    </BaseSwitch.Root>
  );
}

export function Tick(props: { checked: boolean; onChange: (checked: boolean) => void; label: ReactNode }) {
  return (
    // The control is inside its label.
    // biome-ignore lint/a11y/noLabelWithoutControl: Checkbox.Root renders the control
    <label className="flex min-h-7 items-center gap-2 text-sm">
      <Checkbox.Root
        checked={props.checked}
        onCheckedChange={props.onChange}
        className="grid size-5 shrink-0 place-items-center rounded-[5px] border border-line-strong bg-surface data-[checked]:border-accent data-[checked]:bg-accent"
      >
        <Checkbox.Indicator>
          <Check aria-hidden className="size-3.5 text-on-accent" />
        </Checkbox.Indicator>
      </Checkbox.Root>
      {props.label}
    </label>
  );
}
