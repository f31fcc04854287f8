// What the editor knows of CRM records: fields come from the catalogue's manifests, names from the texts.
import { ApiError, answer, client } from "../api/client";
import { queryClient } from "../api/queries";
import type { CrmRecord, EntityField, Json, JsonObject, Manifest } from "../api/shapes";

export const ENTITIES = ["lead", "deal", "contact", "ticket", "task", "note"] as const;
export type Entity = (typeof ENTITIES)[number];

export function isEntity(name: string | undefined): name is Entity {
  return ENTITIES.some((entity) => entity === name);
}

export function fieldsOf(manifests: Manifest[] | undefined, entity: Entity): EntityField[] {
  const create = manifests?.find((one) => one.type === "crm.create");
  return create?.parameters.properties?.fields?.["x-entities"]?.[entity] ?? [];
}

/** The field whose values are the columns of the board, if the entity has one. */
export function boardField(entity: Entity): "stage" | "status" | null {
  if (entity === "deal") return "stage";
  return entity === "lead" || entity === "ticket" ? "status" : null;
}

export function nameOf(record: CrmRecord): string {
  for (const field of ["title", "name", "subject", "body"]) {
    const value = record[field];
    if (typeof value === "string" && value) return value;
  }
  return record.id.slice(-6);
}

export function textOf(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Changes a record, only while it is as it was read. */
export async function changeRecord(record: CrmRecord, patch: JsonObject): Promise<CrmRecord> {
  try {
    return await answer<CrmRecord>(
      client.PATCH("/api/v1/crm/{entity}/{record}", {
        params: {
          path: { entity: record.entity, record: record.id },
          header: { "If-Match": `"${record.version}"` },
        },
        body: patch as Record<string, unknown>,
      }),
    );
  } finally {
    await refresh(record.entity);
  }
}

export function changedElsewhere(error: unknown): boolean {
  return error instanceof ApiError && error.code === "precondition";
}

export async function createRecord(entity: Entity, fields: JsonObject): Promise<CrmRecord> {
  const made = await answer<CrmRecord>(
    client.POST("/api/v1/crm/{entity}", {
      params: { path: { entity } },
      body: fields as Record<string, unknown>,
    }),
  );
  await refresh(entity);
  return made;
}

export async function deleteRecord(record: CrmRecord): Promise<void> {
  await client.DELETE("/api/v1/crm/{entity}/{record}", {
    params: { path: { entity: record.entity, record: record.id } },
  });
  await refresh(record.entity);
}

async function refresh(entity: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["crm", entity] }),
    queryClient.invalidateQueries({ queryKey: ["record", entity] }),
  ]);
}

/** What was typed into a form, as the server wants it. */
export function typed(field: EntityField, text: string): Json {
  if (text === "") return null;
  if (field.kind === "integer" || field.kind === "money") return Number(text);
  if (field.kind === "boolean") return text === "true";
  if (field.kind === "moment") return new Date(text).toISOString();
  return text;
}
