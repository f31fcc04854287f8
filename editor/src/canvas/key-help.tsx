// Every key of the editor.
import { useText } from "../text";
import { Dialog } from "../ui/dialog";

export function KeyHelp({ onClose }: { onClose: () => void }) {
  const t = useText().canvas.keys;
  const keys: [string, string][] = [
    [t.commands, "Ctrl K"],
    [t.walk, "← → ↑ ↓"],
    [t.branches, "[ ]"],
    [t.nudge, "Alt ← → ↑ ↓"],
    [t.add, "N"],
    [t.connect, "C"],
    [t.disconnect, "X"],
    [t.open, "Enter"],
    [t.rename, "F2"],
    [t.disable, "D"],
    [t.delete, "Delete"],
    [t.copyPaste, "Ctrl C X V D"],
    [t.selectAll, "Ctrl A"],
    [t.replace, "R"],
    [t.group, "Ctrl G · Ctrl Shift G"],
    [t.extract, "Alt X"],
    [t.undo, "Ctrl Z · Ctrl Y"],
    [t.tidy, "Shift Alt T"],
    [t.zoom, "+ − 0 1"],
    [t.find, "Ctrl F"],
    [t.try, "Ctrl Enter"],
    [t.help, "Ctrl /"],
  ];
  return (
    <Dialog open onClose={onClose} title={t.title} width={560}>
      <dl className="grid gap-x-8 sm:grid-cols-2">
        {keys.map(([label, combination]) => (
          <div key={label} className="flex items-center gap-3 border-b border-line py-1.5">
            <dt className="flex-1 text-sm">{label}</dt>
            <dd>
              <kbd
                dir="ltr"
                className="rounded-md border border-line-strong bg-sunken px-1.5 py-0.5 font-sans text-2xs"
              >
                {combination}
              </kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
