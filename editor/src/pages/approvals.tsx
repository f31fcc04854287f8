// What waits for a person's yes or no; made to be used on a phone as well.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Stamp, X } from "lucide-react";
import { useState } from "react";
import { answer, client } from "../api/client";
import { approvalsQuery, queryClient, workflowsQuery } from "../api/queries";
import { useMay } from "../api/session";
import type { Approval, Json } from "../api/shapes";
import { useText } from "../text";
import { ago, moment } from "../text/format";
import { announce } from "../ui/announce";
import { Button } from "../ui/button";
import { Card, Empty, Failed, Loading, Mark, Page, PageHeader, TextInput } from "../ui/page";
import { tellError, toast } from "../ui/toast";

export function ApprovalsPage() {
  const t = useText();
  const approvals = useQuery(approvalsQuery);
  const workflows = useQuery(workflowsQuery);
  const names = new Map(workflows.data?.map((one) => [one.id, one.name]));
  return (
    <Page>
      <PageHeader title={t.pages.approvals.title} />
      {approvals.isPending && <Loading />}
      {approvals.isError && <Failed error={approvals.error} retry={() => void approvals.refetch()} />}
      {approvals.data?.length === 0 && (
        <Empty icon={Stamp} title={t.pages.approvals.empty} text={t.pages.approvals.emptyText} />
      )}
      {approvals.data?.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} workflow={names.get(approval.workflow) ?? ""} />
      ))}
    </Page>
  );
}

function ApprovalCard({ approval, workflow }: { approval: Approval; workflow: string }) {
  const t = useText();
  const a = t.pages.approvals;
  const may = useMay("approval.decide");
  const [comment, setComment] = useState("");
  const [busy, setBusy] = useState(false);
  const decide = async (approved: boolean) => {
    setBusy(true);
    try {
      await answer(
        client.POST("/api/v1/approvals/{approval}", {
          params: { path: { approval: approval.id } },
          body: { approved, comment: comment.trim() || null },
        }),
      );
      toast(approved ? a.approved : a.rejected, { description: approval.title });
      announce(`${approved ? a.approved : a.rejected}: ${approval.title}`);
    } catch (error) {
      tellError(error);
    } finally {
      setBusy(false);
      await queryClient.invalidateQueries({ queryKey: ["approvals"] });
    }
  };
  return (
    <Card className="p-5">
      <div className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="text-base font-semibold" dir="auto">
            {approval.title}
          </h2>
          <p className="mt-0.5 flex flex-wrap gap-x-2 text-xs text-muted">
            <bdi>{workflow}</bdi>
            <span>· {ago(approval.opened_at, Date.now())}</span>
            <Link to="/runs/$run" params={{ run: approval.run }} className="underline hover:text-ink">
              {a.run}
            </Link>
          </p>
        </div>
        {approval.assignee && (
          <Mark>
            {a.assignee} <bdi>{approval.assignee}</bdi>
          </Mark>
        )}
        {approval.deadline && (
          <Mark tone="warn">
            {a.until} {moment(approval.deadline)}
          </Mark>
        )}
      </div>
      <Context value={approval.context} />
      {may && (
        <div className="mt-4 flex flex-wrap gap-2">
          <TextInput
            aria-label={a.comment}
            placeholder={a.comment}
            value={comment}
            onChange={(event) => setComment(event.target.value)}
            className="min-w-48 flex-1"
          />
          <Button
            look="solid"
            icon={Check}
            disabled={busy}
            onClick={() => void decide(true)}
            className="max-sm:h-11 max-sm:flex-1"
          >
            {a.approve}
          </Button>
          <Button
            icon={X}
            disabled={busy}
            onClick={() => void decide(false)}
            className="max-sm:h-11 max-sm:flex-1"
          >
            {a.reject}
          </Button>
        </div>
      )}
    </Card>
  );
}

/** The facts that the author of the workflow chose to show. */
function Context({ value }: { value: Json }) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value);
  if (entries.length === 0) return null;
  return (
    <dl className="mt-4 grid gap-x-6 gap-y-2 rounded-lg bg-sunken p-3 sm:grid-cols-2">
      {entries.map(([name, fact]) => (
        <div key={name}>
          <dt className="text-2xs text-muted">
            <bdi>{name.replace(/_/g, " ")}</bdi>
          </dt>
          <dd className="text-sm break-words">
            <bdi>{typeof fact === "object" ? JSON.stringify(fact) : String(fact)}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
