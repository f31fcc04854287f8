// What the pages ask the server, one query a question. Keys are arrays that begin with the resource.
import { infiniteQueryOptions, QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, answer, client } from "./client";
import type * as s from "./shapes";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => error instanceof ApiError && error.code === "network" && count < 2,
    },
  },
});

export const workflowsQuery = queryOptions({
  queryKey: ["workflows"],
  queryFn: () => answer<s.WorkflowView[]>(client.GET("/api/v1/workflows")),
});

export const workflowQuery = (workflow: string) =>
  queryOptions({
    queryKey: ["workflow", workflow],
    queryFn: () =>
      answer<s.WorkflowView>(client.GET("/api/v1/workflows/{workflow}", { params: { path: { workflow } } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

export const versionsQuery = (workflow: string) =>
  queryOptions({
    queryKey: ["versions", workflow],
    queryFn: () =>
      answer<s.VersionView[]>(
        client.GET("/api/v1/workflows/{workflow}/versions", { params: { path: { workflow } } }),
      ),
  });

export const versionQuery = (workflow: string, number: number) =>
  queryOptions({
    queryKey: ["version", workflow, number],
    queryFn: () =>
      answer<s.VersionView>(
        client.GET("/api/v1/workflows/{workflow}/versions/{number}", {
          params: { path: { workflow, number } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const diffQuery = (workflow: string, from: number, to: number) =>
  queryOptions({
    queryKey: ["diff", workflow, from, to],
    queryFn: () =>
      answer<s.VersionDiff>(
        client.GET("/api/v1/workflows/{workflow}/diff", {
          params: { path: { workflow }, query: { from, to } },
        }),
      ),
    staleTime: 0,
  });

export const decisionsQuery = (workflow: string) =>
  queryOptions({
    queryKey: ["decisions", workflow],
    queryFn: () =>
      answer<s.Decision[]>(
        client.GET("/api/v1/workflows/{workflow}/decisions", { params: { path: { workflow } } }),
      ),
  });

export const manifestsQuery = queryOptions({
  queryKey: ["nodes"],
  queryFn: () => answer<s.Manifest[]>(client.GET("/api/v1/nodes")),
  staleTime: 60_000,
});

export const functionsQuery = queryOptions({
  queryKey: ["functions"],
  queryFn: () => answer<s.HelperFunction[]>(client.GET("/api/v1/functions")),
  staleTime: Number.POSITIVE_INFINITY,
});

export interface RunFilter {
  workflow?: string;
  status?: string;
  from?: string;
  q?: string;
  test?: boolean;
  subject?: string;
}

export const runsQuery = (filter: RunFilter, limit = 50) =>
  infiniteQueryOptions({
    queryKey: ["runs", filter, limit],
    queryFn: ({ pageParam }) =>
      answer<s.Page<s.RunSummary>>(
        client.GET("/api/v1/runs", { params: { query: { ...filter, limit, before: pageParam } } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const runQuery = (run: string) =>
  queryOptions({
    queryKey: ["run", run],
    queryFn: () => answer<s.RunDetail>(client.GET("/api/v1/runs/{run}", { params: { path: { run } } })),
  });

export const journalQuery = (run: string) =>
  queryOptions({
    queryKey: ["journal", run],
    queryFn: () =>
      answer<s.JournalRecord[]>(client.GET("/api/v1/runs/{run}/journal", { params: { path: { run } } })),
  });

export const eventsQuery = (filter: { type?: string; source?: string; subject?: string }) =>
  infiniteQueryOptions({
    queryKey: ["events", filter],
    queryFn: ({ pageParam }) =>
      answer<s.Page<s.EventSummary, number>>(
        client.GET("/api/v1/events", { params: { query: { ...filter, limit: 50, before: pageParam } } }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const eventQuery = (position: number) =>
  queryOptions({
    queryKey: ["event", position],
    queryFn: () =>
      answer<s.EventDetail>(client.GET("/api/v1/events/{position}", { params: { path: { position } } })),
  });

export const refusedQuery = queryOptions({
  queryKey: ["refused"],
  queryFn: () =>
    answer<s.Page<s.RefusedCall, number>>(
      client.GET("/api/v1/webhook-calls", { params: { query: { accepted: false } } }),
    ),
});

export const callQuery = (position: number) =>
  queryOptions({
    queryKey: ["call", position],
    queryFn: () =>
      answer<s.CallDetail>(
        client.GET("/api/v1/webhook-calls/{position}", { params: { path: { position } } }),
      ),
  });

export const approvalsQuery = queryOptions({
  queryKey: ["approvals"],
  queryFn: () => answer<s.Approval[]>(client.GET("/api/v1/approvals")),
  refetchInterval: 20_000,
});

export const credentialsQuery = queryOptions({
  queryKey: ["credentials"],
  queryFn: () => answer<s.Credential[]>(client.GET("/api/v1/credentials")),
});

export const credentialTypesQuery = queryOptions({
  queryKey: ["credential-types"],
  queryFn: () => answer<s.CredentialType[]>(client.GET("/api/v1/credential-types")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const variablesQuery = queryOptions({
  queryKey: ["variables"],
  queryFn: () => answer<s.JsonObject>(client.GET("/api/v1/variables")),
});

export const crmQuery = (entity: string, filter: { q?: string; contact?: string }, limit = 200) =>
  queryOptions({
    queryKey: ["crm", entity, filter, limit],
    queryFn: () =>
      answer<s.Page<s.CrmRecord>>(
        // The description counts the query among the path's parameters.
        client.GET("/api/v1/crm/{entity}", {
          params: { path: { entity }, query: { ...filter, limit } },
        } as never),
      ),
  });

export const recordQuery = (entity: string, record: string) =>
  queryOptions({
    queryKey: ["record", entity, record],
    queryFn: () =>
      answer<s.CrmRecord>(
        client.GET("/api/v1/crm/{entity}/{record}", { params: { path: { entity, record } } }),
      ),
  });
