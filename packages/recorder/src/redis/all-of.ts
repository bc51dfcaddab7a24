/** Returns the items; undefined if any item is undefined. */
export const allOf = <Item>(items: readonly (Item | undefined)[]): readonly Item[] | undefined =>
  items.includes(undefined) ? undefined : (items as readonly Item[])
