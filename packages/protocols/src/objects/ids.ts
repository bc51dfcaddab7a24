import { keyedValues, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

type Given = Map<string, number>

/** Sources of ids by key: each id is returned once. */
export const ids: ReplicatedObject<Given> = {
  name: 'ids',
  functions: ['generate'],
  reads: [],
  ...keyedValues<number>(),
  apply(given, { f, key = UNKEYED }) {
    if (f !== 'generate') return unsupported
    const id = (given.get(key) ?? 0) + 1
    given.set(key, id)
    return ok(id)
  },
}
