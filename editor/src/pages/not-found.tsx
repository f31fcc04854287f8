import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { useText } from "../text";
import { Empty, Page } from "../ui/page";

export function NotFound() {
  const t = useText();
  return (
    <Page>
      <h1 className="sr-only">{t.common.error.notFound}</h1>
      <Empty icon={Compass} title={t.common.error.notFound} text={t.common.error.notFoundHint}>
        <Link
          to="/"
          className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent"
        >
          {t.common.nav.workflows}
        </Link>
      </Empty>
    </Page>
  );
}
