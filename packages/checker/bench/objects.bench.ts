import { check, findModel } from '@chaosproxy/checker'
import { millis } from '@chaosproxy/history'
import { generateObjectHistory, objects } from './generate-objects.ts'

export const name: string = 'checker: objects beside the register'

const OPERATIONS = 100_000
const CLIENTS = 10
const REPEATS = 3

/**
 * Checks histories of 100 k operations for each object, one with all outcomes known and one with 2% unknown. Prints the
 * CPU time of the first of several checks of a history, and that of the fastest check, in milliseconds.
 */
export async function run(print: (line: string) => void): Promise<void> {
  print('  first ms    best ms  verdict   object')
  for (const object of Object.keys(objects)) {
    for (const unknown of [0, 0.02]) {
      const entry = findModel(object.split(' ')[0] ?? '')
      if (entry === undefined) throw new Error(`there is no model for ${object}`)
      const history = generateObjectHistory(object, { operations: OPERATIONS, clients: CLIENTS, unknown, seed: 7 })
      const spent: number[] = []
      let verdict = ''
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const before = process.cpuUsage()
        const report = check(history, {
          model: entry.name,
          initial: entry.name === 'bank' ? { a: 100, b: 100, c: 100 } : null,
          levels: ['linearizable', 'eventual'],
          failedCas: 'drop',
          deadlineMs: millis(10_000),
          memoryBytes: 2e9,
          now: () => millis(performance.now()),
        })
        const { user, system } = process.cpuUsage(before)
        spent.push((user + system) / 1000)
        verdict = report.levels.linearizable.result
      }
      const columns = [spent[0] ?? 0, Math.min(...spent)].map((ms) => ms.toFixed(0).padStart(10)).join(' ')
      print(`${columns}  ${verdict.padEnd(8)}  ${object}${unknown > 0 ? `, ${unknown * 100}% unknown` : ''}`)
    }
  }
}
