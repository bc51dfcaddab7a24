import { functionOf, type History, OK, outputOf } from '@chaosproxy/history'
import { range } from '../encoding/lists.ts'

/** Names that other tools use for operations of a model. */
const OTHERS: readonly (readonly [name: string, here: string, model: string])[] = [
  ['broadcast', 'add', 'set'],
  ['insert', 'add', 'set'],
  ['add-element', 'add', 'set'],
  ['read-init', 'read', 'register'],
  ['fetch', 'read', 'register'],
  ['load', 'read', 'register'],
  ['set', 'write', 'register'],
  ['update', 'write', 'register'],
  ['store', 'write', 'register'],
  ['compare-and-set', 'cas', 'register'],
  ['compare-and-swap', 'cas', 'register'],
  ['push', 'enqueue', 'queue'],
  ['offer', 'enqueue', 'queue'],
  ['pop', 'dequeue', 'queue'],
  ['try-acquire', 'acquire', 'lock'],
  ['try-lock', 'acquire', 'lock'],
]

/**
 * Returns a command that judges the history after replacing operation names of other tools by the names of a model,
 * such as `fetch` by `read`. Undefined if the history has no such names, or if the model lacks one of the history's
 * operations.
 *
 * @param knows reports whether a model has an operation
 */
export function renaming(history: History, knows: (model: string, f: string) => boolean): string | undefined {
  const used = new Set(Array.from({ length: history.operations.length }, (_, row) => functionOf(history, row)))
  const renamed = OTHERS.filter(([name]) => used.has(name))
  const [first] = renamed
  if (first === undefined) return undefined
  const [, , model] = first
  const here = [...used].map((f) => renamed.find(([name]) => name === f)?.[1] ?? f)
  if (!here.every((f) => knows(model, f))) return undefined
  const isEdn = history.format === 'edn' || history.format === 'jepsen-log'
  // The names of operations in these two formats may contain capitals, so the `sed` script ignores case.
  const isLowered = history.format === 'operations' || history.format === 'csv'
  const scripts = renamed.map(([name, f]) =>
    isEdn ? `s/:${name}\\b/:${f}/` : `s/"${name}"/"${f}"/${isLowered ? 'I' : ''}`,
  )
  const { initial, keys } = startOf(history, first[0], isEdn)
  return `sed -E '${[...scripts, ...keys].join('; ')}' ${history.source ?? 'FILE'} | npx chaos check - --model ${model}${initial}`
}

/**
 * Returns the option that gives the initial value, if Jepsen's operations `read-init` show it. Also returns the sed
 * command that removes keys from the file, if one is needed.
 */
function startOf(
  history: History,
  name: string,
  isEdn: boolean,
): { readonly initial: string; readonly keys: readonly string[] } {
  if (name !== 'read-init') return { initial: '', keys: [] }
  const { key, outcome, length } = history.operations
  const rows = range(0, length)
  const lacks = rows.some((row) => key[row] < 0) && history.keys.length === 1
  const starts = new Set<string>()
  for (const row of rows)
    if (functionOf(history, row) === name && outcome[row] === OK) starts.add(JSON.stringify(outputOf(history, row)))
  const [start = 'null'] = starts
  return {
    initial: starts.size === 1 && start !== 'null' ? ` --initial '${start}'` : '',
    keys: lacks ? [isEdn ? 's/,? :key [^,}]*//' : 's/,? *"key": *[^,}]*//'] : [],
  }
}
