// Making or replacing a credential. What was kept before cannot be shown, so all fields start empty.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, client } from "../api/client";
import { credentialTypesQuery, queryClient } from "../api/queries";
import { useSpoken, useText } from "../text";
import { Button } from "../ui/button";
import { Select } from "../ui/choice";
import { Dialog } from "../ui/dialog";
import { Failed, Labelled, TextInput } from "../ui/page";

interface Props {
  /** Types that fit; absent means all. */
  types?: string[];
  name?: string;
  /** Replaces an existing one, whose name and type stay. */
  replaces?: { name: string; type: string };
  onClose: () => void;
  onSaved?: (name: string) => void;
}

export function CredentialDialog({ types, name: givenName, replaces, onClose, onSaved }: Props) {
  const t = useText();
  const c = t.pages.credentials;
  const spoken = useSpoken();
  const all = useQuery(credentialTypesQuery).data ?? [];
  const fitting = all.filter((one) =>
    replaces ? one.type === replaces.type : !types || types.includes(one.type),
  );
  const [name, setName] = useState(replaces?.name ?? givenName ?? "");
  const [chosen, setChosen] = useState<string | null>(null);
  const [fields, setFields] = useState<Record<string, string>>({});
  const [error, setError] = useState<unknown>(null);
  const type = fitting.find((one) => one.type === chosen) ?? fitting[0];

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!type) return;
    setError(null);
    try {
      const filled = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
      await answer(
        client.PUT("/api/v1/credentials/{name}", {
          params: { path: { name: name.trim() } },
          body: { type: type.type, fields: filled },
        }),
      );
      await queryClient.invalidateQueries({ queryKey: ["credentials"] });
      onSaved?.(name.trim());
      onClose();
    } catch (refused) {
      setError(refused);
    }
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title={replaces ? `${c.replace}: ${replaces.name}` : c.new}
      lead={replaces ? c.replaceHint : c.lead}
      footer={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look="solid" type="submit" form="credential">
            {t.common.save}
          </Button>
        </>
      }
    >
      <form id="credential" onSubmit={submit} className="flex flex-col gap-4">
        {!replaces && (
          <>
            <Labelled label={t.common.name} hint={c.nameHint}>
              {(id) => (
                <TextInput id={id} required value={name} onChange={(event) => setName(event.target.value)} />
              )}
            </Labelled>
            <Labelled label={c.type}>
              {(id) => (
                <Select
                  id={id}
                  label={c.type}
                  value={type?.type ?? null}
                  onChange={setChosen}
                  options={fitting.map((one) => ({ value: one.type, label: spoken(one) }))}
                />
              )}
            </Labelled>
          </>
        )}
        {type?.fields.map((field) => (
          <Labelled
            key={field.name}
            label={
              <>
                {spoken(field)}
                {field.required && <span className="text-bad"> *</span>}
              </>
            }
          >
            {(id) =>
              field.choices.length > 0 ? (
                <Select
                  id={id}
                  label={spoken(field)}
                  value={fields[field.name] ?? null}
                  placeholder={t.common.choose}
                  onChange={(value) => setFields({ ...fields, [field.name]: value })}
                  options={field.choices.map((value) => ({ value, label: value }))}
                />
              ) : (
                <TextInput
                  id={id}
                  dir={field.secret ? "ltr" : "auto"}
                  type={field.secret ? "password" : "text"}
                  autoComplete="new-password"
                  required={field.required}
                  placeholder={field.example.startsWith("-----") ? undefined : field.example}
                  value={fields[field.name] ?? ""}
                  onChange={(event) => setFields({ ...fields, [field.name]: event.target.value })}
                />
              )
            }
          </Labelled>
        ))}
        {error !== null && <Failed error={error} />}
      </form>
    </Dialog>
  );
}
