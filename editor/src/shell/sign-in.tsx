// Signing in with the access token; also laid over the page when the session ends in the middle of work.
import { Languages } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ApiError, client } from "../api/client";
import { queryClient } from "../api/queries";
import { useSession } from "../api/session";
import { useText } from "../text";
import { usePreferences } from "../text/preferences";
import { Button } from "../ui/button";
import { cx } from "../ui/cx";
import { Labelled } from "../ui/page";
import { Logo } from "./logo";

export function SignIn({ over }: { over?: boolean }) {
  const t = useText();
  const signIn = useSession((session) => session.signIn);
  const { language, set } = usePreferences();
  const [token, setToken] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await client.GET("/api/v1/workflows", { headers: { authorization: `Bearer ${token.trim()}` } });
      signIn(token.trim());
      if (over) await queryClient.invalidateQueries();
    } catch (refused) {
      const unauthorised = refused instanceof ApiError && refused.status === 401;
      setError(unauthorised ? t.common.signIn.wrong : t.common.error.network);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div
      {...(over ? { role: "dialog", "aria-modal": true, "aria-label": t.common.signIn.title } : {})}
      className={cx("grid place-items-center p-4", over ? "fixed inset-0 z-60 bg-black/50" : "min-h-full")}
    >
      <div className="w-full max-w-sm rounded-xl border border-line bg-surface p-7 shadow-pop">
        <Logo size={40} />
        <h1 className="mt-4 text-lg font-semibold">{t.common.signIn.title}</h1>
        <p className="mt-1 text-sm text-muted">{over ? t.common.signIn.expired : t.common.signIn.lead}</p>
        <form onSubmit={submit} className="mt-5 flex flex-col gap-4">
          <Labelled label={t.common.signIn.token} error={error} hint={t.common.signIn.where}>
            {(id) => (
              <input
                id={id}
                type="password"
                dir="ltr"
                autoComplete="current-password"
                required
                className="field font-mono"
                value={token}
                onChange={(event) => setToken(event.target.value)}
              />
            )}
          </Labelled>
          <Button type="submit" look="solid" disabled={busy} className="h-9">
            {t.common.signIn.enter}
          </Button>
        </form>
        <button
          type="button"
          lang={language === "ar" ? "en" : "ar"}
          onClick={() => set({ language: language === "ar" ? "en" : "ar" })}
          className="mt-5 inline-flex min-h-6 items-center gap-1.5 text-xs text-muted hover:text-ink"
        >
          <Languages aria-hidden className="size-3.5" />
          {language === "ar" ? "English" : "العربية"}
        </button>
      </div>
    </div>
  );
}
