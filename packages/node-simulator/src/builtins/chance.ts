import crypto from 'node:crypto'
import type { Random } from '@chaosproxy/faults'
import { runningLife } from '../world/life.ts'
import { refusedModule } from './refused.ts'
import { computed, type Done } from './thread-pool.ts'

/** Fills memory with random bytes from the program's generator. */
export function fill<View extends ArrayBufferView>(random: Random, view: View): View {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(256)
  return view
}

export function uuidFrom(random: Random): `${string}-${string}-${string}-${string}-${string}` {
  const bytes = fill(random, Buffer.alloc(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function randomBytes(size: number, done?: Done): Buffer | undefined {
  const life = runningLife()
  const made = () => fill(life.random, Buffer.alloc(size))
  if (done === undefined) return made()
  computed(life, made, done)
  return undefined
}

function randomInt(...args: readonly unknown[]): number | undefined {
  const done = typeof args.at(-1) === 'function' ? (args.at(-1) as Done) : undefined
  const [first, second] = args
  const [least, beyond] = typeof second === 'number' ? [Number(first), second] : [0, Number(first)]
  const life = runningLife()
  const made = () => least + life.random.integer(beyond - least)
  if (done === undefined) return made()
  computed(life, made, done)
  return undefined
}

function randomFillSync<View extends ArrayBufferView>(view: View, offset = 0, size?: number): View {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  fill(runningLife().random, bytes.subarray(offset, size === undefined ? undefined : offset + size))
  return view
}

const threaded = ['pbkdf2', 'scrypt', 'hkdf', 'generateKey', 'generatePrime', 'checkPrime'] as const

const asThreaded =
  (name: (typeof threaded)[number]) =>
  (...args: unknown[]): void => {
    const done = args.pop() as Done
    const twin = crypto[`${name}Sync`] as unknown as (...args: unknown[]) => unknown
    computed(runningLife(), () => twin(...args), done)
  }

/** `crypto.subtle.digest`. The result arrives later in virtual time, as if a thread had computed it. */
export function digest(
  algorithm: string | { readonly name: string },
  data: ArrayBuffer | ArrayBufferView,
): Promise<ArrayBuffer> {
  const { name } = typeof algorithm === 'string' ? { name: algorithm } : algorithm
  const bytes = ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
  return new Promise((resolve, reject) => {
    if (!/^sha-(1|256|384|512)$/i.test(name))
      return reject(new DOMException('Unrecognized algorithm name', 'NotSupportedError'))
    const hashed = () => new Uint8Array(crypto.createHash(name.replace('-', '')).update(bytes).digest()).buffer
    return computed(runningLife(), hashed, (_, result) => resolve(result as ArrayBuffer))
  })
}

/** `node:crypto` with the program's randomness and without threads. */
export function cryptoModule(): object {
  const refused = refusedModule(
    'crypto',
    { generateKeyPair: crypto.generateKeyPair, generateKeyPairSync: crypto.generateKeyPairSync },
    'draws from a random generator that the simulator does not seed',
    'Read a key from the environment or from a file.',
  )
  return {
    ...crypto,
    ...refused,
    randomBytes,
    pseudoRandomBytes: randomBytes,
    rng: randomBytes,
    prng: randomBytes,
    randomInt,
    randomFillSync,
    randomFill(view: ArrayBufferView, ...rest: unknown[]) {
      const done = rest.pop() as Done
      computed(runningLife(), () => randomFillSync(view, ...(rest as number[])), done)
    },
    randomUUID: () => uuidFrom(runningLife().random),
    getRandomValues: (view: ArrayBufferView) => fill(runningLife().random, view),
    ...Object.fromEntries(threaded.map((name) => [name, asThreaded(name)])),
    webcrypto: globalThis.crypto,
  }
}
