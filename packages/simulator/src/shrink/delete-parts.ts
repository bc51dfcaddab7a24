/**
 * Leaves out as many items as can be: halves, quarters, and so on down to single ones, from the end, where what is left
 * is most likely not needed. `without` keeps the shorter list where it can, and says so; `items` gives the current one.
 */
export function deleteParts<T>(items: () => readonly T[], without: (rest: readonly T[]) => boolean): void {
  for (let size = Math.max(1, Math.ceil(items().length / 2)); items().length > 0; size = Math.floor(size / 2)) {
    for (let end = items().length; end > 0; end -= size) {
      const current = items()
      const from = Math.max(0, Math.min(end, current.length) - size)
      without([...current.slice(0, from), ...current.slice(Math.min(end, current.length))])
    }
    if (size <= 1) return
  }
}
