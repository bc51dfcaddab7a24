import nodeCrypto from 'node:crypto'
import type { AnyMachine, ProtocolDefinition } from '@chaosproxy/protocols'

/** Remedies for calls that make a run unrepeatable. */
const CHANCE = 'draw from a generator kept in the state, seeded with the "seed" passed to start'
const TIME = 'use the "now" passed to start and step'
const LATER = 'return a "setTimer" effect'

/**
 * Prevents a protocol from using anything that differs between two runs. During `start` and `step`, JavaScript's and
 * Node's clock, randomness and timers throw, and so does `process.exit`, which would end the thread without an error.
 * The error names the function that the protocol called. Used only for protocols that are not yet trusted, because it
 * costs time.
 */
export const guardProtocol = (protocol: ProtocolDefinition): ProtocolDefinition => ({
  ...protocol,
  create: (options) => guardMachine(protocol.create(options)),
})

const guardMachine = (machine: AnyMachine): AnyMachine => ({
  start: (node, journal, now) => guarded(() => machine.start(node, journal, now)),
  step: (state, event, now, steady) => guarded(() => machine.step(state, event, now, steady)),
  status: (state) => machine.status(state),
})

function guarded<T>(run: () => T): T {
  const { Date: date, setTimeout, setInterval, setImmediate } = globalThis
  const { random } = Math
  const { now } = performance
  const { exit, hrtime } = process
  const { randomUUID, getRandomValues } = crypto
  const { randomUUID: uuid, randomBytes, randomInt } = nodeCrypto
  Math.random = refused.random
  performance.now = refused.now
  process.hrtime = refused.hrtime
  process.exit = refused.exit
  Object.assign(crypto, refused.ofCrypto)
  Object.assign(nodeCrypto, refused.ofNodeCrypto)
  Object.assign(globalThis, refused.ofGlobal)
  try {
    return run()
  } finally {
    Math.random = random
    performance.now = now
    process.hrtime = hrtime
    process.exit = exit
    Object.assign(crypto, { randomUUID, getRandomValues })
    Object.assign(nodeCrypto, { randomUUID: uuid, randomBytes, randomInt })
    Object.assign(globalThis, { Date: date, setTimeout, setInterval, setImmediate })
  }
}

const refusal = (name: string, instead: string) => (): never => {
  throw new Error(`it calls ${name}, so no run can be repeated: ${instead}`)
}

/** Permits dates that are created from a given time. */
const TimelessDate = new Proxy(Date, {
  construct(target, given, made) {
    if (given.length === 0) refusal('new Date()', TIME)()
    return Reflect.construct(target, given, made) as object
  },
  apply: refusal('Date()', TIME),
  get: (target, name, receiver) => (name === 'now' ? refusal('Date.now()', TIME) : Reflect.get(target, name, receiver)),
})

const refused = {
  random: refusal('Math.random()', CHANCE),
  now: refusal('performance.now()', TIME),
  exit: (): never => {
    throw new Error('it calls process.exit(), which would end chaos itself: throw an error to end the run')
  },
  hrtime: Object.assign(refusal('process.hrtime()', TIME), { bigint: refusal('process.hrtime.bigint()', TIME) }),
  ofCrypto: {
    randomUUID: refusal('crypto.randomUUID()', CHANCE),
    getRandomValues: refusal('crypto.getRandomValues()', CHANCE),
  },
  ofNodeCrypto: {
    randomUUID: refusal('crypto.randomUUID()', CHANCE),
    randomBytes: refusal('crypto.randomBytes()', CHANCE),
    randomInt: refusal('crypto.randomInt()', CHANCE),
  },
  ofGlobal: {
    Date: TimelessDate,
    setTimeout: refusal('setTimeout()', LATER),
    setInterval: refusal('setInterval()', LATER),
    setImmediate: refusal('setImmediate()', LATER),
  },
}
