import { createOnlineChecker, onlineModel } from '@chaosproxy/checker'
import type { EventInput } from '@chaosproxy/history'
import { type Atomic, generateObjectEvents, objects } from './generate-objects.ts'

export const name: string = 'online: judging while it is recorded'

const OPERATIONS = 200_000
const CLIENTS = 10
const REPEATS = 3

const register = (): Atomic => {
  let value = 0
  let next = 1
  return {
    ask: (random) => (random() < 0.5 ? { f: 'write', value: next++ } : { f: 'read', value: null }),
    apply: (f, written) => {
      if (f === 'write') value = Number(written)
      return f === 'write' ? written : value === 0 ? null : value
    },
  }
}

const judged: { readonly [object: string]: (() => Atomic) | undefined } = {
  register,
  counter: objects['counter'],
  lock: objects['lock'],
  queue: objects['queue'],
  bag: objects['bag'],
  'set of a thousand, with removals': objects['set of a thousand, with removals'],
}

/** 200 k operations of 10 clients on one key: events judged per second of processor time, the best of three. */
export async function run(print: (line: string) => void): Promise<void> {
  print('  events/s  most held  so far         object')
  for (const [object, create] of Object.entries(judged)) {
    for (const initial of [null, 'unknown']) {
      for (const unknown of [0, 0.001]) {
        const model = onlineModel(object.split(' ')[0])
        if (model === undefined || create === undefined) throw new Error(`${object} is not judged while it is recorded`)
        const events: EventInput[] = []
        const workload = { operations: OPERATIONS, clients: CLIENTS, unknown, seed: 7 }
        generateObjectEvents(create(), workload, (event) => events.push(event))
        const { ms, soFar, held } = measure(() => createOnlineChecker({ model, initial }), events)
        const columns = [(events.length / ms) * 1000, held].map((figure) => figure.toFixed(0).padStart(10)).join(' ')
        const what = `${object}${initial === null ? '' : ', start unknown'}${unknown > 0 ? `, ${unknown * 100}% unknown` : ''}`
        print(`${columns}  ${soFar.padEnd(14)} ${what}`)
      }
    }
  }
}

function measure(
  create: () => ReturnType<typeof createOnlineChecker>,
  events: readonly EventInput[],
): { readonly ms: number; readonly soFar: string; readonly held: number } {
  let best = Number.POSITIVE_INFINITY
  let soFar = ''
  let held = 0
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const checker = create()
    const before = process.cpuUsage()
    for (const [at, event] of events.entries()) {
      checker.push(event)
      if (at % 1_000 === 0) held = Math.max(held, checker.retained())
    }
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1000)
    soFar = checker.soFar()
  }
  return { ms: best, soFar, held }
}
