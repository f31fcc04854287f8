// A schedule's times: the cron text, with the common ones a click away.
import type { Json } from "../../api/shapes";
import { useText } from "../../text";
import { Button } from "../../ui/button";
import { TextInput } from "../../ui/page";

export function CronField(props: {
  id?: string;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  label: string;
}) {
  const t = useText().inspector.cron;
  const common = [
    { label: t.workdays, cron: "0 8 * * SUN-THU" },
    { label: t.everyDay, cron: "0 8 * * *" },
    { label: t.hourly, cron: "0 * * * *" },
    { label: t.monthly, cron: "0 8 1 * *" },
  ];
  return (
    <div className="flex flex-col gap-1.5">
      <TextInput
        id={props.id}
        dir="ltr"
        className="font-mono"
        placeholder="0 8 * * SUN-THU"
        aria-label={props.label}
        value={typeof props.value === "string" ? props.value : ""}
        onChange={(event) => props.onChange(event.target.value || undefined)}
      />
      <div className="flex flex-wrap gap-1">
        {common.map((one) => (
          <Button
            key={one.cron}
            size="sm"
            look={props.value === one.cron ? "soft" : "outline"}
            onClick={() => props.onChange(one.cron)}
          >
            {one.label}
          </Button>
        ))}
      </div>
    </div>
  );
}
