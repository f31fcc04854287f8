// The panel at the start side: nodes, outline, versions or problems.
import { X } from "lucide-react";
import { useText } from "../text";
import { IconButton } from "../ui/button";
import { type SidePanel, useEditor } from "./editor-state";
import { Outline } from "./outline";
import { Palette } from "./palette";
import { ProblemList } from "./problem-list";
import { Versions } from "./versions";

export function SideBar({ side, workflow }: { side: NonNullable<SidePanel>; workflow: string }) {
  const t = useText();
  const titles = {
    palette: t.canvas.bar.palette,
    outline: t.canvas.outline.title,
    versions: t.canvas.versions.title,
    problems: t.canvas.bar.problems,
  };
  return (
    <aside
      aria-label={titles[side]}
      className="flex w-68 shrink-0 flex-col border-e border-line bg-surface max-md:absolute max-md:inset-y-0 max-md:start-0 max-md:z-20 max-md:shadow-pop"
    >
      <header className="flex h-10 shrink-0 items-center gap-2 ps-4 pe-2">
        <h2 className="min-w-0 flex-1 truncate text-xs font-semibold">{titles[side]}</h2>
        <IconButton
          icon={X}
          label={t.common.close}
          size="sm"
          onClick={() => useEditor.setState({ side: null })}
        />
      </header>
      {side === "palette" && <Palette />}
      {side === "outline" && <Outline />}
      {side === "versions" && <Versions workflow={workflow} />}
      {side === "problems" && <ProblemList />}
    </aside>
  );
}
