// Ctrl+K: pages, workflows, and whatever the page at hand offers.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { create } from "zustand";
import { workflowsQuery } from "../api/queries";
import { useText } from "../text";
import { usePreferences } from "../text/preferences";
import { type Pick, Picker } from "../ui/picker";

interface Palette {
  shown: boolean;
  /** What the page at hand adds. */
  offers: Pick[];
  open: (shown: boolean) => void;
}

export const usePalette = create<Palette>()((set) => ({
  shown: false,
  offers: [],
  open: (shown) => set({ shown }),
}));

/** Offers commands for as long as the component is there. */
export function useOffers(offers: Pick[]): void {
  useEffect(() => {
    usePalette.setState({ offers });
    return () => usePalette.setState({ offers: [] });
  }, [offers]);
}

export function CommandPalette() {
  const t = useText();
  const { shown, offers, open } = usePalette();
  const navigate = useNavigate();
  const workflows = useQuery({ ...workflowsQuery, enabled: shown });
  const { language, theme, set } = usePreferences();

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.code === "KeyK") {
        event.preventDefault();
        open(true);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [open]);

  const picks = useMemo<Pick[]>(() => {
    const groups = t.canvas.commands.group;
    const nav = t.common.nav;
    const page = (to: string, label: string): Pick => ({
      id: `page ${to}`,
      label,
      group: groups.pages,
      run: () => void navigate({ to }),
    });
    return [
      ...offers,
      ...(workflows.data ?? []).map((workflow) => ({
        id: workflow.id,
        label: workflow.name,
        group: groups.workflows,
        words: `${workflow.folder} ${workflow.tags.join(" ")}`,
        run: () => void navigate({ to: "/workflows/$workflow", params: { workflow: workflow.id } }),
      })),
      page("/", nav.workflows),
      page("/runs", nav.runs),
      page("/approvals", nav.approvals),
      page("/attention", nav.attention),
      page("/crm", nav.crm),
      page("/events", nav.events),
      page("/credentials", nav.credentials),
      page("/nodes", nav.nodes),
      page("/settings", nav.settings),
      {
        id: "language",
        label: language === "ar" ? "English" : "العربية",
        group: groups.actions,
        words: "language لغة",
        run: () => set({ language: language === "ar" ? "en" : "ar" }),
      },
      {
        id: "theme",
        label: `${t.pages.settings.theme}: ${theme === "dark" ? t.pages.settings.light : t.pages.settings.dark}`,
        group: groups.actions,
        run: () => set({ theme: theme === "dark" ? "light" : "dark" }),
      },
    ];
  }, [t, offers, workflows.data, navigate, language, theme, set]);

  return (
    <Picker
      open={shown}
      onClose={() => open(false)}
      picks={picks}
      title={t.canvas.commands.title}
      hint={t.canvas.commands.hint}
    />
  );
}
