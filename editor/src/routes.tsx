// Every page and its address. Pages beside home load when first visited.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Home } from "./pages/home";
import { NotFound } from "./pages/not-found";
import { Shell } from "./shell/shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const getParentRoute = () => root;

// What an address says is taken only where it has the expected form.
const word = (value: unknown) => (typeof value === "string" && value ? value : undefined);
const count = (value: unknown) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;
const yes = (value: unknown) => (value === true ? true : undefined);
type Search = Record<string, unknown>;

const tree = root.addChildren([
  createRoute({ getParentRoute, path: "/", component: Home }),
  createRoute({
    getParentRoute,
    path: "/workflows/$workflow",
    component: lazyRouteComponent(() => import("./canvas/editor-page"), "EditorPage"),
    validateSearch: (search: Search): { node?: string; field?: string; run?: string; example?: string } => ({
      node: word(search.node),
      field: word(search.field),
      run: word(search.run),
      example: word(search.example),
    }),
  }),
  createRoute({
    getParentRoute,
    path: "/runs",
    component: lazyRouteComponent(() => import("./runs/runs-page"), "RunsPage"),
    validateSearch: (
      search: Search,
    ): {
      workflow?: string;
      status?: string;
      q?: string;
      subject?: string;
      period?: string;
      tests?: boolean;
    } => ({
      workflow: word(search.workflow),
      status: word(search.status),
      q: word(search.q),
      subject: word(search.subject),
      period: word(search.period),
      tests: yes(search.tests),
    }),
  }),
  createRoute({
    getParentRoute,
    path: "/runs/$run",
    component: lazyRouteComponent(() => import("./runs/run-page"), "RunPage"),
    validateSearch: (search: Search): { seq?: number; step?: string } => ({
      seq: count(search.seq),
      step: word(search.step),
    }),
  }),
  createRoute({
    getParentRoute,
    path: "/events",
    component: lazyRouteComponent(() => import("./pages/events"), "EventsPage"),
    validateSearch: (search: Search): { tab?: string; event?: number; workflow?: string } => ({
      tab: word(search.tab),
      event: count(search.event),
      workflow: word(search.workflow),
    }),
  }),
  createRoute({
    getParentRoute,
    path: "/crm",
    component: lazyRouteComponent(() => import("./crm/crm-page"), "CrmPage"),
    validateSearch: (search: Search): { entity?: string; view?: string } => ({
      entity: word(search.entity),
      view: word(search.view),
    }),
  }),
  createRoute({
    getParentRoute,
    path: "/crm/$entity/$record",
    component: lazyRouteComponent(() => import("./crm/record-page"), "RecordPage"),
  }),
  createRoute({
    getParentRoute,
    path: "/nodes",
    component: lazyRouteComponent(() => import("./pages/catalogue"), "CataloguePage"),
    validateSearch: (search: Search): { type?: string } => ({ type: word(search.type) }),
  }),
  createRoute({
    getParentRoute,
    path: "/approvals",
    component: lazyRouteComponent(() => import("./pages/approvals"), "ApprovalsPage"),
  }),
  createRoute({
    getParentRoute,
    path: "/attention",
    component: lazyRouteComponent(() => import("./pages/attention"), "AttentionPage"),
  }),
  createRoute({
    getParentRoute,
    path: "/credentials",
    component: lazyRouteComponent(() => import("./pages/credentials"), "CredentialsPage"),
  }),
  createRoute({
    getParentRoute,
    path: "/settings",
    component: lazyRouteComponent(() => import("./pages/settings"), "SettingsPage"),
  }),
]);

export const router = createRouter({ routeTree: tree });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
