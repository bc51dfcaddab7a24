import type { Operation } from './decode.ts'
import type { Words } from './words.ts'

export interface Filters {
  readonly passes: (operation: Operation) => boolean
  readonly active: () => boolean
  readonly onChange: (listener: () => void) => void
  /** Returns a map from the name of each filter in use to its chosen value, as the page shows it. */
  readonly chosen: () => { readonly [name: string]: string }
  /** Chooses these values where a list offers them, and resets all other filters. */
  readonly choose: (chosen: { readonly [name: string]: string | undefined }) => void
}

/**
 * Reads the lists and the search box over the timeline. A list with a single choice is left out. An operation's full
 * description must contain every searched word.
 */
export function filtersOf(operations: readonly Operation[], words: Words): Filters {
  const named = (id: string): HTMLSelectElement | null => document.querySelector<HTMLSelectElement>(`#by-${id}`)
  const members = { outcome: 'outcome', f: 'function', key: 'key', node: 'node' } as const
  const lists = Object.entries(members).flatMap(([member, name]) => {
    const list = named(name)
    return list === null ? [] : [{ member: member as keyof typeof members, name, list }]
  })
  const search = document.querySelector<HTMLInputElement>('#by-text')
  const passing = new Uint8Array(operations.length).fill(1)
  /** The searchable texts, built at the first search. */
  let texts: readonly string[] = []
  const listeners: (() => void)[] = []

  const wanted = (): string[] => (search?.value ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const apply = (): void => {
    const chosen = lists.filter(({ list }) => list.value !== '')
    const sought = wanted()
    if (sought.length > 0 && texts.length === 0)
      texts = operations.map((operation) => words.full(operation).join(' ').toLowerCase())
    for (const operation of operations) {
      const text = texts[operation.index] ?? ''
      const passes =
        chosen.every(({ member, list }) => list.value === String(operation[member])) &&
        sought.every((word) => text.includes(word))
      passing[operation.index] = passes ? 1 : 0
    }
    for (const listener of listeners) listener()
  }
  for (const { list } of lists) list.addEventListener('change', apply)
  search?.addEventListener('input', apply)

  return {
    passes: ({ index }) => passing[index] === 1,
    active: () => lists.some(({ list }) => list.value !== '') || wanted().length > 0,
    onChange: (listener) => void listeners.push(listener),
    chosen: () => ({
      ...Object.fromEntries(
        lists
          .filter(({ list }) => list.value !== '')
          .map(({ name, list }) => [name, list.selectedOptions[0]?.text ?? '']),
      ),
      ...(wanted().length === 0 ? {} : { text: search?.value ?? '' }),
    }),
    choose(chosen) {
      for (const { name, list } of lists)
        list.value = [...list.options].find(({ text, value }) => value !== '' && text === chosen[name])?.value ?? ''
      if (search !== null) search.value = chosen['text'] ?? ''
      apply()
    },
  }
}
