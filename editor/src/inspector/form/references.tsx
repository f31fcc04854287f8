// Fields that name something else: a credential, a workflow, a type of event.
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { credentialsQuery, workflowsQuery } from "../../api/queries";
import type { Json } from "../../api/shapes";
import { CredentialDialog } from "../../pages/credential-dialog";
import { useText } from "../../text";
import { Button } from "../../ui/button";
import { Select } from "../../ui/choice";
import { TextInput } from "../../ui/page";
import { type FieldPath, useForm } from "./form-context";

interface Props {
  id?: string;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  label: string;
}

const NEW = "\u0000new";

export function CredentialField({ id, path, value, onChange, label }: Props & { path: FieldPath }) {
  const t = useText();
  const { manifest } = useForm();
  const credentials = useQuery(credentialsQuery);
  const [adding, setAdding] = useState(false);
  const use = manifest.credentials.find((one) => one.parameter === path.join("."));
  const fitting = (credentials.data ?? []).filter((one) => !use || use.types.includes(one.type));
  const name = typeof value === "string" ? value : null;
  const missing = name !== null && credentials.isSuccess && !fitting.some((one) => one.name === name);
  return (
    <>
      <Select
        id={id}
        label={label}
        value={name}
        placeholder={t.common.choose}
        options={[
          ...fitting.map((one) => ({ value: one.name, label: one.name, note: one.type })),
          ...(missing && name ? [{ value: name, label: name }] : []),
          { value: NEW, label: t.inspector.credentialNew },
        ]}
        onChange={(next) => (next === NEW ? setAdding(true) : onChange(next))}
      />
      {missing && name && (
        <p className="mt-1 flex items-center gap-2 text-2xs text-warn">
          <span className="flex-1">{t.inspector.credentialMissing(name)}</span>
          <Button size="sm" onClick={() => setAdding(true)}>
            {t.common.add}
          </Button>
        </p>
      )}
      {adding && (
        <CredentialDialog
          types={use?.types}
          name={missing && name ? name : ""}
          onClose={() => setAdding(false)}
          onSaved={(made) => onChange(made)}
        />
      )}
    </>
  );
}

export function WorkflowField({ id, value, onChange, label }: Props) {
  const t = useText();
  const workflows = useQuery(workflowsQuery);
  return (
    <Select
      id={id}
      label={label}
      value={typeof value === "string" ? value : null}
      placeholder={t.common.choose}
      options={(workflows.data ?? []).map((one) => ({ value: one.name, label: one.name }))}
      onChange={onChange}
    />
  );
}

const entities = ["lead", "deal", "contact", "ticket", "task", "note"];
const suggestions = [
  ...entities.flatMap((entity) => ["created", "updated", "deleted"].map((what) => `crm.${entity}.${what}`)),
  "message.received",
  "masar.hook",
];

export function EventTypeField({ id, value, onChange, label }: Props) {
  const t = useText();
  const listId = useId();
  return (
    <>
      <TextInput
        id={id}
        dir="ltr"
        list={listId}
        aria-label={label}
        className="font-mono"
        placeholder={t.inspector.types.eventHint}
        value={typeof value === "string" ? value : ""}
        onChange={(event) => onChange(event.target.value || undefined)}
      />
      <datalist id={listId}>
        {suggestions.map((type) => (
          <option key={type} value={type} />
        ))}
      </datalist>
    </>
  );
}
