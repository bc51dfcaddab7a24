import { keyedValues, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

type Given = Map<string, number>

export const ids: ReplicatedObject<Given> = {
  name: 'ids',
  summary: 'sources of ids by key: each id is returned once',
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
