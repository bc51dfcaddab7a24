// Last in, first out. What is pushed last is popped first; an empty stack gives null.
// biome-ignore lint/correctness/noUndeclaredDependencies: types only, of the program that reads this file
import type { Json, Model } from 'chaosproxy'

const stack: Model<readonly Json[]> = {
  name: 'stack',
  summary: 'last in, first out',
  functions: ['push', 'pop', 'top'],
  // These change nothing.
  reads: ['top'],
  initial: [],
  apply: (items, { f, value }) => {
    if (f === 'push') return [[...items, value]]
    const top = items.at(-1) ?? null
    return [f === 'pop' ? items.slice(0, -1) : items, top]
  },
  // Equal states, equal texts.
  key: (items) => JSON.stringify(items),
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its model
export default stack
