// The frame round every page: navigation, command palette, sign-in when the token is missing or spent.
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import {
  Activity,
  BookOpen,
  CircleAlert,
  Inbox,
  KeyRound,
  LogOut,
  type LucideIcon,
  Menu as MenuIcon,
  PanelsTopLeft,
  Search,
  Settings,
  Stamp,
  Users,
} from "lucide-react";
import { useEffect, useState } from "react";
import { approvalsQuery } from "../api/queries";
import { useSession } from "../api/session";
import { useText } from "../text";
import { number } from "../text/format";
import { IconButton } from "../ui/button";
import { cx } from "../ui/cx";
import { CommandPalette, usePalette } from "./command-palette";
import { Logo } from "./logo";
import { SignIn } from "./sign-in";

function NavLink(props: { to: string; icon: LucideIcon; label: string; badge?: number; exact?: boolean }) {
  return (
    <Link
      to={props.to}
      activeOptions={{ exact: props.exact ?? false }}
      className="group flex h-8 items-center gap-2.5 rounded-md px-2.5 text-sm text-muted transition-colors hover:bg-ink/5 hover:text-ink data-[status=active]:bg-accent-soft data-[status=active]:font-medium data-[status=active]:text-accent-ink"
    >
      <props.icon aria-hidden className="size-4 shrink-0" />
      <span className="min-w-0 flex-1 truncate">{props.label}</span>
      {!!props.badge && (
        <span className="rounded-full bg-accent px-1.5 text-2xs font-semibold text-on-accent">
          {number(props.badge)}
        </span>
      )}
    </Link>
  );
}

function Navigation() {
  const t = useText();
  const approvals = useQuery(approvalsQuery);
  const signOut = useSession((session) => session.signOut);
  const openPalette = usePalette((palette) => palette.open);
  return (
    <nav
      aria-label={t.common.nav.label}
      className="flex h-full w-56 flex-col gap-0.5 border-e border-line bg-surface p-3"
    >
      <Link to="/" className="mb-2 flex h-9 items-center gap-2.5 rounded-md px-2 text-base font-semibold">
        <Logo />
        {t.common.masar}
      </Link>
      <button
        type="button"
        onClick={() => openPalette(true)}
        className="mb-2 flex h-8 items-center gap-2 rounded-md border border-line bg-sunken px-2.5 text-xs text-muted hover:border-line-strong"
      >
        <Search aria-hidden className="size-3.5" />
        <span className="flex-1 truncate text-start">{t.common.nav.commands}</span>
        <kbd dir="ltr" className="font-sans text-2xs">
          Ctrl K
        </kbd>
      </button>
      <NavLink to="/" exact icon={PanelsTopLeft} label={t.common.nav.workflows} />
      <NavLink to="/runs" icon={Activity} label={t.common.nav.runs} />
      <NavLink to="/approvals" icon={Stamp} label={t.common.nav.approvals} badge={approvals.data?.length} />
      <NavLink to="/attention" icon={CircleAlert} label={t.common.nav.attention} />
      <div className="my-2 h-px bg-line" />
      <NavLink to="/crm" icon={Users} label={t.common.nav.crm} />
      <NavLink to="/events" icon={Inbox} label={t.common.nav.events} />
      <NavLink to="/credentials" icon={KeyRound} label={t.common.nav.credentials} />
      <NavLink to="/nodes" icon={BookOpen} label={t.common.nav.nodes} />
      <div className="flex-1" />
      <NavLink to="/settings" icon={Settings} label={t.common.nav.settings} />
      <button
        type="button"
        onClick={signOut}
        className="flex h-8 items-center gap-2.5 rounded-md px-2.5 text-sm text-muted hover:bg-ink/5 hover:text-ink"
      >
        <LogOut aria-hidden className="mirror size-4" />
        {t.common.nav.signOut}
      </button>
    </nav>
  );
}

export function Shell() {
  const t = useText();
  const session = useSession();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [drawer, setDrawer] = useState(false);
  const inEditor = path.startsWith("/workflows/");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawer closes with every change of page
  useEffect(() => setDrawer(false), [path]);

  if (!session.token) return <SignIn />;
  return (
    <div className="flex h-full">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:start-3 focus:top-3 focus:z-60 focus:rounded-md focus:bg-raised focus:px-3 focus:py-2 focus:shadow-pop"
      >
        {t.common.skipToContent}
      </a>
      {!inEditor && (
        <div className="hidden md:block">
          <Navigation />
        </div>
      )}
      {drawer && (
        <div className="fixed inset-0 z-40 flex">
          <Navigation />
          <button
            type="button"
            aria-label={t.common.close}
            className="flex-1 bg-black/40"
            onClick={() => setDrawer(false)}
          />
        </div>
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        {!inEditor && (
          <div className="flex h-12 shrink-0 items-center gap-2 border-b border-line bg-surface px-3 md:hidden">
            <IconButton icon={MenuIcon} label={t.common.nav.menu} onClick={() => setDrawer(true)} />
            <Logo />
            <span className="font-semibold">{t.common.masar}</span>
          </div>
        )}
        <main id="content" className={cx("min-h-0 flex-1")}>
          <Outlet />
        </main>
      </div>
      <CommandPalette />
      {session.expired && <SignIn over />}
    </div>
  );
}
