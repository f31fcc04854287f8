// The typed HTTP client: adds the token, turns refusals into `ApiError`.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.gen";
import { useSession } from "./session";

export type ProblemBody = components["schemas"]["Problem"];

/** What the server refused, with its stable code; `network` where it did not answer. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly problems: unknown;

  constructor(body: { code: string; status: number; title: string; detail?: string; problems?: unknown }) {
    super(body.detail || body.title);
    this.code = body.code;
    this.status = body.status;
    this.detail = body.detail ?? "";
    this.problems = body.problems;
  }
}

export const client = createClient<paths>({
  baseUrl: "",
  fetch: async (request) => {
    try {
      return await fetch(request);
    } catch {
      throw new ApiError({ code: "network", status: 0, title: "network" });
    }
  },
});

client.use({
  onRequest({ request }) {
    const token = useSession.getState().token;
    if (token && !request.headers.has("authorization"))
      request.headers.set("authorization", `Bearer ${token}`);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return;
    if (response.status === 401) useSession.getState().expire();
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => null);
    if (isProblem(body)) throw new ApiError(body);
    // A proxy in front of a server that is away answers with a page of its own.
    const code = response.status >= 502 && response.status <= 504 ? "network" : "http";
    throw new ApiError({ code, status: response.status, title: response.statusText });
  },
});

function isProblem(body: unknown): body is ProblemBody {
  return typeof body === "object" && body !== null && "code" in body && "status" in body && "title" in body;
}

/** The body of an answer, which the middleware has already found good. */
export async function answer<T>(call: Promise<{ data?: unknown }>): Promise<T> {
  const { data } = await call;
  return data as T;
}
