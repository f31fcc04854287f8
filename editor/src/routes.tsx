// Every page and its address. The editor and the heavier pages load when first visited.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Home } from "./pages/home";
import { NotFound } from "./pages/not-found";
import { SettingsPage } from "./pages/settings";
import { Shell } from "./shell/shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);

export interface EditorSearch {
  node?: string;
  field?: string;
  run?: string;
  example?: string;
}

const editor = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$workflow",
  component: lazyRouteComponent(() => import("./canvas/editor-page"), "EditorPage"),
  validateSearch: (search: Record<string, unknown>): EditorSearch => ({
    node: text(search.node),
    field: text(search.field),
    run: text(search.run),
    example: text(search.example),
  }),
});

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: "/", component: Home }),
  createRoute({ getParentRoute: () => root, path: "/settings", component: SettingsPage }),
  editor,
]);

export const router = createRouter({ routeTree: tree, defaultPreload: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
