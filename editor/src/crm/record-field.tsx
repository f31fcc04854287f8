// One field of a record, with the control that its kind asks for.
import type { EntityField, Json } from "../api/shapes";
import { useText } from "../text";
import { Select, Switch } from "../ui/choice";
import { Labelled, TextInput } from "../ui/page";
import { textOf, typed } from "./model";

const inputTypes: Partial<Record<EntityField["kind"], string>> = {
  email: "email",
  phone: "tel",
  integer: "number",
  money: "number",
  moment: "datetime-local",
};

export function RecordField({
  field,
  value,
  onChange,
}: {
  field: EntityField;
  value: Json | undefined;
  onChange: (value: Json) => void;
}) {
  const t = useText();
  const names: Record<string, string> = t.crm.field;
  const words: Record<string, string> = t.crm.choice;
  const label = names[field.name] ?? field.name;
  return (
    <Labelled
      label={
        <>
          {label}
          {field.required && <span className="text-bad"> *</span>}
        </>
      }
    >
      {(id) => {
        if (field.kind === "choice") {
          return (
            <Select
              id={id}
              label={label}
              value={textOf(value) || null}
              placeholder={t.common.choose}
              options={(field.values ?? []).map((one) => ({ value: one, label: words[one] ?? one }))}
              onChange={onChange}
            />
          );
        }
        if (field.kind === "boolean")
          return <Switch id={id} label={label} checked={value === true} onChange={onChange} />;
        const type = inputTypes[field.kind];
        const shown = field.kind === "moment" ? textOf(value).slice(0, 16) : textOf(value);
        if (field.name === "body" || field.name === "description") {
          return (
            <textarea
              id={id}
              dir="auto"
              rows={4}
              required={field.required}
              className="field resize-y"
              value={shown}
              onChange={(event) => onChange(event.target.value || null)}
            />
          );
        }
        return (
          <TextInput
            id={id}
            type={type ?? "text"}
            dir={type ? "ltr" : "auto"}
            step="any"
            required={field.required}
            value={shown}
            onChange={(event) => onChange(typed(field, event.target.value))}
          />
        );
      }}
    </Labelled>
  );
}
