/** Returns the items if all of them are there. */
export const allOf = <Item>(items: readonly (Item | undefined)[]): readonly Item[] | undefined =>
  items.includes(undefined) ? undefined : (items as readonly Item[])
