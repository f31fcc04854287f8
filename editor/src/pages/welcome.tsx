// The first visit: examples that run as they stand, two clicks away from a result.
import { useNavigate } from "@tanstack/react-router";
import { ArrowRight, Plus } from "lucide-react";
import { useState } from "react";
import { useText } from "../text";
import { Button } from "../ui/button";
import { NamedIcon } from "../ui/icon";
import { Page } from "../ui/page";
import { tellError } from "../ui/toast";
import { type ExampleFlow, exampleFlows } from "./examples";
import { createWorkflow } from "./workflow-actions";

export function Welcome({ small, onBlank }: { small?: boolean; onBlank: () => void }) {
  const t = useText();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const use = async (example: ExampleFlow) => {
    setBusy(true);
    try {
      const made = await createWorkflow(example.file);
      await navigate({
        to: "/workflows/$workflow",
        params: { workflow: made.id },
        search: { example: example.id },
      });
    } catch (error) {
      tellError(error);
      setBusy(false);
    }
  };
  const cards = (
    <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
      {exampleFlows(t).map((example) => (
        <li key={example.id}>
          <button
            type="button"
            disabled={busy}
            onClick={() => void use(example)}
            className="group flex h-full w-full flex-col gap-2 rounded-xl border border-line bg-surface p-5 text-start transition-[border-color,box-shadow] hover:border-accent hover:shadow-card"
          >
            <span className="grid size-9 place-items-center rounded-lg bg-accent-soft text-accent-ink">
              <NamedIcon name={example.icon} className="size-5" />
            </span>
            <span className="mt-1 font-semibold">{t.pages.welcome[example.id].name}</span>
            <span className="flex-1 text-sm text-muted">{t.pages.welcome[example.id].text}</span>
            <span className="mt-1 inline-flex items-center gap-1.5 text-sm font-medium text-accent-ink">
              {t.pages.welcome.use}
              <ArrowRight
                aria-hidden
                className="mirror size-4 transition-transform group-hover:translate-x-0.5"
              />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
  if (small) {
    return (
      <section className="mt-4">
        <h2 className="mb-3 text-sm font-medium text-muted">{t.pages.welcome.another}</h2>
        {cards}
      </section>
    );
  }
  return (
    <Page>
      <div className="pt-[7vh]">
        <h1 className="text-3xl font-semibold tracking-tight rtl:tracking-normal">{t.pages.welcome.title}</h1>
        <p className="mt-3 max-w-2xl text-base text-muted">{t.pages.welcome.lead}</p>
        <h2 className="sr-only">{t.pages.welcome.examples}</h2>
        <div className="mt-8">{cards}</div>
        <Button look="plain" icon={Plus} onClick={onBlank} className="mt-5">
          {t.pages.welcome.blank}
        </Button>
      </div>
    </Page>
  );
}
