import crypto from 'node:crypto'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { PassThrough, Writable } from 'node:stream'
import { createRandom } from '@chaosproxy/faults'
import { type Answer, type Question, SEED_MEMBER } from './line.ts'
import { createTimeline } from './timeline.ts'
import { takeOverTimers } from './timers.ts'

// Runs a Node program in virtual time: node --import main.js?seed=1 PROGRAM. This module provides the program's clock,
// timers, randomness, stdin and stdout. The real stdin carries a `Question` per line: input lines for the program, and
// the time to which its clock advances. The clock advances in no other way. Once the program only waits for timers or
// input, this module writes the `Answer` to the real stdout.

/** The beginning of virtual time. It is not 0, because programs may treat a time near 0 as missing. */
const EPOCH_MS = Date.UTC(2024, 0, 1)
/**
 * The maximum number of turns of the event loop for one `Question`. A timer without delay may set another such timer
 * forever.
 */
const MOST_TURNS = 10_000
/** The longest time until a program reads its input. `LineProcess` waits for a reply even longer. */
const LONGEST_LOAD_MS = 8_000
/** Matches pending operations other than timers and messages. */
const UNDER_WAY = /^(?:FSReq|Immediate|GetAddrInfo|RandomBytes|ScryptRequest|PBKDF2)/

const real = { stdin: process.stdin, setImmediate, setTimeout, now: Date.now, write: fs.writeSync }
const timeline = createTimeline()
let wallMs = EPOCH_MS

let printed: string[] = []
let unfinished = ''
const print = (chunk: string | Uint8Array): void => {
  const lines = `${unfinished}${typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()}`.split('\n')
  unfinished = lines.pop() ?? ''
  printed.push(...lines.filter((line) => line !== ''))
}
const stdin = Object.assign(new PassThrough(), { fd: 0 })
const stdout = Object.assign(
  new Writable({
    write(chunk, _, done) {
      print(chunk)
      done()
    },
  }),
  { fd: 1 },
)
for (const [name, value] of Object.entries({ stdin, stdout, pid: 100 }))
  Object.defineProperty(process, name, { value, configurable: true, enumerable: true })

takeOverTimers(timeline)
takeOverClock()
takeOverRandomness(createRandom(new URL(import.meta.url).searchParams.get(SEED_MEMBER) ?? '0'))
Object.assign(fs, {
  writeSync: (fd: number, data: string | NodeJS.ArrayBufferView, ...rest: never[]): number => {
    if (fd !== 1) return real.write(fd, data as string, ...rest)
    const bytes =
      typeof data === 'string' ? Buffer.from(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    print(bytes)
    return bytes.length
  },
})
syncBuiltinESMExports()

let unread = ''
let answering = listening()
real.stdin.setEncoding('utf8').on('data', (text: string) => {
  const lines = `${unread}${text}`.split('\n')
  unread = lines.pop() ?? ''
  for (const line of lines) answering = answering.then(() => answer(JSON.parse(line)))
})

/** Resolves once the program reads its input, or the time limit has passed. All questions wait for this. */
async function listening(): Promise<void> {
  const until = real.now() + LONGEST_LOAD_MS
  while (stdin.readableFlowing === null && stdin.listenerCount('readable') === 0 && real.now() < until)
    await new Promise((resolve) => real.setTimeout(resolve, 1))
}

async function answer({ now, steady, lines }: Question): Promise<void> {
  wallMs = EPOCH_MS + now
  timeline.advance(steady)
  for (const line of lines) stdin.write(`${line}\n`)
  for (let turns = 0; ; turns++) {
    await new Promise((resolve) => real.setImmediate(resolve))
    const isWaiting = !process.getActiveResourcesInfo().some((name) => UNDER_WAY.test(name))
    if (isWaiting && !timeline.ring()) break
    if (turns > MOST_TURNS) break
  }
  const next = timeline.next()
  const answered: Answer = {
    lines: printed,
    ...(next === undefined ? {} : { wakeAfterMs: Math.max(0, next - steady) }),
  }
  printed = []
  real.write(1, `${JSON.stringify(answered)}\n`)
}

function takeOverClock(): void {
  const RealDate = Date
  function VirtualDate(...args: unknown[]): unknown {
    if (new.target === undefined) return new RealDate(wallMs).toString()
    return Reflect.construct(RealDate, args.length === 0 ? [Math.floor(wallMs)] : args, new.target)
  }
  const { prototype, parse, UTC } = RealDate
  globalThis.Date = Object.assign(VirtualDate, { prototype, parse, UTC, now: () => Math.floor(wallMs) }) as never
  performance.now = () => timeline.now()
  const pair = (): [number, number] => [Math.floor(timeline.now() / 1e3), Math.round((timeline.now() % 1e3) * 1e6)]
  const hrtime = ([seconds, rest]: readonly [number, number] = [0, 0]): [number, number] => {
    const [s, ns] = pair()
    return ns < rest ? [s - seconds - 1, ns + 1e9 - rest] : [s - seconds, ns - rest]
  }
  process.hrtime = Object.assign(hrtime, { bigint: () => BigInt(Math.round(timeline.now() * 1e6)) })
  process.uptime = () => timeline.now() / 1e3
}

function takeOverRandomness(random: ReturnType<typeof createRandom>): void {
  Math.random = () => random.next()
  const fill = <View extends NodeJS.ArrayBufferView>(view: View): View => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(256)
    return view
  }
  const randomBytes = (size: number, done?: (error: null, bytes: Buffer) => void): Buffer => {
    const bytes = fill(Buffer.alloc(size))
    if (done !== undefined) process.nextTick(done, null, bytes)
    return bytes
  }
  const randomUUID = () => {
    const hex = randomBytes(16).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
  }
  const randomInt = (from: number, to?: number) =>
    to === undefined ? random.integer(from) : from + random.integer(to - from)
  Object.assign(crypto, { randomBytes, randomUUID, randomInt, randomFillSync: fill })
  // The functions of `node:crypto` with the same names use these methods.
  for (const [name, value] of Object.entries({ randomUUID, getRandomValues: fill }))
    Object.defineProperty(Object.getPrototypeOf(globalThis.crypto), name, { value, configurable: true, writable: true })
}
