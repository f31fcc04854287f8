// A form for a new record.
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { EntityField, JsonObject } from "../api/shapes";
import { useText } from "../text";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Failed } from "../ui/page";
import { createRecord, type Entity } from "./model";
import { RecordField } from "./record-field";

export function NewRecord({
  entity,
  fields,
  onClose,
}: {
  entity: Entity;
  fields: EntityField[];
  onClose: () => void;
}) {
  const t = useText();
  const navigate = useNavigate();
  const [values, setValues] = useState<JsonObject>({});
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const filled = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
      const made = await createRecord(entity, filled);
      onClose();
      if (entity === "contact" || entity === "note" || entity === "task") {
        await navigate({ to: "/crm/$entity/$record", params: { entity, record: made.id } });
      }
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t.crm.new(t.crm.one[entity])}
      footer={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look="solid" type="submit" form="record">
            {t.common.save}
          </Button>
        </>
      }
    >
      <form id="record" onSubmit={submit} className="flex flex-col gap-4">
        {fields
          .filter((field) => field.kind !== "reference")
          .map((field) => (
            <RecordField
              key={field.name}
              field={field}
              value={values[field.name]}
              onChange={(value) => setValues((old) => ({ ...old, [field.name]: value }))}
            />
          ))}
        {error !== null && <Failed error={error} />}
      </form>
    </Dialog>
  );
}
