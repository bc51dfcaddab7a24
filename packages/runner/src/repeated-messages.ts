import { UNKNOWN_START } from '@chaosproxy/checker'
import { FAIL, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'

/**
 * The complaint if a message was taken out more often than it was put in, of a queue of which nobody knows what it held
 * at the start: only that start could explain it, and a start that holds every message that was taken explains anything.
 */
export function repeatedMessages(history: History, initial: Json | undefined): string[] {
  if (initial !== UNKNOWN_START) return []
  const { f, key, outcome, length } = history.operations
  const isPut = history.functions.map((name) => name === 'enqueue')
  const isTaken = history.functions.map((name) => name === 'dequeue')
  const put = new Map<string, number>()
  const taken = new Map<string, { count: number; readonly message: string; readonly where: string }>()
  for (let row = 0; row < length; row++) {
    const name = f[row] ?? -1
    if (isPut[name] === true && outcome[row] !== FAIL) {
      const id = `${key[row]} ${JSON.stringify(inputOf(history, row))}`
      put.set(id, (put.get(id) ?? 0) + 1)
    } else if (isTaken[name] === true && outcome[row] === OK) {
      const message = JSON.stringify(outputOf(history, row))
      const id = `${key[row]} ${message}`
      const known = taken.get(id)
      if (known === undefined) taken.set(id, { count: 1, message, where: history.keys[key[row] ?? -1] ?? 'the queue' })
      else known.count++
    }
  }
  const repeated = [...taken].flatMap(([id, one]) => {
    const times = put.get(id) ?? 0
    return times > 0 && one.count > times ? [{ ...one, times }] : []
  })
  const [first] = repeated
  if (first === undefined) return []
  const more = repeated.length === 1 ? '' : `, and ${repeated.length - 1} more like it`
  return [
    `${first.message} was taken out of ${first.where} ${first.count} times and put in ${first.times === 1 ? 'once' : `${first.times} times`}${more}, which is right only if it was there at the start. Say what was there: --initial '[]' for nothing`,
  ]
}
