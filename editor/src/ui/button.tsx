// Buttons. An icon button always has a name, shown as its tooltip.
import { Tooltip } from "@base-ui/react/tooltip";
import type { LucideIcon } from "lucide-react";
import type { ComponentProps, ReactElement, ReactNode } from "react";
import { cx } from "./cx";

type Look = "solid" | "soft" | "plain" | "danger" | "outline";

const looks: Record<Look, string> = {
  solid: "bg-accent text-on-accent hover:brightness-110 font-medium",
  soft: "bg-accent-soft text-accent-ink hover:brightness-95 dark:hover:brightness-125 font-medium",
  plain: "text-ink hover:bg-ink/6",
  outline: "border border-line-strong bg-surface hover:bg-sunken",
  danger: "bg-bad text-surface hover:brightness-110 font-medium",
};

export interface ButtonProps extends ComponentProps<"button"> {
  look?: Look;
  icon?: LucideIcon;
  size?: "sm" | "md";
}

export function Button({
  look = "outline",
  icon: Icon,
  size = "md",
  className,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      className={cx(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md whitespace-nowrap transition-colors",
        "disabled:cursor-not-allowed disabled:opacity-50",
        size === "sm" ? "h-7 px-2 text-xs" : "h-8 px-3 text-sm",
        looks[look],
        className,
      )}
      {...rest}
    >
      {Icon && <Icon aria-hidden className="size-4 shrink-0" />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ComponentProps<"button">, "children"> {
  icon: LucideIcon;
  label: string;
  look?: "plain" | "outline" | "soft";
  active?: boolean;
  /** Arrows and the like turn round with the reading direction. */
  mirror?: boolean;
  size?: "sm" | "md";
}

export function IconButton({
  icon: Icon,
  label,
  look = "plain",
  active,
  mirror,
  size = "md",
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Hint text={label}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={active}
        className={cx(
          "inline-grid shrink-0 place-items-center rounded-md transition-colors disabled:cursor-not-allowed disabled:opacity-40",
          size === "sm" ? "size-6" : "size-8",
          active
            ? "bg-accent-soft text-accent-ink"
            : cx(looks[look], look === "plain" && "text-muted hover:text-ink"),
          className,
        )}
        {...rest}
      >
        <Icon aria-hidden className={cx("size-4", mirror && "mirror")} />
      </button>
    </Hint>
  );
}

/** A tooltip round one element. */
export function Hint({ text, children }: { text: ReactNode; children: ReactElement }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} delay={400} />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="z-50">
          <Tooltip.Popup className="max-w-64 rounded-md bg-ink px-2 py-1 text-2xs text-surface shadow-pop">
            {text}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
