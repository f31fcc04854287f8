// The access token and what its holder may do. The one place that answers "may this person …?";
// with the token everything is allowed.
import { create } from "zustand";

const KEY = "masar.token";

export type Permission =
  | "workflow.edit"
  | "workflow.publish"
  | "run.act"
  | "approval.decide"
  | "crm.edit"
  | "credential.edit"
  | "workspace.edit";

interface Session {
  token: string | null;
  /** True once the server refused the token in the middle of work. */
  expired: boolean;
  signIn: (token: string) => void;
  signOut: () => void;
  expire: () => void;
}

export const useSession = create<Session>()((set) => ({
  token: localStorage.getItem(KEY),
  expired: false,
  signIn: (token) => {
    localStorage.setItem(KEY, token);
    set({ token, expired: false });
  },
  signOut: () => {
    localStorage.removeItem(KEY);
    set({ token: null, expired: false });
  },
  expire: () => set((state) => (state.token ? { expired: true } : {})),
}));

export function useMay(_permission: Permission): boolean {
  return useSession((session) => session.token !== null && !session.expired);
}
