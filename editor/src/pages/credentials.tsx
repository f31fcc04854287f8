// Credentials by name and type; what is in them stays sealed.
import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus, RefreshCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { client } from "../api/client";
import { credentialsQuery, credentialTypesQuery, queryClient } from "../api/queries";
import { useMay } from "../api/session";
import type { Credential } from "../api/shapes";
import { useSpoken, useText } from "../text";
import { ago } from "../text/format";
import { Button, IconButton } from "../ui/button";
import { Confirm } from "../ui/dialog";
import { NamedIcon } from "../ui/icon";
import { Card, Empty, Failed, Loading, Page, PageHeader } from "../ui/page";
import { tellError } from "../ui/toast";
import { CredentialDialog } from "./credential-dialog";

type Asking = { kind: "new" } | { kind: "replace" | "delete"; credential: Credential } | null;

export function CredentialsPage() {
  const t = useText();
  const c = t.pages.credentials;
  const spoken = useSpoken();
  const may = useMay("credential.edit");
  const credentials = useQuery(credentialsQuery);
  const types = useQuery(credentialTypesQuery);
  const [asking, setAsking] = useState<Asking>(null);
  const remove = (name: string) =>
    void client
      .DELETE("/api/v1/credentials/{name}", { params: { path: { name } } })
      .then(() => queryClient.invalidateQueries({ queryKey: ["credentials"] }), tellError);
  const add = (
    <Button look="solid" icon={Plus} onClick={() => setAsking({ kind: "new" })}>
      {c.new}
    </Button>
  );
  return (
    <Page>
      <PageHeader title={c.title} lead={c.lead}>
        {may && add}
      </PageHeader>
      {credentials.isPending && <Loading />}
      {credentials.isError && <Failed error={credentials.error} />}
      {credentials.data?.length === 0 && <Empty icon={KeyRound} title={c.empty} text={c.emptyText} />}
      {credentials.data && credentials.data.length > 0 && (
        <Card>
          <ul className="divide-y divide-line">
            {credentials.data.map((credential) => {
              const type = types.data?.find((one) => one.type === credential.type);
              return (
                <li key={credential.name} className="flex min-h-14 items-center gap-3 px-4">
                  <span className="grid size-9 place-items-center rounded-lg bg-sunken text-muted">
                    <NamedIcon name={type?.icon ?? "lock"} className="size-4.5" />
                  </span>
                  <span className="min-w-0 flex-1">
                    <bdi className="aligned block truncate text-sm font-medium">{credential.name}</bdi>
                    <span className="text-2xs text-muted">
                      {type ? spoken(type) : credential.type} · {c.updated}{" "}
                      {ago(credential.updated_at, Date.now())}
                    </span>
                  </span>
                  {may && (
                    <>
                      <IconButton
                        icon={RefreshCw}
                        label={`${c.replace}: ${credential.name}`}
                        onClick={() => setAsking({ kind: "replace", credential })}
                      />
                      <IconButton
                        icon={Trash2}
                        label={`${t.common.delete}: ${credential.name}`}
                        onClick={() => setAsking({ kind: "delete", credential })}
                      />
                    </>
                  )}
                </li>
              );
            })}
          </ul>
        </Card>
      )}
      {asking?.kind === "new" && <CredentialDialog onClose={() => setAsking(null)} />}
      {asking?.kind === "replace" && (
        <CredentialDialog replaces={asking.credential} onClose={() => setAsking(null)} />
      )}
      {asking?.kind === "delete" && (
        <Confirm
          open
          onClose={() => setAsking(null)}
          onConfirm={() => remove(asking.credential.name)}
          title={c.deleteTitle(asking.credential.name)}
          text={c.deleteText}
          action={t.common.delete}
        />
      )}
    </Page>
  );
}
