import { EXIT } from '../exit-code.ts'
import { print } from '../terminal/output.ts'

/** Handles Ctrl-C and SIGTERM: the first ends the work in good order, the second ends the process at once. */
export interface Interrupts {
  /** Calls back at the first interrupt, or at once if it has already come. */
  onInterrupt(callback: () => void): void
  readonly interrupted: () => boolean
  /** Restores the signals' default meaning. */
  release(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const OF_A_RUN = 'Interrupted: healing, finishing the record and checking it. Once more to end at once.'

/** Abandons a start that is under way when an interrupt comes, and returns undefined. */
export async function unlessInterrupted<T>(
  interrupts: Interrupts,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const starting = new AbortController()
  interrupts.onInterrupt(() => starting.abort())
  try {
    return await start(starting.signal)
  } catch (error) {
    if (interrupts.interrupted()) return undefined
    throw error
  }
}

/** How long what is under way may go on after an interrupt. */
export const GRACE_MS = 2_000

/** Aborts this long after an interrupt: whatever does not end by itself until then is abandoned. */
export function afterInterrupt({ onInterrupt }: Interrupts, graceMs: number): AbortSignal {
  const abandoning = new AbortController()
  onInterrupt(() => {
    setTimeout(() => abandoning.abort(), graceMs).unref()
  })
  return abandoning.signal
}

/** The first interrupt prints the `announcement`. */
export function listenForInterrupts(announcement: string = OF_A_RUN): Interrupts {
  const callbacks: (() => void)[] = []
  let interrupted = false
  const onSignal = () => {
    // Nodes end with this process: their keeper sees to it.
    if (interrupted) process.exit(EXIT.interrupted)
    interrupted = true
    print(process.stderr, `\n  ${announcement}\n`)
    for (const callback of callbacks) callback()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    onInterrupt(callback) {
      callbacks.push(callback)
      if (interrupted) callback()
    },
    interrupted: () => interrupted,
    release() {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
