import { EXIT } from '../exit-code.ts'
import { print } from '../terminal/output.ts'

/** Ctrl-C, and its kin: the first one ends the work in good order, the second ends the process at once. */
export interface Interrupts {
  /** Called at the first interrupt; at once where it has come already. */
  onInterrupt(callback: () => void): void
  readonly interrupted: () => boolean
  /** Gives the signals their usual meaning back. */
  release(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const OF_A_RUN = 'Interrupted: healing, finishing the record and checking it. Once more to end at once.'

/** Gives up a start that is on its way when an interrupt comes; undefined then. */
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

/** `announcement` is what the first interrupt makes this program say. */
export function listenForInterrupts(announcement: string = OF_A_RUN): Interrupts {
  const callbacks: (() => void)[] = []
  let interrupted = false
  const onSignal = () => {
    // Nodes end with this process: whoever starts one sees to that.
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
