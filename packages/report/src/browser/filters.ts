import type { Operation } from './decode.ts'

/** Which operations the reader asked for. */
export interface Filters {
  readonly passes: (operation: Operation) => boolean
  /** Whether any filter leaves anything out. */
  readonly active: () => boolean
  readonly onChange: (listener: () => void) => void
}

/** Reads the lists over the timeline. A page with a single key or node has no list of them. */
export function filtersOf(): Filters {
  const list = (id: string): HTMLSelectElement | null => document.querySelector<HTMLSelectElement>(id)
  const [byOutcome, byKey, byNode] = [list('#by-outcome'), list('#by-key'), list('#by-node')]
  const lists = [byOutcome, byKey, byNode].filter((one) => one !== null)
  const allows = (one: HTMLSelectElement | null, value: string | number): boolean =>
    one === null || one.value === '' || one.value === String(value)
  return {
    passes: ({ outcome, key, node }) => allows(byOutcome, outcome) && allows(byKey, key) && allows(byNode, node),
    active: () => lists.some((one) => one.value !== ''),
    onChange: (listener) => {
      for (const one of lists) one.addEventListener('change', listener)
    },
  }
}
