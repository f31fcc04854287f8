// Made by scripts/api-types.mjs from docs/openapi.json.

export interface paths {
    "/api/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Approvals that wait for a decision, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>[];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{approval}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Approves or rejects. The first decision counts. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description Approval id */
                    approval: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DecisionRequest"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credential-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The types of credential and their fields. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>[];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The credentials by name, without their fields. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>[];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credentials/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Makes or replaces a credential. Its fields are sealed and never given back. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Its name */
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewCredential"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Removes a credential. Nodes that use it fail from now on and say so. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Its name */
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/crm/{entity}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Records of an entity, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description contact, lead, deal, ticket, task or note */
                    entity: string;
                    /** @description Words that must all be in it; Arabic spellings count as one. */
                    q: string | null;
                    /** @description Cursor of the last page. */
                    before: string | null;
                    /** @description At most 500. */
                    limit: number | null;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page: items, next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a record. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description contact, lead, deal, ticket, task or note */
                    entity: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/crm/{entity}/fields": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The fields of an entity: its own, and those that the workspace gave it. The ETag is the version of
         *     the latter.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description contact, lead, deal, ticket, task or note */
                    entity: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description `fields` of every workspace, `custom` of this one */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
            };
        };
        /** Gives an entity its own fields in this workspace, in place of those that it had. Records keep their values. */
        put: {
            parameters: {
                query?: never;
                header: {
                    /** @description The ETag that was read; "0" where there never were any */
                    "If-Match": string;
                };
                path: {
                    /** @description contact, lead, deal, ticket, task or note */
                    entity: string;
                };
                cookie?: never;
            };
            /** @description A list of `key`, `kind` (text, integer, number, money, boolean, date, moment, phone, email, url, choice, choices), `label` (`en`, `ar`), `required`, `choices` */
            requestBody: {
                content: {
                    "application/json": Record<string, unknown>[];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                428: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/crm/{entity}/{record}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One record. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description contact, lead, deal, ticket, task or note */
                    entity: string;
                    /** @description Record id */
                    record: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Removes a record. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description contact, lead, deal, ticket, task or note */
                    entity: string;
                    /** @description Record id */
                    record: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Changes fields; null empties one. With If-Match, only while that version is current. */
        patch: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The ETag that was read */
                    "If-Match"?: string | null;
                };
                path: {
                    /** @description contact, lead, deal, ticket, task or note */
                    entity: string;
                    /** @description Record id */
                    record: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Dead letters, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Only with this reason, e.g. `bus.not_an_event`. */
                    code?: string | null;
                    /** @description Cursor of the last page. */
                    before?: number | null;
                    /** @description At most 500. */
                    limit?: number | null;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page: items, next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Throws the dead letters of one cause away, oldest first, at most 1000 a request. */
        delete: {
            parameters: {
                query: {
                    /** @description The code of the reason. */
                    code: string;
                    /** @description Only those sent under this key. */
                    key?: string | null;
                    /** @description Only those after this one: the `next` of the answer before. */
                    after?: number | null;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description deleted, next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/causes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Dead letters by their cause, the most frequent first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Causes: code, its title and what to do, key, count, reason of the newest */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>[];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends the dead letters of one cause again, oldest first, at most 1000 a request. */
        post: {
            parameters: {
                query: {
                    /** @description The code of the reason. */
                    code: string;
                    /** @description Only those sent under this key. */
                    key?: string | null;
                    /** @description Only those after this one: the `next` of the answer before. */
                    after?: number | null;
                };
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description sent, refused (id, reason), next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One dead letter with its body. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Throws a dead letter away. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a dead letter again: its event is accepted as if it came now, and the letter goes. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted: event, runs */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description What was wrong with it is still wrong */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Evaluates expressions, templates, conditions and scripts on given data, or only compiles them. Answers in the order of the sources. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Evaluate"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Evaluated"][];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Accepted events, newest first. */
        get: {
            parameters: {
                query?: {
                    type?: string | null;
                    subject?: string | null;
                    source?: string | null;
                    /** @description Cursor of the last page. */
                    before?: number | null;
                    /** @description At most 500. */
                    limit?: number | null;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page: items, next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
            };
        };
        put?: never;
        /** Sends an event. The same id and source again is a duplicate and starts nothing. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewEvent"];
                };
            };
            responses: {
                /** @description A duplicate */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                /** @description Accepted: position, runs */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{position}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One event with its data, its runs, and why other triggers did not start. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    position: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{position}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a past event again, as a new one. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    position: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/functions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The helper functions of expressions and templates. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Functions with documentation */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>[];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Runs as they happen, as server-sent events: `records` with what has just become durable; `missed` when the reader was too slow and should read the run anew. */
        get: {
            parameters: {
                query?: {
                    /** @description Only this run. */
                    run?: string | null;
                    /** @description Only runs of this workflow. */
                    workflow?: string | null;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description text/event-stream */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": unknown;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every node type's manifest. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Manifests */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>[];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Runs, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Id of the workflow. */
                    workflow?: string | null;
                    /** @description One or several of queued, running, waiting, in_doubt, succeeded, failed, cancelled, comma between them. */
                    status?: string | null;
                    /** @description Accepted at or after, RFC 3339. */
                    from?: string | null;
                    /** @description Accepted before, RFC 3339. */
                    until?: string | null;
                    subject?: string | null;
                    event_type?: string | null;
                    /** @description Step that failed. */
                    node?: string | null;
                    error_code?: string | null;
                    test?: boolean | null;
                    /** @description Text in subject, error or event type. */
                    q?: string | null;
                    /** @description Cursor of the last page. */
                    before?: string | null;
                    /** @description At most 200. */
                    limit?: number | null;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page: items, next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One run with its event and its steps. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Run id */
                    run: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stops a run; steps under way are cancelled. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description Run id */
                    run: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run}/decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decides about a step whose outcome is unknown. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description Run id */
                    run: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DecideRequest"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run}/journal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The run's journal, record by record, as it was written; whole, with its hash chain checked, or a stretch of it, for whoever follows a run and missed something. */
        get: {
            parameters: {
                query?: {
                    /** @description Number of the last record that is known, from 0; the answer begins with the next one. */
                    after?: number | null;
                    /** @description At most so many records, 10000 where only `after` is given. */
                    limit?: number | null;
                };
                header?: never;
                path: {
                    /** @description Run id */
                    run: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Records in order */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>[];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run}/rerun": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Runs again, as a new run on the same version: what lies before `from` keeps its journaled (or corrected) outputs. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description Run id */
                    run: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Rerun"];
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a failed run go on from where it failed. What is done stays done. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description Run id */
                    run: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Checks the run's hash chain. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Run id */
                    run: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description intact, records, head; or what was altered */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** All problems of a workflow file, without keeping it. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            responses: {
                /** @description The problems; empty means that it can be published */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>[];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The workspace's variables, which expressions see as `vars`. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description An object */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
            };
        };
        /** Replaces the variables. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            responses: {
                /** @description The new variables */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhook-calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Webhook calls, accepted and refused, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Below `/hooks/main/`. */
                    path?: string | null;
                    /** @description `true`: only accepted calls; `false`: only refused ones and duplicates. */
                    accepted?: boolean | null;
                    /** @description Cursor of the last page. */
                    before?: number | null;
                    /** @description At most 500. */
                    limit?: number | null;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page: items, next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhook-calls/{position}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One call with query, headers and body, and the runs that it started. Headers that authenticate are not kept. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    position: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhook-calls/{position}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a call again, as a new event for whoever listens at its path now. The sender is not checked again. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    position: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted: event, runs */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                /** @description No such call, or nobody listens there */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The call cannot be accepted as it is */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every workflow, by name. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["View"][];
                    };
                };
            };
        };
        put?: never;
        /** Makes a workflow from a draft, which may still have problems. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["New"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["View"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/{workflow}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One workflow with its draft, by id or name. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["View"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Removes a workflow without open runs. Its runs and versions stay readable in the log. */
        delete: {
            parameters: {
                query?: {
                    /** @description Takes the workflow off the air and stops its runs first. */
                    cancelRuns?: boolean;
                };
                header?: never;
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Runs are open; `problems` lists up to 100 of them */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Changes the draft, the folder, the tags, or pauses. Needs If-Match. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    /** @description The ETag that was read */
                    "If-Match": string;
                };
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["View"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/workflows/{workflow}/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Why the workflow's triggers did not start runs, newest first. */
        get: {
            parameters: {
                query?: {
                    subject?: string | null;
                };
                header?: never;
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>[];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/{workflow}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What changed between two versions, node by node and edge by edge; version 0 is the draft. */
        get: {
            parameters: {
                query: {
                    from: number;
                    to: number;
                };
                header?: never;
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, unknown>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/{workflow}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Publishes the draft as the next version and makes it live. Refused while it has problems. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Note"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Version"];
                    };
                };
                /** @description The draft has problems */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/{workflow}/roll-back": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes an older version live again, or none. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RollBack"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["View"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/{workflow}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Starts the live version by hand. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Start"];
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Started"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/{workflow}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Runs the draft on real or typed data. External effects happen only where allowed; CRM changes are undone unless `crm` is. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Makes trying again harmless: within 24 hours the same request with the same key gets the first answer (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first one runs 409 `idempotency_in_progress`. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TestRequest"];
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Started"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/{workflow}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The versions of a workflow, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id or name */
                    workflow: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Version"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/{workflow}/versions/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One version with its workflow file. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id or name */
                    workflow: string;
                    number: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Version"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What to change; what is absent stays. */
        Change: {
            draft?: Record<string, unknown> | null;
            folder?: string | null;
            /** @description A paused workflow starts nothing. */
            paused?: boolean | null;
            tags?: string[] | null;
        };
        /** @description A decision about a step in doubt. */
        DecideRequest: {
            /** @description `happened`, `try_again` or `failed`. */
            decision: string;
            /** @description Its output, where it happened. */
            output?: Record<string, unknown>;
            /** @description Why it failed. */
            reason?: string;
            step: string;
        };
        /** @description A decision. */
        DecisionRequest: {
            approved: boolean;
            /** @description Who decides, until users exist. */
            by?: string | null;
            comment?: string | null;
        };
        /** @description What to evaluate, on what. */
        Evaluate: {
            scope?: components["schemas"]["Scope"] | null;
            /** @description At most 200. */
            sources: components["schemas"]["Source"][];
        };
        /** @description What one source gave: a value, an error, or neither where it was only compiled. */
        Evaluated: {
            /** @description Why a condition does not hold. */
            because?: string | null;
            error?: components["schemas"]["Fault"] | null;
            /** @description Whether the value was cut short. */
            shortened?: boolean;
            /** @description The value; a large one is cut short. */
            value?: Record<string, unknown> | null;
        };
        /** @description Why a source has no value. */
        Fault: {
            /** @description Stable code, e.g. `value.missing`. */
            code: string;
            /** @description Column, from 1. */
            column?: number | null;
            /** @description Whether it cannot be read at all; otherwise it is the data that does not fit. */
            compile: boolean;
            /** @description Dotted path inside a condition, e.g. `all.0`. */
            field?: string;
            /** @description The offending text. */
            fragment?: string | null;
            /** @description Line in the source, from 1. */
            line?: number | null;
            /** @description What is wrong and how to mend it. */
            message: string;
        };
        /** @description A workflow to make. */
        New: {
            /** @description The workflow file; its name must be free. */
            draft: Record<string, unknown>;
            folder?: string;
            tags?: string[];
        };
        /** @description A credential to keep. */
        NewCredential: {
            /** @description Its fields by name. */
            fields: {
                [key: string]: string;
            };
            /** @description Its type, e.g. `smtp`. */
            type: string;
        };
        /** @description An event to send: a CloudEvents 1.0 envelope. */
        NewEvent: {
            data?: Record<string, unknown>;
            /** @description Makes a second sending of the same event harmless. Mandatory. */
            id?: string | null;
            source?: string | null;
            subject?: string | null;
            time?: string | null;
            type?: string | null;
        };
        /** @description What to say about a version. */
        Note: {
            /** @default  */
            note?: string;
        };
        /** @description What went wrong, where, and how to mend it. */
        Problem: {
            /** @description Stable code, e.g. `not_found`. */
            code: string;
            /** @description What happened here. */
            detail?: string;
            /** @description What to do about it. */
            mend?: string;
            /** @description Compile problems and the like. */
            problems?: Record<string, unknown>;
            /**
             * Format: int32
             * @description HTTP status.
             */
            status: number;
            /** @description What the code means. */
            title: string;
            /** @description Where the code is explained. */
            type: string;
        };
        /** @description Where to run again from. */
        Rerun: {
            /** @description Corrected trigger data; absent keeps the journaled. */
            data?: Record<string, unknown> | null;
            /**
             * @description Key of the node from which everything is done anew; absent means from the start.
             * @default null
             */
            from?: string | null;
            /** @description Corrected outputs of earlier nodes: key → value. */
            outputs?: Record<string, unknown>;
        };
        /** @description A version to go back to. */
        RollBack: {
            /**
             * Format: int64
             * @description The version; absent takes the workflow off the air.
             */
            version?: number | null;
        };
        /** @description What the sources see. A root that is absent is `null`; a step that is absent has not run. */
        Scope: {
            /** @description The event's envelope. */
            event?: Record<string, unknown>;
            /**
             * Format: int64
             * @description Its index, from 0.
             * @default null
             */
            index?: number | null;
            /** @description What came over the edge. */
            input?: Record<string, unknown>;
            /** @description The item of the innermost loop; absent outside of loops. */
            item?: Record<string, unknown>;
            /** @description Absent takes a test run's. */
            run?: Record<string, unknown>;
            /** @description Outputs of earlier steps by node key. */
            steps?: Record<string, unknown>;
            /**
             * @description Of dates, an IANA name; absent takes the workspace's.
             * @default null
             */
            time_zone?: string | null;
            /** @description The event's data. */
            trigger?: Record<string, unknown>;
            /** @description Absent takes the workspace's variables. */
            vars?: Record<string, unknown>;
        };
        /** @description Something to evaluate. */
        Source: {
            /** @enum {string} */
            kind: "expr";
            /** @description The expression. */
            source: string;
        } | {
            /** @description `text`, `html`, `url` or `json`; absent is `text`. */
            escape?: string | null;
            /** @enum {string} */
            kind: "template";
            /** @description The template. */
            source: string;
        } | {
            /** @description The rows. */
            condition: Record<string, unknown>;
            /** @enum {string} */
            kind: "condition";
        } | {
            /** @enum {string} */
            kind: "script";
            /** @description The script. */
            source: string;
        };
        /** @description Data for a start by hand. */
        Start: {
            /** @description What the trigger gets. */
            data?: Record<string, unknown>;
            /** @default null */
            subject?: string | null;
            /**
             * @description Key of the trigger; absent takes the manual one, or the first.
             * @default null
             */
            trigger?: string | null;
        };
        /** @description The run that was started. */
        Started: {
            /** Format: int64 */
            event: number;
            run?: string | null;
        };
        /** @description A test of the draft. */
        TestRequest: {
            /**
             * @description External node types that may really be called; `crm` lets CRM changes stay.
             * @default []
             */
            allow?: string[];
            /** @description What the trigger gets. */
            data?: Record<string, unknown>;
            /**
             * Format: int64
             * @description A past event whose data it gets instead.
             * @default null
             */
            event?: number | null;
            /**
             * @description Key of the step with which it begins: what lies before takes its output from `pins` where it
             *     stands there. The same key in both runs that step alone.
             * @default null
             */
            from?: string | null;
            /** @description Outputs given instead of computed: node key → {port, value}. */
            pins?: Record<string, unknown>;
            /** @default null */
            trigger?: string | null;
            /**
             * @description Key of the step after which it ends: only what leads there is run.
             * @default null
             */
            until?: string | null;
        };
        /** @description A version as the API shows it. */
        Version: {
            at: string;
            body?: Record<string, unknown> | null;
            by: string;
            /** @description Content hash, hexadecimal. */
            hash: string;
            note: string;
            /** Format: int64 */
            number: number;
        };
        /** @description A workflow as the API shows it. */
        View: {
            created_at: string;
            /** @description The draft; absent in lists. */
            draft?: Record<string, unknown> | null;
            folder: string;
            id: string;
            name: string;
            paused: boolean;
            /**
             * Format: int64
             * @description Number of the live version.
             */
            published?: number | null;
            /**
             * Format: int64
             * @description Counts changes of the draft; the ETag.
             */
            revision: number;
            tags: string[];
            updated_at: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
