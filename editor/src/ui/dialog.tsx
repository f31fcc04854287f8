// Dialogues, and the question before something is lost.
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useText } from "../text";
import { Button, IconButton } from "./button";
import { cx } from "./cx";

const backdrop =
  "fixed inset-0 z-40 bg-black/35 dark:bg-black/55 transition-opacity data-[starting-style]:opacity-0";
const popup =
  "fixed start-1/2 top-[8vh] z-50 flex max-h-[84vh] w-[min(94vw,var(--wide))] -translate-x-1/2 rtl:translate-x-1/2 flex-col rounded-xl border border-line bg-raised shadow-pop outline-none animate-[pop_120ms_ease-out]";

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  lead?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  width?: number;
}

export function Dialog({ open, onClose, title, lead, children, footer, width = 520 }: DialogProps) {
  const t = useText();
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={backdrop} />
        <Base.Popup className={popup} style={{ ["--wide" as string]: `${width}px` }}>
          <header className="flex items-start gap-3 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Base.Title className="text-base font-semibold">{title}</Base.Title>
              {lead && <Base.Description className="mt-1 text-sm text-muted">{lead}</Base.Description>}
            </div>
            <Base.Close render={<IconButton icon={X} label={t.common.close} />} />
          </header>
          <div className="scroll min-h-0 flex-1 px-5 pb-4">{children}</div>
          {footer && (
            <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">
              {footer}
            </footer>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

export function Confirm(props: {
  open: boolean;
  onClose: () => void;
  onConfirm: () => void;
  title: string;
  text: string;
  action: string;
}) {
  const t = useText();
  return (
    <AlertDialog.Root open={props.open} onOpenChange={(next) => !next && props.onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={backdrop} />
        <AlertDialog.Popup className={cx(popup, "p-5")} style={{ ["--wide" as string]: "420px" }}>
          <AlertDialog.Title className="text-base font-semibold">{props.title}</AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-sm text-muted">{props.text}</AlertDialog.Description>
          <div className="mt-5 flex justify-end gap-2">
            <AlertDialog.Close render={<Button>{t.common.cancel}</Button>} />
            <Button
              look="danger"
              onClick={() => {
                props.onConfirm();
                props.onClose();
              }}
            >
              {props.action}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
