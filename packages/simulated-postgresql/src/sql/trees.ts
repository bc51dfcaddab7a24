import type { Fields, Kind } from './nodes.ts'

/** Yields the objects in a parse tree, each before those inside it. Skips nodes of the kind `except`. */
export function* objectsIn(tree: unknown, except?: Kind): Generator<object> {
  if (typeof tree !== 'object' || tree === null || (except !== undefined && except in tree)) return
  if (!Array.isArray(tree)) yield tree
  for (const part of Object.values(tree)) yield* objectsIn(part, except)
}

/** Yields the fields of the nodes of a kind. */
export function* nodesIn<K extends Kind>(tree: unknown, kind: K, except?: Kind): Generator<Fields<K>> {
  for (const each of objectsIn(tree, except)) if (kind in each) yield (each as Record<K, Fields<K>>)[kind]
}

export const contains = (tree: unknown, kind: Kind): boolean => nodesIn(tree, kind).next().done !== true

/**
 * Returns a parse tree as a text without source locations, so that equal expressions have equal texts.
 * @param replaced returns the value to print instead of a part of the tree
 */
export const treeText = (tree: unknown, replaced = (part: unknown): unknown => part): string =>
  JSON.stringify(tree, (name, part) => (/(location|list_start|list_end)$/.test(name) ? undefined : replaced(part)))
