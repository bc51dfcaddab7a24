/**
 * Deletes as many items as possible: halves, quarters, and so on down to single items. Starts at the end, where items
 * are most likely unnecessary. `without` decides whether a shorter list becomes the current one.
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
