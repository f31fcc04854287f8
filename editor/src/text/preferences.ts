// What a person chose about how Masar looks and speaks to them; kept in the browser.
import { create } from "zustand";
import { persist } from "zustand/middleware";

export type Language = "en" | "ar";
export type Theme = "system" | "light" | "dark";
export type Calendar = "gregory" | "hijri" | "both";

interface Preferences {
  language: Language;
  theme: Theme;
  digits: "latn" | "arab";
  calendar: Calendar;
  favourites: string[];
  set: (change: Partial<Omit<Preferences, "set">>) => void;
}

const speaksArabic = typeof navigator !== "undefined" && navigator.language.startsWith("ar");

export const usePreferences = create<Preferences>()(
  persist(
    (set) => ({
      language: speaksArabic ? "ar" : "en",
      theme: "system",
      digits: "latn",
      calendar: "gregory",
      favourites: [],
      set: (change) => set(change),
    }),
    { name: "masar.preferences" },
  ),
);

export function useDirection(): "ltr" | "rtl" {
  return usePreferences((preferences) => (preferences.language === "ar" ? "rtl" : "ltr"));
}

/** Brings language, direction and theme onto the page, now and with every change. */
export function applyPreferences(): void {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const { language, theme } = usePreferences.getState();
    const root = document.documentElement;
    root.lang = language;
    root.dir = language === "ar" ? "rtl" : "ltr";
    root.dataset.theme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  };
  apply();
  usePreferences.subscribe(apply);
  dark.addEventListener("change", apply);
}
