// The node types by name, as a hook; the same map for the same answer of the server.
import { useQuery } from "@tanstack/react-query";
import type { Catalogue } from "../graph/catalogue";
import { manifestsQuery } from "./queries";
import type { Manifest } from "./shapes";

const maps = new WeakMap<Manifest[], Catalogue>();
const nothing: Catalogue = new Map();

export function catalogueOf(manifests: Manifest[] | undefined): Catalogue {
  if (!manifests) return nothing;
  const known = maps.get(manifests);
  if (known) return known;
  const map: Catalogue = new Map(manifests.map((manifest) => [manifest.type, manifest]));
  maps.set(manifests, map);
  return map;
}

export function useCatalogue(): Catalogue {
  return catalogueOf(useQuery(manifestsQuery).data);
}
