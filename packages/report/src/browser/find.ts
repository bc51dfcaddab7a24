/**
 * Returns the first element that matches a selector.
 *
 * @throws Error if the page has no such element of this kind.
 */
export function find<T extends Element>(selector: string, kind: new () => T, within: ParentNode = document): T {
  const element = within.querySelector(selector)
  if (element instanceof kind) return element
  throw new Error(`The page has no ${kind.name} at "${selector}".`)
}

export type Find = typeof find
